//! A request as dialects see it: routed, with an unread body.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hyper::upgrade::OnUpgrade;
use serde::de::DeserializeOwned;
use tracing::Span;
use warp::http::{HeaderMap, Method, header};

use super::auth::{self, Carried, Origin};
use super::body::{Body, BodyStream};
use super::strangers::{Lane, Strangers};
use crate::admin::Admin;
use crate::api::socket::Sockets;
use crate::chat::{Authenticated, Chat, Use};
use crate::config::Config;
use crate::model::{Client, Credential, Error, Result, RoomId, Session};

/// A routed request; the body has not been read.
pub struct Request {
    pub(in crate::api) method: Method,
    pub(in crate::api) params: Vec<(&'static str, String)>,
    pub(in crate::api) query: String,
    pub(in crate::api) headers: HeaderMap,
    pub(in crate::api) client: Client,
    /// Whether cookies must be limited to `https`: the request used TLS, to this server or to a
    /// trusted proxy, or `public_url` shows that browsers do.
    pub(in crate::api) secure: bool,
    pub(in crate::api) carried: Option<Carried>,
    /// Wrapped in a Mutex only to make `Request: Sync`.
    pub(in crate::api) body: Mutex<Option<Body>>,
    pub(in crate::api) upgrade: Option<OnUpgrade>,
    pub(in crate::api) span: Span,
    pub(in crate::api) config: Arc<Config>,
    pub(in crate::api) sockets: Sockets,
    pub(in crate::api) strangers: Arc<Strangers>,
    pub(in crate::api) admin: Admin,
    /// The session of the request once it was checked; checked again when the body has arrived.
    pub(in crate::api) known: OnceLock<(Chat, Session)>,
}

impl Request {
    /// Returns the percent-decoded path parameter of this name in the template; empty if not UTF-8.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// Returns a room parameter and records it in the log span; unreadable: [`RoomId::UNKNOWN`].
    pub fn room(&self, name: &str) -> RoomId {
        let room = RoomId::parse(self.param(name)).unwrap_or(RoomId::UNKNOWN);
        if room != RoomId::UNKNOWN {
            self.span.record("room", room.key());
        }
        room
    }

