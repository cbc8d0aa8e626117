//! Dialect `v1`: REST and WebSocket under `/v1`.
//!
//! Credentials are sent as `X-Session-Id: <40 hexadecimal digits>`, on the WebSocket also as
//! `?session_id=`. Errors: `{"error":{"code"}}`; any problem with a body is 422 `invalid_json`.
//!
//! | request | call of [`Chat`] |
//! |---|---|
//! | `POST /v1/register` | `register`, `log_in` |
//! | `POST /v1/login` | `log_in` |
//! | `POST /v1/logout` | `log_out` |
//! | `GET /v1/info` | none: the session has it |
//! | `GET /v1/users` | `find_logins` |
//! | `GET /v1/rooms` | `my_rooms` |
//! | `POST /v1/rooms` | `create_room` |
//! | `GET /v1/rooms/{id}` | `my_room` |
//! | `GET /v1/rooms/{id}/messages` | `history` |
//! | `GET /v1/rooms/{id}/chat` | `may_enter`, then the WebSocket: every frame a `Command::Post` |
//!
//! Not supported by the protocol: room names, roles, adding and removing participants, edits,
//! deletions (deleted messages are omitted), reactions, read marks, presence, typing, attachments,
//! display names, profiles.

mod docs;
mod error;
mod rest;
mod socket;
mod wire;

use tokio_tungstenite::tungstenite::Utf8Bytes;
use warp::reply::Response;

use crate::api::openapi::{About, Described};
use crate::api::request::Request;
use crate::api::{Dialect, Greeting, RequestContext, Route, SocketDialect, SocketRequest};
use crate::chat::Chat;
use crate::live::Encoded;
use crate::model::{Error, Event, Outcome, Result};

pub use rest::Operation;

/// The dialect.
pub struct V1;

impl Dialect for V1 {
    const NAME: &'static str = "v1";
    const COOKIE: Option<&'static str> = None;
    const PREFIXES: &'static [&'static str] = &["v1"];
    type Operation = Operation;
    const ROUTES: &'static [Route<Operation>] = rest::ROUTES;

    async fn call(chat: Chat, operation: Operation, request: Request) -> Result<Response> {
        rest::answer(&chat, operation, request).await
    }

    fn error(error: &Error) -> Response {
        error::answer(error)
    }

    const ABOUT: About = docs::ABOUT;

    fn describe(operation: Operation) -> Described {
        docs::describe(operation)
    }
}

impl SocketDialect for V1 {
    type State = ();
    const PERSONAL: bool = false;

    fn greet((): &mut (), _: &Greeting<'_>) -> Option<Utf8Bytes> {
        None
    }

    fn decode((): &mut (), frame: &str) -> SocketRequest {
        socket::decode(frame)
    }

    fn reply((): &mut (), _: &RequestContext, outcome: Result<Outcome>) -> Option<Utf8Bytes> {
        socket::reply(outcome)
    }

    fn encode(event: &Event) -> Vec<Encoded> {
        socket::encode(event)
    }
}
