//! The response to a request.

use bytes::Bytes;
use reqwest::header::HeaderMap;

use super::Json;

/// Status, headers and body; `asked` describes the request in failures.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) text: String,
}

impl Answer {
    /// Returns the body as JSON; null if it is empty.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        if self.text.is_empty() {
            return Json::Null;
        }
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: no JSON ({error}): {}", self.asked, self.text))
    }

    /// Fails unless the response has this status; returns the body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Json {
        assert_eq!(self.status, status, "{} was answered with {}", self.asked, self.text);
        self.json()
    }

    /// Fails unless it was successful, whatever its body.
    #[track_caller]
    pub(crate) fn is_done(&self) {
        assert!(self.status < 300, "{} was answered with {}", self.asked, self.text);
    }

    /// Fails unless it has this status, whatever its body.
    #[track_caller]
    pub(crate) fn is_text(&self, status: u16) {
        assert_eq!(self.status, status, "{} was answered with {}", self.asked, self.text);
    }

    /// Fails unless `chatrooms` refused it with this status and code; returns the body.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str) -> Json {
        let body = self.is(status);
        assert_eq!(body["error"], code, "{} was answered with {}", self.asked, self.text);
        assert!(
            body["message"].as_str().is_some_and(|message| !message.is_empty()),
            "{}: no message in {}",
            self.asked,
            self.text
        );
        body
    }

    /// Fails unless `chatrooms` reported this field as invalid.
    #[track_caller]
    pub(crate) fn blames(&self, field: &str) {
        let body = self.fails(400, "invalid_request");
        assert_eq!(body["field"], field, "{} was answered with {}", self.asked, self.text);
    }

    /// Fails unless `v1` refused it with this status and code.
    #[track_caller]
    pub(crate) fn fails_v1(&self, status: u16, code: &str) {
        assert_eq!(self.is(status), serde_json::json!({"error": {"code": code}}), "{}", self.asked);
    }

    /// Fails unless `chats` refused it with this status and title.
    #[track_caller]
    pub(crate) fn fails_chats(&self, status: u16, title: &str) {
        assert_eq!(
            self.is(status),
            serde_json::json!({"status": "fail", "data": {"title": title}}),
            "{}",
            self.asked
        );
    }

    /// Fails unless `chats` reported success; returns the data.
    #[track_caller]
    pub(crate) fn succeeds(&self) -> Json {
        let mut body = self.is(200);
        super::has_exactly(&body, &["status", "data"]);
        assert_eq!(body["status"], "success", "{}", self.asked);
        body["data"].take()
    }

    /// Fails unless `realtime` refused it with this status.
    #[track_caller]
    pub(crate) fn fails_realtime(&self, status: u16) {
        let body = self.is(status);
        super::has_exactly(&body, &["status", "message"]);
        assert_eq!(body["status"], false, "{} was answered with {}", self.asked, self.text);
        assert!(
            body["message"].as_str().is_some_and(|message| !message.is_empty()),
            "{}: no message in {}",
            self.asked,
            self.text
        );
    }

    /// Fails unless `rooms` refused it with this status and code.
    #[track_caller]
    pub(crate) fn fails_rooms(&self, status: u16, code: &str) {
        let body = self.is(status);
        super::has_exactly(&body, &["error", "error_message"]);
        assert_eq!(body["error"], code, "{} was answered with {}", self.asked, self.text);
        assert!(
            body["error_message"].as_str().is_some_and(|message| message.starts_with(code)),
            "{} was answered with {}",
            self.asked,
            self.text
        );
    }

    /// Returns a header as text; empty if absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the `Set-Cookie` of a name: its value, and its attributes in lower case.
    #[track_caller]
    pub(crate) fn cookie(&self, name: &str) -> (String, Vec<String>) {
        let all = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let mut found = all.filter_map(|text| {
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| {
                (
                    value.to_owned(),
                    attributes.split(';').map(|part| part.trim().to_lowercase()).collect(),
                )
            })
        });
        found
            .next()
            .unwrap_or_else(|| panic!("{}: no cookie {name} in {:?}", self.asked, self.headers))
    }
}
