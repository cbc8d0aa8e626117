//! Dialect `rooms`: REST at `/rooms`, `/users`, `/login` and `/logout`, and one WebSocket per room.
//!
//! Credentials are sent as the cookie `session`. Errors: `{"error": CODE, "error_message": TEXT}`,
//! with a text that begins with the code; any other problem with a request is 400
//! `InvalidParameter`. Rooms are identified by their key, `room001`.
//!
//! | request | call of [`Chat`] |
//! |---|---|
//! | `POST /users` | `register` |
//! | `GET /users/me` | `me` |
//! | `DELETE /users/me` | `delete_me` |
//! | `POST /login` | `log_in` |
//! | `DELETE /logout` | `log_out` |
//! | `POST /rooms` | `create_room` |
//! | `GET /rooms` | `visible_rooms` |
//! | `DELETE /rooms/{room_id}` | `delete_room` |
//! | `GET /rooms/{room_id}` | `check_entry`, then the WebSocket: `Command::Post`, `Command::Quit` |
//!
//! Not supported by the protocol: history, creating private rooms, roles, adding and removing
//! others, renaming, edits, deletions, reactions, read marks, presence, typing, attachments, other
//! users, changing a profile.

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
use crate::model::{Error, Event, Outcome, Result, UserId};

pub use rest::Operation;

/// The cookie of a session.
const COOKIE: &str = "session";

/// The dialect.
pub struct Rooms;

impl Dialect for Rooms {
    const NAME: &'static str = "rooms";
    const COOKIE: Option<&'static str> = Some(COOKIE);
    const PREFIXES: &'static [&'static str] = &["rooms", "users", "login", "logout"];
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

impl SocketDialect for Rooms {
    /// User of the socket, who is named in the reply to an entry.
    type State = UserId;
    const PERSONAL: bool = false;

    fn greet(_: &mut UserId, _: &Greeting<'_>) -> Option<Utf8Bytes> {
        None
    }

    fn decode(_: &mut UserId, frame: &str) -> SocketRequest {
        socket::decode(frame)
    }

    fn reply(user: &mut UserId, _: &RequestContext, outcome: Result<Outcome>) -> Option<Utf8Bytes> {
        socket::reply(*user, outcome)
    }

    fn encode(event: &Event) -> Vec<Encoded> {
        socket::encode(event)
    }
}
