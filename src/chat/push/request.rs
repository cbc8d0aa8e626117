//! One request to a push service (RFC 8030).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, StatusCode, Url};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::recipients::Planned;
use super::{check_endpoint, encryption};
use crate::chat::Chat;
use crate::chat::outgoing::retry_after;
use crate::egress::{Egress, chain};
use crate::model::{Notice, RoomId, Timestamp};

/// How long a request may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client is used, which trusts the certificate authorities of its beginning.
const USED: Duration = Duration::from_mins(1);
/// Requests at the same time.
const AT_ONCE: usize = 32;
/// How long a push service keeps what a device has not fetched, in seconds.
const KEPT: u32 = 24 * 60 * 60;
/// Bytes of a topic before it is encoded; push services take 32 characters.
const TOPIC: usize = 18;

/// What a push service has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has taken it.
    Accepted,
    /// It does not know the subscription any more.
    Gone,
    /// It will never take it.
    Refused(String),
    /// It may take it later: not before this time, if it said one.
    Later(Option<Duration>, String),
}

/// Sends requests.
pub(super) struct Requests {
    client: Mutex<Option<(Instant, Egress, Client)>>,
    at_once: Semaphore,
}

impl Default for Requests {
    fn default() -> Self {
        Self { client: Mutex::default(), at_once: Semaphore::new(AT_ONCE) }
    }
}

impl Chat {
    /// Sends a notification once. Redirects are not followed, and the body of the answer is not
    /// read.
    pub(super) async fn push_once(&self, planned: &Planned) -> Answer {
        let Ok(_turn) = self.0.push.requests.at_once.acquire().await else {
            return Answer::Refused("the server is being stopped".to_owned());
        };
        let answer = tokio::time::timeout(PATIENCE, self.push_request(planned)).await;
        answer.unwrap_or_else(|_| {
            let why = format!("it did not answer within {} s", PATIENCE.as_secs());
            Answer::Later(None, why)
        })
    }

    async fn push_request(&self, planned: &Planned) -> Answer {
        let config = self.config();
        let given = &planned.subscription.given;
        let Some(contact) = config.push_contact() else {
            return Answer::Refused("push notifications were turned off".to_owned());
        };
        let url = match check_endpoint(&config, &given.endpoint) {
            Ok(url) => url,
            Err(error) => return Answer::Refused(format!("its address is refused: {error}")),
        };
        let Ok(authorization) = self.0.push.vapid.header(&url, &contact, Timestamp::now()) else {
            return Answer::Refused("it cannot be signed".to_owned());
        };
        let text = body(&planned.notice);
        let Ok(body) = encryption::encrypt(&given.key, &given.secret, text.as_bytes()) else {
            return Answer::Refused("it cannot be encrypted".to_owned());
        };
        let client = match self.0.push.requests.client(Egress::of(&config.egress), &url).await {
            Ok(client) => client,
            Err(why) => return Answer::Later(None, why),
        };
        let sent = client
            .post(url)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(AUTHORIZATION, authorization)
            .header("ttl", KEPT)
            .header("urgency", if planned.urgent { "high" } else { "normal" })
            .header("topic", topic(self.epoch(), planned.notice.room()))
            .body(body)
            .send()
            .await;
        match sent {
            Ok(answer) => {
                let after = retry_after(answer.headers(), SystemTime::now());
                sorted(answer.status(), after)
            }
            // The address is a secret.
            Err(error) => Answer::Later(None, chain(&error.without_url())),
        }
    }
}

impl Requests {
    async fn client(&self, egress: Egress, url: &Url) -> Result<Client, String> {
        let lock = || self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, permitted, client)) = &*lock()
            && since.elapsed() < USED
            && *permitted == egress
        {
            // It refuses private addresses of names by itself, and those in numbers were refused.
            return Ok(client.clone());
        }
        let client = egress.client(url).await?;
        *lock() = Some((Instant::now(), egress, client.clone()));
        Ok(client)
    }
}

fn sorted(status: StatusCode, after: Option<Duration>) -> Answer {
    let why = format!("it answered {}", status.as_u16());
    match status {
        _ if status.is_success() => Answer::Accepted,
        StatusCode::NOT_FOUND | StatusCode::GONE => Answer::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Answer::Later(after, why),
        _ if status.is_server_error() => Answer::Later(after, why),
        _ => Answer::Refused(why),
    }
}

/// The text that the service worker of the web UI reads (`assets/sw.js`).
fn body(notice: &Notice) -> String {
    json!({
        "type": "message",
        "room_id": notice.room().key(),
        "message_id": notice.message.key(),
        "room_name": notice.room_name,
        "sender": notice.sender,
        "text": notice.text,
        "unread": notice.unread,
    })
    .to_string()
}

/// Names a room to the push service, which keeps the newest notification of each topic only; it
/// learns nothing else.
fn topic(epoch: &str, room: RoomId) -> String {
    let digest = Sha256::digest(format!("push/{epoch}/{}", room.key()));
    URL_SAFE_NO_PAD.encode(digest.get(..TOPIC).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, Seq};

    #[test]
    fn answers_are_sorted_by_what_follows() {
        let later = Some(Duration::from_secs(7));
        let sort = |status: u16| sorted(StatusCode::from_u16(status).unwrap(), later);
        for status in [200, 201, 202, 204] {
            assert_eq!(sort(status), Answer::Accepted, "{status}");
        }
        for status in [404, 410] {
            assert_eq!(sort(status), Answer::Gone, "{status}");
        }
        for status in [408, 429, 500, 503] {
            assert!(matches!(sort(status), Answer::Later(after, _) if after == later), "{status}");
        }
        for status in [301, 400, 401, 403, 413] {
            assert!(matches!(sort(status), Answer::Refused(_)), "{status}");
        }
    }

    #[test]
    fn the_longest_notification_fits_into_a_record() {
        let notice = Notice {
            message: MessageId { room: RoomId(7), seq: Seq(12) },
            room_name: Some("\u{1f600}".repeat(100)),
            sender: "\u{1f600}".repeat(100),
            text: Some("\u{1f600}".repeat(120)),
            unread: u32::MAX,
        };
        assert!(body(&notice).len() <= encryption::MOST);
    }

    #[test]
    fn a_topic_is_a_name_that_says_nothing() {
        let one = topic("e", RoomId(1));
        assert_eq!(one.len(), 24);
        assert_eq!(one, topic("e", RoomId(1)));
        assert_ne!(one, topic("e", RoomId(2)));
        assert_ne!(one, topic("f", RoomId(1)));
    }
}
