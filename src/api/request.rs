//! A request as dialects see it: routed, its body not yet read.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hyper::upgrade::OnUpgrade;
use serde::de::DeserializeOwned;
use tracing::Span;
use warp::http::{HeaderMap, Method, header};
use warp::reply::Response;

use super::auth::{self, Carried, Origin};
use super::body::{Body, BodyStream};
use super::{Knocks, Speaks, socket};
use crate::admin::Admin;
use crate::chat::{Authenticated, Chat};
use crate::config::Config;
use crate::model::{Client, Credential, Error, Result, RoomId, Session};

/// A routed request; the body has not been read.
pub struct Request {
    pub(super) method: Method,
    pub(super) params: Vec<(&'static str, String)>,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) client: Client,
    pub(super) secure: bool,
    pub(super) carried: Option<Carried>,
    /// Behind a lock only so that a request may be shared between threads.
    pub(super) body: Mutex<Option<Body>>,
    pub(super) upgrade: Option<OnUpgrade>,
    pub(super) span: Span,
    pub(super) config: Arc<Config>,
    pub(super) sockets: socket::Sockets,
    pub(super) admin: Admin,
    /// Whose request this is, once that was asked; looked at again when the body has arrived.
    pub(super) known: OnceLock<(Chat, Session)>,
}

impl Request {
    /// The percent-decoded path parameter of this name in the template; not UTF-8: empty.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// A room parameter, recorded in the log span; unreadable: `RoomId(0)`, which never exists.
    pub fn room(&self, name: &str) -> RoomId {
        let room = RoomId::parse(self.param(name)).unwrap_or_default();
        if room != RoomId(0) {
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

    /// Arrived over TLS, here or at a trusted proxy.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// What the request carries, if anything (order: fine print).
    pub fn credential(&self) -> Option<&Credential> {
        self.carried.as_ref().map(|carried| &carried.credential)
    }

    /// Whose request this is: `NoSession`, `BadSession`, `ForeignOrigin`, `RateLimited`. Records the user in the log span.
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
        let who = chat.authenticate(&carried.credential, &self.client).await?;
        self.span.record("user", &who.session.login);
        // Where it is asked twice, the answer is the same.
        drop(self.known.set((chat.clone(), who.session.clone())));
        Ok(who)
    }

    /// For the one unsafe request whose session need not be valid.
    pub fn check_cookie_origin(&self) -> Result<()> {
        self.check_origin(self.carried.as_ref().is_some_and(|carried| carried.by_cookie))
    }

    /// Before anything else of a handshake: a foreign page opens no socket, with or without a credential.
    pub fn check_handshake(&self) -> Result<()> {
        self.check_origin(true)
    }

    /// A browser must not be made to change anything by a foreign page, nor to open a socket for it.
    pub(super) fn check_origin(&self, by_cookie: bool) -> Result<()> {
        let safe = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let matters = self.is_upgrade() || (by_cookie && !safe);
        if matters && auth::origin(&self.headers, &self.config.server) == Origin::Foreign { Err(Error::ForeignOrigin) } else { Ok(()) }
    }

    /// The whole body, at most `max_body_bytes` (else drained and `TooLarge`), within a time. `BadSession` when the session ended meanwhile.
    pub async fn body(&mut self) -> Result<Bytes> {
        let mut stream = self.stream();
        let limit = self.config.limits.max_body_bytes;
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

    /// The body as it comes, for those who have a limit of their own. Empty when it was taken before.
    pub fn stream(&mut self) -> BodyStream {
        BodyStream::new(self.body.get_mut().unwrap_or_else(PoisonError::into_inner).take())
    }

    /// The body as JSON: `Malformed` for what is no JSON, else serde's verdict as `Invalid` with the field, where one can be named.
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

    /// Switches protocols and runs the socket loop; with `Some(room)` the socket enters that room at once.
    pub fn upgrade<D: Speaks>(self, chat: &Chat, who: Authenticated, state: D::State, enter: Option<RoomId>) -> Result<Response> {
        socket::upgrade::<D>(self, chat, who, state, enter)
    }

    /// The same for a socket whose first frame says whose it is.
    pub fn upgrade_unknown<D: Knocks>(self, chat: &Chat, state: D::State) -> Result<Response> {
        socket::upgrade_unknown::<D>(self, chat, state)
    }
}

/// Whether a request of this method with these headers is a WebSocket handshake.
pub(super) fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let has = |name, token: &str| {
        let values = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        values.flat_map(|v| v.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    *method == Method::GET && has(header::UPGRADE, "websocket") && has(header::CONNECTION, "upgrade")
}

/// Reads a JSON text into what a dialect expects. The whole text must be sound, fields that nobody wants included.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|error| Error::Malformed(error.to_string()))?;
    // serde would also take a list for a struct.
    if !value.is_object() {
        return Err(Error::invalid("body", "is no object"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| invalid(&error.path().to_string(), &error.inner().to_string()))
}

/// Names the field that serde complains of: the one it stopped at, or the one that it misses.
fn invalid(path: &str, why: &str) -> Error {
    let missing = why.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let field = match (missing, path) {
        (Some(missing), _) => missing,
        (None, "." | "?") => "body",
        (None, path) => path.split(['.', '[']).next().unwrap_or("body"),
    };
    let why = if missing.is_some() { "is missing".to_owned() } else { why.split(" at line ").next().unwrap_or(why).to_owned() };
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
        for text in ["", "{", "nonsense", r#"{"content":"x"} y"#, "{\"content\":\"\\ud800\"}"] {
            assert_eq!(field(text), "malformed", "{text}");
        }
    }
}
