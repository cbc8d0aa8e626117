//! A request as dialects see it.
use std::net::IpAddr;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use warp::http::HeaderMap;
use warp::reply::Response;

use super::Speaks;
use crate::chat::{Authenticated, Chat};
use crate::model::{Client, Credential, Result, RoomId, Session};

/// A routed request; the body has not been read.
pub struct Request {}

impl Request {
    /// The percent-decoded path parameter of this name in the template; not UTF-8: empty.
    pub fn param(&self, name: &str) -> &str {
        todo!()
    }
    /// A room parameter, recorded in the log span; unreadable: `RoomId(0)`, which never exists.
    pub fn room(&self, name: &str) -> RoomId {
        todo!()
    }
    /// The first query value of this name, percent-decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        todo!()
    }
    /// Headers.
    pub fn headers(&self) -> &HeaderMap {
        todo!()
    }
    /// Address (behind trusted proxies the forwarded one) and User-Agent.
    pub fn client(&self) -> &Client {
        todo!()
    }
    /// Arrived over TLS, here or at a trusted proxy.
    pub fn is_secure(&self) -> bool {
        todo!()
    }
    /// What the request carries, if anything (order: fine print).
    pub fn credential(&self) -> Option<&Credential> {
        todo!()
    }
    /// Whose request this is: `NoSession`, `BadSession`, `ForeignOrigin`, `RateLimited`. Records the user in the log span.
    pub async fn session(&self, chat: &Chat) -> Result<Session> {
        todo!()
    }
    /// The same with the token's expiry.
    pub async fn authenticated(&self, chat: &Chat) -> Result<Authenticated> {
        todo!()
    }
    /// The whole body, at most `max_body_bytes` (else drained and `TooLarge`), within a time.
    pub async fn body(&mut self) -> Result<Bytes> {
        todo!()
    }
    /// The body as JSON: `Malformed` for what is no JSON, else serde's verdict as `Invalid { field, why }` where a field can be named.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        todo!()
    }
    /// The same, where an empty body counts as `{}`.
    pub async fn json_or_empty<T: DeserializeOwned>(&mut self) -> Result<T> {
        todo!()
    }
    /// Whether this is a WebSocket handshake (else the route answers `UpgradeRequired`).
    pub fn is_upgrade(&self) -> bool {
        todo!()
    }
    /// Switches protocols and runs the socket loop; with `Some(room)` the socket enters that room at once.
    pub fn upgrade<D: Speaks>(self, chat: &Chat, who: Authenticated, state: D::State, enter: Option<RoomId>) -> Result<Response> {
        todo!()
    }
}
