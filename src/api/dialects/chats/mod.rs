//! Dialect `chats`: REST under `/chats` and `/auth`; rooms and their participants.
//!
//! Credentials are sent as `Authorization: Bearer <accessToken>`. Bodies follow JSend; the status
//! of every success is 200. A token that is missing, malformed, expired or revoked is 400 `Invalid
//! authorization`, checked before anything else.
//!
//! | request | call of [`Chat`] |
//! |---|---|
//! | `POST /auth/login` | `log_in` or `log_in_by_email`, `token` |
//! | `POST /auth/token` | `refresh` |
//! | `POST /chats` | `create_membership` |
//! | `GET /chats` | `my_memberships` |
//! | `PATCH /chats/{id}` | `change_membership` |
//! | `DELETE /chats/{id}` | `delete_membership` |
//!
//! Not supported by the protocol: registration, log-out, messages and everything related to them,
//! roles, names inside a room, public rooms (those in which the caller participates are listed),
//! sockets.

mod docs;
mod error;
mod rest;
mod wire;

use warp::reply::Response;

use crate::api::openapi::{About, Described};
use crate::api::request::Request;
use crate::api::{Dialect, Route};
use crate::chat::Chat;
use crate::model::{Error, Result};

pub use rest::Operation;

/// The dialect.
pub struct Chats;

impl Dialect for Chats {
    const NAME: &'static str = "chats";
    const COOKIE: Option<&'static str> = None;
    const PREFIXES: &'static [&'static str] = &["chats", "auth"];
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
