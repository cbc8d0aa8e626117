//! Dialect `v1`: sessions in a header, rooms of people, one socket a room.
//!
//! | route | call |
//! |---|---|
//! | POST /v1/register | [`Chat::register`], [`Chat::log_in`] |
//! | POST /v1/login, /v1/logout | [`Chat::log_in`], [`Chat::log_out`] |
//! | GET /v1/info | the session |
//! | GET /v1/users | [`Chat::find_logins`] |
//! | GET, POST /v1/rooms | [`Chat::my_rooms`], [`Chat::create_room`] |
//! | GET /v1/rooms/{id} | [`Chat::my_room`] |
//! | GET /v1/rooms/{id}/messages | [`Chat::history`] |
//! | WebSocket /v1/rooms/{id}/chat | [`Chat::may_enter`], then the socket loop |
//!
//! Identity: header `X-Session-Id`, or `?session_id=` on the WebSocket. Not in this dialect: names of rooms, roles, edits,
//! reactions, read marks, presence; what other dialects do of these is not told here.

mod error;
mod rest;
mod socket;
mod wire;

use warp::reply::Response;

use super::request::Request;
use super::{Dialect, Route};
use crate::chat::Chat;
use crate::model::{Error, Result};

/// The dialect.
pub struct V1;

impl Dialect for V1 {
    const NAME: &'static str = "v1";
    const COOKIE: Option<&'static str> = None;
    const PREFIXES: &'static [&'static str] = &["v1"];
    type Operation = rest::Operation;
    const ROUTES: &'static [Route<Self::Operation>] = rest::ROUTES;

    async fn call(chat: Chat, operation: Self::Operation, request: Request) -> Result<Response> {
        rest::call(chat, operation, request).await
    }

    fn error(error: &Error) -> Response {
        error::response(error)
    }
}
