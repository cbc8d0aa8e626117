//! A request as dialects see it: routed, its body not yet read.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hyper::upgrade::OnUpgrade;
use serde::de::DeserializeOwned;
use tracing::Span;
use warp::http::{HeaderMap, Method, header};
use warp::reply::Response;

use super::auth::{self, Carried, Origin};
use super::body::{Body, BodyStream};
use super::strangers::{Lane, Strangers};
use crate::admin::Admin;
use crate::api::{FirstFrameAuth, SocketDialect, socket};
use crate::chat::{Authenticated, Chat};
use crate::config::Config;
use crate::model::{Client, Credential, Error, Result, RoomId, Session};

/// A routed request; the body has not been read.
pub struct Request {
    pub(in crate::api) method: Method,
    pub(in crate::api) params: Vec<(&'static str, String)>,
    pub(in crate::api) query: String,
    pub(in crate::api) headers: HeaderMap,
    pub(in crate::api) client: Client,
    pub(in crate::api) secure: bool,
    pub(in crate::api) carried: Option<Carried>,
    /// Behind a lock only so that a request may be shared between threads.
    pub(in crate::api) body: Mutex<Option<Body>>,
    pub(in crate::api) upgrade: Option<OnUpgrade>,
    pub(in crate::api) span: Span,
    pub(in crate::api) config: Arc<Config>,
    pub(in crate::api) sockets: socket::Sockets,
    pub(in crate::api) strangers: Arc<Strangers>,
    pub(in crate::api) admin: Admin,
    /// Whose request this is, once that was asked; looked at again when the body has arrived.
    pub(in crate::api) known: OnceLock<(Chat, Session)>,
}

impl Request {
    /// The percent-decoded path parameter of this name in the template; not UTF-8: empty.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// A room parameter, recorded in the log span; unreadable: [`RoomId::UNKNOWN`].
    pub fn room(&self, name: &str) -> RoomId {
        let room = RoomId::parse(self.param(name)).unwrap_or(RoomId::UNKNOWN);
        if room != RoomId::UNKNOWN {
            self.span.record("room", room.key());
        }
        room
    }

    /// The first query value of this name, percent-decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        auth::query_value(&self.query, name)
    }

    /// Headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The administration.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Address (behind trusted proxies the forwarded one) and User-Agent.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether cookies are for `https` only: it arrived over TLS, here or at a trusted proxy, or
    /// `public_url` says that browsers use it.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// What the request carries, if anything (order: fine print).
    pub fn credential(&self) -> Option<&Credential> {
        self.carried.as_ref().map(|carried| &carried.credential)
    }

    /// Whose request this is: `NoSession`, `BadSession`, `ForeignOrigin`, `RateLimited`. Records
    /// the user in the log span.
    pub async fn session(&self, chat: &Chat) -> Result<Session> {
        Ok(self.authenticated(chat).await?.session)
    }

    /// The same with the token's expiry.
    pub async fn authenticated(&self, chat: &Chat) -> Result<Authenticated> {
        let who = self.uncounted(chat).await?;
        chat.count_request(&who.session).await?;
        Ok(who)
    }

    /// The same for who only wants to go: that is never too much.
    pub async fn leaving(&self, chat: &Chat) -> Result<Session> {
        Ok(self.uncounted(chat).await?.session)
    }

    async fn uncounted(&self, chat: &Chat) -> Result<Authenticated> {
        let Some(carried) = &self.carried else {
            tracing::debug!("request without a credential");
            return Err(Error::NoSession);
        };
        self.check_origin(carried.by_cookie)?;
        let who = chat
            .authenticate(&carried.credential, &self.client)
            .await
            .inspect_err(|error| self.count_stranger(error))?;
        self.span.record("user", &who.session.login);
        // Where it is asked twice, the answer is the same.
        drop(self.known.set((chat.clone(), who.session.clone())));
        Ok(who)
    }

    /// A credential that opens no session counts as none, for the next request.
    pub fn count_stranger(&self, error: &Error) {
        if let (Error::BadSession, Some(address)) = (error, self.client.counted) {
            let counted = self.strangers.count(address, Lane::Rest, Instant::now());
            tracing::debug!(%address, full = counted.is_err(), "a credential that opens no session");
        }
    }

    /// Before anything else of a log-in, and whatever else sets a cookie: a foreign page signs
    /// nobody in, with or without a credential.
    pub fn check_page(&self) -> Result<()> {
        self.check_origin(true)
    }

    /// Before anything else of a handshake: a foreign page opens no socket, with or without a
    /// credential.
    pub fn check_handshake(&self) -> Result<()> {
        self.check_origin(true)
    }

    /// A browser must not be made to change anything by a foreign page, nor to open a socket for
    /// it.
    pub(in crate::api) fn check_origin(&self, by_cookie: bool) -> Result<()> {
        let safe = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let matters = self.is_upgrade() || (by_cookie && !safe);
        if matters && auth::origin(&self.headers, &self.config.server) == Origin::Foreign {
            Err(Error::ForeignOrigin)
        } else {
            Ok(())
        }
    }

