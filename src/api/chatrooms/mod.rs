//! Dialect `chatrooms`, the native one: REST below `/api`, one WebSocket `/chat`.
//!
//! | route | call |
//! |---|---|
//! | POST /api/users, GET, PATCH, DELETE /api/users/me | [`Chat::register`], [`Chat::me`], [`Chat::change_me`], [`Chat::delete_me`] |
//! | GET /api/users, /api/users/{userId} | [`Chat::find_users`], [`Chat::user`] |
//! | POST /api/login, /api/logout, /api/refresh | [`Chat::log_in`], [`Chat::log_out`], [`Chat::refresh`] |
//! | GET, POST /api/chatrooms | [`Chat::my_rooms`], [`Chat::directory`], [`Chat::create_room`] |
//! | GET, DELETE /api/chatrooms/{roomId} | [`Chat::room`], [`Chat::delete_room`] |
//! | PATCH …/name, POST …/join, …/connect | [`Chat::rename_room`], [`Chat::join`], [`Chat::connect_room`] |
//! | POST, DELETE, PATCH …/participants… | [`Chat::add_participant`], [`Chat::remove_participant`], [`Chat::change_role`], [`Chat::change_edited_name`] |
//! | GET, POST …/messages | [`Chat::history`], [`Chat::post`] |
//! | PATCH, DELETE …/messages/{messageId} | [`Chat::edit`], [`Chat::delete_message`] |
//! | POST …/read, POST, DELETE …/reactions… | [`Chat::mark_read`], [`Chat::react`] |
//! | GET …/changes | [`Chat::changes`] |
//! | WebSocket /chat | the socket loop |
//!
//! Identity: a JSON web token in cookie `jwt_token` or `auth_token`, or as `Authorization: Bearer`.
//! Not here yet: search, media, readers, mute, the list of sessions, `/verify`, administration.

mod change_frames;
mod error;
mod frames;
mod messages;
mod rest;
mod rooms;
mod socket;
mod users;
mod wire;

use warp::reply::Response;

use super::request::Request;
use super::{Dialect, Route};
use crate::chat::Chat;
use crate::model::{Error, Result};

/// The dialect.
pub struct Chatrooms;

impl Dialect for Chatrooms {
    const NAME: &'static str = "chatrooms";
    const COOKIE: Option<&'static str> = Some(COOKIE);
    const PREFIXES: &'static [&'static str] = &["api", "chat"];
    type Operation = rest::Operation;
    const ROUTES: &'static [Route<Self::Operation>] = rest::ROUTES;

    async fn call(chat: Chat, operation: Self::Operation, request: Request) -> Result<Response> {
        rest::call(chat, operation, request).await
    }

    fn error(error: &Error) -> Response {
        error::response(error)
    }
}

/// The cookie that a log-in sets.
const COOKIE: &str = "jwt_token";
