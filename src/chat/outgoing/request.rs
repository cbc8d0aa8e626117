//! One request to a receiver.

use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::Value;

use super::retry::Failure;
use super::sign;
use crate::egress::{Egress, chain};
use crate::model::{OutgoingWebhook, Timestamp};

/// How long a request may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const LONGEST: usize = 64 * 1024;
/// How long a client is used, which trusts the certificate authorities of its beginning.
const USED: Duration = Duration::from_mins(1);

/// What a receiver that accepted a request has answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// Status of the answer.
    pub(super) status: u16,
    /// What it wants to be posted, if the webhook has a bot for that.
    pub(super) text: Option<String>,
}

/// Sends requests of one webhook.
#[derive(Default)]
pub(super) struct Requests {
    client: Option<(Instant, Egress, Client)>,
}

impl Requests {
    /// Sends one request, and returns the answer if it was accepted. Redirects are not followed, and
    /// the body of the answer is only read if it may be posted.
    pub(super) async fn send(
        &mut self,
        egress: Egress,
        webhook: &OutgoingWebhook,
        id: &str,
        body: &str,
    ) -> Result<Accepted, Failure> {
        let sent = tokio::time::timeout(PATIENCE, self.try_send(egress, webhook, id, body)).await;
        let late = || format!("it did not answer within {} s", PATIENCE.as_secs());
        let failed = match sent {
            Ok(Ok(accepted)) => return Ok(accepted),
            Ok(Err(failed)) => failed,
            Err(_) => without_answer(late()),
        };
        // The next one begins anew, with another resolution of the name.
        self.client = None;
        Err(failed)
    }

    async fn try_send(
        &mut self,
        egress: Egress,
        webhook: &OutgoingWebhook,
        id: &str,
        body: &str,
    ) -> Result<Accepted, Failure> {
        let url = Url::parse(&webhook.url).map_err(|error| without_answer(error.to_string()))?;
        let client = self.client(egress, &url).await.map_err(without_answer)?;
        let seconds = Timestamp::now().unix_seconds();
        let answer = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", sign::signature(&webhook.secret.0, id, seconds, body))
            .body(body.to_owned())
            .send()
            .await
            // The address may contain a secret.
            .map_err(|error| without_answer(chain(&error.without_url())))?;
        let status = answer.status();
        if status.is_success() {
            let is_read = webhook.bot.is_some() && status == StatusCode::OK;
            let text = if is_read { read(answer).await } else { None };
            return Ok(Accepted { status: status.as_u16(), text });
        }
        Err(Failure {
            reason: refused(status),
            status: Some(status.as_u16()),
            after: pause(answer.headers(), SystemTime::now()),
        })
    }

    async fn client(&mut self, egress: Egress, url: &Url) -> Result<Client, String> {
        if let Some((since, permitted, client)) = &self.client
            && since.elapsed() < USED
            && *permitted == egress
        {
            return Ok(client.clone());
        }
        let client = egress.client(url).await?;
        self.client = Some((Instant::now(), egress, client.clone()));
        Ok(client)
    }
}

/// Reads the text that an answer wants to be posted; an answer that is too long has none.
async fn read(mut answer: Response) -> Option<String> {
    let mut body = Vec::new();
    // An answer that breaks off has none either: the request was accepted.
    while let Some(chunk) = answer.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return None;
        }
    }
    text_of(&body)
}

/// The `text` of a JSON object.
fn text_of(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let text = answer.get("text")?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn without_answer(reason: String) -> Failure {
    Failure { reason, status: None, after: None }
}

fn refused(status: StatusCode) -> String {
    let code = status.as_u16();
    if status.is_redirection() {
        format!("the receiver answered {code}, and redirects are not followed")
    } else {
        format!("the receiver answered {code}")
    }
}

/// Reads `Retry-After`: seconds or a date.
pub(in crate::chat) fn pause(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_wants_to_be_posted_if_it_has_a_text() {
        for (body, wanted) in [
            (r#"{"text":" done "}"#, Some("done")),
            (r#"{"text":"","ok":true}"#, None),
            (r#"{"text":7}"#, None),
            (r#"["text"]"#, None),
            ("ok", None),
            ("", None),
        ] {
            assert_eq!(text_of(body.as_bytes()).as_deref(), wanted, "{body}");
        }
    }

    #[test]
    fn a_receiver_asks_for_a_pause_in_seconds_or_by_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, wanted) in [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", None),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(pause(&headers, now), wanted.map(Duration::from_secs), "{text}");
        }
        assert_eq!(pause(&HeaderMap::new(), now), None);
    }
}
