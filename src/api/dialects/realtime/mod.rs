//! Dialect `realtime`: REST under `/User`, `/Login`, `/Logout` and `/Room`, and a WebSocket at `/`,
//! where the web UI is too.
//!
//! Credentials are sent in the cookie `chat_session`; the WebSocket needs none: its first frame has
//! a room token. Errors: `{"status":false,"message"}`; a failed log-in or frame is
//! `{"status":false}`.
//!
//! | request | call of [`Chat`] |
//! |---|---|
//! | `POST /User` | `register` |
//! | `GET /User/{username}` | `anybody` |
//! | `POST /Login` | `log_in_by_digest` |
//! | `POST /Logout` | `log_out` |
//! | `GET /Room` | `visible_rooms` |
//! | `POST /Room` | `create_room` |
//! | `GET /Room/{id}` | `issue_ticket` |
//! | `DELETE /Room/{id}` | `delete_room` |
//! | `GET /` | none: the WebSocket; its first frame `take_ticket`, every other a `Command::Post` |
//!
//! Not supported by the protocol: private rooms (the caller may participate in them), history,
//! roles, adding and removing participants, names in a room, edits, deletions, replies, reactions,
//! attachments, read marks, typing, profiles.

mod docs;
mod error;
mod rest;
mod socket;
mod wire;

use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;
use warp::reply::Response;

use crate::api::openapi::{About, Described};
use crate::api::request::Request;
use crate::api::{
    Dialect, FirstFrameAuth, Greeting, RequestContext, Route, SocketDialect, SocketRequest,
};
use crate::chat::{Authenticated, Chat};
use crate::live::Encoded;
use crate::model::{Client, Error, Event, Outcome, Result, RoomId};

pub use rest::Operation;

/// The cookie of this dialect.
const COOKIE: &str = "chat_session";

/// The dialect.
pub struct Realtime;

impl Dialect for Realtime {
    const NAME: &'static str = "realtime";
    const COOKIE: Option<&'static str> = Some(COOKIE);
    const PREFIXES: &'static [&'static str] = &["User", "Login", "Logout", "Room"];
    const ROOT_SOCKET: bool = true;
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

impl SocketDialect for Realtime {
    type State = ();
    const PERSONAL: bool = false;

    fn greet((): &mut (), _: &Greeting<'_>) -> Option<Utf8Bytes> {
        None
    }

    fn decode((): &mut (), frame: &str) -> SocketRequest {
        socket::decode(frame)
    }

    fn reply((): &mut (), _: &RequestContext, outcome: Result<Outcome>) -> Option<Utf8Bytes> {
        Some(socket::reply(&outcome))
    }

    fn encode(event: &Event) -> Vec<Encoded> {
        socket::encode(event)
    }
}

impl FirstFrameAuth for Realtime {
    const PATIENCE: Duration = Duration::from_secs(10);

    async fn admit(chat: &Chat, client: &Client, frame: &str) -> Result<(Authenticated, RoomId)> {
        let token = socket::token(frame)?;
        chat.take_ticket(&token, client).await
    }
}