    /// Returns the first query value of this name, percent-decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        auth::query_value(&self.query, name)
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The administration commands.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The client: address (the forwarded one behind trusted proxies) and User-Agent.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the address of one of the server's paths as browsers see it: with the path of
    /// `public_url`, without host.
    pub fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.config.server.base_path())
    }

    /// Returns a `Set-Cookie` value for a session.
    pub fn session_cookie(&self, name: &str, value: &str, max_age: Option<Duration>) -> String {
        let path = match self.config.server.base_path() {
            "" => "/",
            path => path,
        };
        let age = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{age}{secure}")
    }

    /// Returns the value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        auth::cookie(&self.headers, name)
    }

    /// Returns a `Set-Cookie` value that deletes a cookie.
    pub fn cleared_cookie(&self, name: &str) -> String {
        self.session_cookie(name, "", Some(Duration::ZERO))
    }

    /// Returns the credential of the request, if any (order: fine print).
    pub fn credential(&self) -> Option<&Credential> {
        self.carried.as_ref().map(|carried| &carried.credential)
    }

    /// Authenticates the request: `NoSession`, `BadSession`, `ForeignOrigin`, `RateLimited`.
    /// Records the user in the log span.
    pub async fn session(&self, chat: &Chat) -> Result<Session> {
        Ok(self.authenticated(chat).await?.session)
    }

    /// Authenticates the request and returns the token's expiry too.
    pub async fn authenticated(&self, chat: &Chat) -> Result<Authenticated> {
        let who = self.uncounted(chat).await?;
        chat.count_request(&who.session).await?;
        Ok(who)
    }

    /// Authenticates a log-out, which is never rate-limited.
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
            .authenticate(&carried.credential, &self.client, self.use_of_session())
            .await
            .inspect_err(|error| self.count_stranger(error))?;
        self.span.record("user", &who.session.login);
        // A second call returns the same answer.
        drop(self.known.set((chat.clone(), who.session.clone())));
        Ok(who)
    }

    fn use_of_session(&self) -> Use {
        match self.method {
            Method::GET | Method::HEAD | Method::OPTIONS => Use::Read,
            _ => Use::Write,
        }
    }

    /// Counts a credential without a session as none, for the next request.
    pub fn count_stranger(&self, error: &Error) {
        if let (Error::BadSession, Some(address)) = (error, self.client.counted) {
            let counted = self.strangers.count(address, Lane::Rest, Instant::now());
            let full = counted.is_err();
            tracing::debug!(%address, full, "a credential without an open session");
        }
    }

    /// Must be called first by log-ins and other routes that set a cookie: a foreign page must not
    /// log users in, with or without a credential.
    pub fn check_page(&self) -> Result<()> {
        self.check_origin(true)
    }

    /// Must be called first by handshakes: a foreign page must not open a socket, with or without a
    /// credential.
    pub fn check_handshake(&self) -> Result<()> {
        self.check_origin(true)
    }

    /// Prevents foreign pages from making a browser change anything or open a socket.
    pub(in crate::api) fn check_origin(&self, by_cookie: bool) -> Result<()> {
        let safe = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let matters = self.is_upgrade() || (by_cookie && !safe);
        if matters && auth::origin(&self.headers, &self.config.server) == Origin::Foreign {
            Err(Error::ForeignOrigin)
        } else {
            Ok(())
        }
    }

    /// Reads the body, at most `max_body_bytes` (otherwise drained and `TooLarge`), within a time
    /// limit. `BadSession` if the session has ended meanwhile.
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

    /// Refuses a body whose announced size exceeds this limit. If the client waits for `100
    /// Continue`, the body is not requested.
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

    /// Maximum size of an uploaded file.
    pub fn max_upload(&self) -> u64 {
        self.config.media.max_bytes
    }

    /// Returns the body as a stream, for callers with a limit of their own. Empty if it was already
    /// taken.
    pub fn stream(&mut self) -> BodyStream {
        let stall = Duration::from_secs(self.config.limits.stall_seconds);
        BodyStream::new(self.body.get_mut().unwrap_or_else(PoisonError::into_inner).take(), stall)
    }

    /// Parses the body as JSON: `Malformed` if it is not JSON, otherwise serde errors as `Invalid`
    /// with the field if known.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let body = self.body().await?;
        parse(&body)
    }

    /// Parses the body as JSON; an empty body counts as `{}`.
    pub async fn json_or_empty<T: DeserializeOwned>(&mut self) -> Result<T> {
        let body = self.body().await?;
        parse(if body.is_empty() { b"{}" } else { &body })
    }

    /// Returns whether this is a WebSocket handshake (otherwise the route answers
    /// `UpgradeRequired`).
    pub fn is_upgrade(&self) -> bool {
        is_upgrade(&self.method, &self.headers)
    }
}

/// Returns whether a request with this method and these headers is a WebSocket handshake.
pub(in crate::api) fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let has = |name, token: &str| {
        let values = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        values.flat_map(|v| v.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    *method == Method::GET
        && has(header::UPGRADE, "websocket")
        && has(header::CONNECTION, "upgrade")
}

/// Parses JSON into the type a dialect expects. The complete text must be valid, unknown fields
/// included.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    // A byte order mark is not part of the text; several clients send one.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| Error::Malformed(error.to_string()))?;
    // serde would also accept a list for a struct.
    if !value.is_object() {
        return Err(Error::invalid("body", "must be a JSON object"));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| invalid(&error.path().to_string(), &error.inner().to_string()))
}

/// Names the field of a serde error: the one it stopped at, or the missing one.
fn invalid(path: &str, why: &str) -> Error {
    let missing = why.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let field = match (missing, path) {
        (Some(missing), _) => missing,
        (None, "." | "?") => "body",
        (None, path) => path.split(['.', '[']).next().unwrap_or("body"),
    };
    let why = if missing.is_some() {
        "is required".to_owned()
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
        assert_eq!(field("\u{feff}[]"), "body", "a byte order mark is not part of the text");
        assert!(parse::<Sample>("\u{feff}{\"content\":\"x\"}".as_bytes()).is_ok());
        assert_eq!(field("\u{feff}\u{feff}{}"), "malformed");
        for text in ["", "{", "nonsense", r#"{"content":"x"} y"#, "{\"content\":\"\\ud800\"}"] {
            assert_eq!(field(text), "malformed", "{text}");
        }
    }
}