    /// The whole body, at most `max_body_bytes` (else drained and `TooLarge`), within a time.
    /// `BadSession` when the session ended meanwhile.
    pub async fn body(&mut self) -> Result<Bytes> {
        let limit = self.config.limits.max_body_bytes;
        self.check_length(limit as u64).await?;
        let mut stream = self.stream();
        let mut read = BytesMut::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            if read.len() + chunk.len() > limit {
                stream.drain().await;
                return Err(Error::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        if let Some((chat, session)) = self.known.get() {
            chat.check_still_open(session).await?;
        }
        Ok(read.freeze())
    }

    /// Refuses a body that says to be larger than this. One that waits to be asked for is not asked
    /// for.
    pub async fn check_length(&mut self, limit: u64) -> Result<()> {
        let declared = self
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if declared.is_none_or(|length| length <= limit) {
            return Ok(());
        }
        if !self.headers.contains_key(header::EXPECT) {
            self.stream().drain().await;
        }
        Err(Error::TooLarge)
    }

    /// Bytes that an uploaded file may have.
    pub fn max_upload(&self) -> u64 {
        self.config.media.max_bytes
    }

    /// The body as it comes, for those who have a limit of their own. Empty when it was taken
    /// before.
    pub fn stream(&mut self) -> BodyStream {
        let stall = Duration::from_secs(self.config.limits.stall_seconds);
        BodyStream::new(self.body.get_mut().unwrap_or_else(PoisonError::into_inner).take(), stall)
    }

    /// The body as JSON: `Malformed` for what is no JSON, else serde's verdict as `Invalid` with
    /// the field, where one can be named.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let body = self.body().await?;
        parse(&body)
    }

    /// The same, where an empty body counts as `{}`.
    pub async fn json_or_empty<T: DeserializeOwned>(&mut self) -> Result<T> {
        let body = self.body().await?;
        parse(if body.is_empty() { b"{}" } else { &body })
    }

    /// Whether this is a WebSocket handshake (else the route answers `UpgradeRequired`).
    pub fn is_upgrade(&self) -> bool {
        is_upgrade(&self.method, &self.headers)
    }

    /// Switches protocols and runs the socket loop; with `Some(room)` the socket enters that room
    /// at once.
    pub fn upgrade<D: SocketDialect>(
        self,
        chat: &Chat,
        who: Authenticated,
        state: D::State,
        enter: Option<RoomId>,
    ) -> Result<Response> {
        socket::upgrade::<D>(self, chat, who, state, enter)
    }

    /// The same for a socket whose first frame says whose it is.
    pub fn upgrade_unknown<D: FirstFrameAuth>(
        self,
        chat: &Chat,
        state: D::State,
    ) -> Result<Response> {
        socket::upgrade_unknown::<D>(self, chat, state)
    }
}

/// Whether a request of this method with these headers is a WebSocket handshake.
pub(in crate::api) fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let has = |name, token: &str| {
        let values = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        values.flat_map(|v| v.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    *method == Method::GET
        && has(header::UPGRADE, "websocket")
        && has(header::CONNECTION, "upgrade")
}

/// Reads a JSON text into what a dialect expects. The whole text must be sound, fields that nobody
/// wants included.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    // A byte order mark is no part of the text; several clients send one.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| Error::Malformed(error.to_string()))?;
    // serde would also take a list for a struct.
    if !value.is_object() {
        return Err(Error::invalid("body", "is no object"));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| invalid(&error.path().to_string(), &error.inner().to_string()))
}

/// Names the field that serde complains of: the one it stopped at, or the one that it misses.
fn invalid(path: &str, why: &str) -> Error {
    let missing = why.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let field = match (missing, path) {
        (Some(missing), _) => missing,
        (None, "." | "?") => "body",
        (None, path) => path.split(['.', '[']).next().unwrap_or("body"),
    };
    let why = if missing.is_some() {
        "is missing".to_owned()
    } else {
        why.split(" at line ").next().unwrap_or(why).to_owned()
    };
    Error::Invalid { field: field.to_owned().into(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only read by serde")]
        content: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only read by serde")]
        users: Vec<String>,
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let field = |text: &str| match parse::<Sample>(text.as_bytes()).unwrap_err() {
            Error::Invalid { field, .. } => field.into_owned(),
            Error::Malformed(_) => "malformed".to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field("{}"), "content");
        assert_eq!(field(r#"{"content":7}"#), "content");
        assert_eq!(field(r#"{"content":"x","users":[1]}"#), "users");
        assert_eq!(field("[]"), "body");
        assert_eq!(field("\u{feff}[]"), "body", "a byte order mark is no part of the text");
        assert!(parse::<Sample>("\u{feff}{\"content\":\"x\"}".as_bytes()).is_ok());
        assert_eq!(field("\u{feff}\u{feff}{}"), "malformed");
        for text in ["", "{", "nonsense", r#"{"content":"x"} y"#, "{\"content\":\"\\ud800\"}"] {
            assert_eq!(field(text), "malformed", "{text}");
        }
    }
}
