//! Dialect `chats`: REST below `/chats` and `/auth`; rooms and who is in them.
//!
//! A login travels as `Authorization: Bearer <accessToken>`. Bodies are JSend; success is always
//! 200. A token that is missing, malformed, expired or revoked is 400 `Invalid authorization`,
//! decided before anything else.
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
//! Not supported, because the protocol has no word for it: registration, logging out, messages and
//! all that belongs to them, roles, names inside a room, public rooms (those that the caller takes
//! part in are listed), sockets.

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
