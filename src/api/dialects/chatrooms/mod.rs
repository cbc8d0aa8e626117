//! Dialect `chatrooms`, the native one, used by the web UI: REST under `/api`, WebSocket at
//! `/chat`.
//!
//! Credentials are sent as a JSON web token in the cookie `jwt_token` (`auth_token` is accepted
//! too) or as `Authorization: Bearer`. REST keys are camelCase (except `edited_name`), WebSocket
//! keys `snake_case`. Errors: `{"error","message"}`.
//!
//! | request | call of [`Chat`] |
//! |---|---|
//! | `POST /api/users` | `register` |
//! | `GET /api/users` | `find_users` |
//! | `GET /api/users/me` | `me` |
//! | `PATCH /api/users/me` | `change_me` |
//! | `DELETE /api/users/me` | `delete_me` |
//! | `GET /api/users/me/settings` | `preferences` |
//! | `PATCH /api/users/me/settings` | `change_preferences` |
//! | `GET /api/users/me/saved` | `saved` |
//! | `GET /api/users/me/threads` | `followed_threads` |
//! | `GET /api/users/me/threads/followed` | `follows` |
//! | `POST /api/users/me/threads/read` | `read_all_threads` |
//! | `GET /api/users/me/drafts` | `drafts` |
//! | `GET /api/users/me/push` | `push_state` |
//! | `PUT /api/users/me/push` | `subscribe_push` |
//! | `DELETE /api/users/me/push` | `unsubscribe_push` |
//! | `GET /api/users/me/second_factor` | `second_factor` |
//! | `POST /api/users/me/second_factor` | `set_up_second_factor` |
//! | `POST /api/users/me/second_factor/confirm` | `confirm_second_factor` |
//! | `POST /api/users/me/second_factor/recovery_codes` | `renew_recovery_codes` |
//! | `POST /api/users/me/second_factor/off` | `turn_off_second_factor` |
//! | `GET /api/users/{userId}` | `user` |
//! | `GET /api/statuses` | `statuses` |
//! | `POST /api/login` | `log_in`, `token` |
//! | `POST /api/login/second_factor` | `set_up_at_log_in` |
//! | `POST /api/login/second_factor/confirm` | `confirm_at_log_in`, `token` |
//! | `POST /api/logout` | `log_out` |
//! | `POST /api/refresh` | `refresh` |
//! | `GET /verify` | `me` |
//! | `GET /api/sessions` | `my_sessions` |
//! | `DELETE /api/sessions/{id}` | `end_session` |
//! | `GET /api/tokens` | `my_tokens` |
//! | `POST /api/tokens` | `create_my_token` |
//! | `DELETE /api/tokens/{id}` | `revoke_my_token` |
//! | `GET /api/chatrooms` | `my_rooms` or `directory` |
//! | `POST /api/chatrooms` | `create_room` |
//! | `GET /api/chatrooms/{roomId}` | `room` |
//! | `PATCH /api/chatrooms/{roomId}` | `change_settings` |
//! | `DELETE /api/chatrooms/{roomId}` | `delete_room` |
//! | `PATCH /api/chatrooms/{roomId}/name` | `rename_room` |
//! | `PATCH /api/chatrooms/{roomId}/me` | `mute` |
//! | `GET /api/chatrooms/{roomId}/settings` | `own_settings` |
//! | `PATCH /api/chatrooms/{roomId}/settings` | `change_own_settings` |
//! | `POST /api/chatrooms/{roomId}/join` | `join` |
//! | `POST /api/chatrooms/{roomId}/connect` | `connect_room` |
//! | `POST /api/chatrooms/{roomId}/participants` | `add_participant` |
//! | `DELETE /api/chatrooms/{roomId}/participants/{userId}` | `remove_participant` |
//! | `PATCH /api/chatrooms/{roomId}/participants/{userId}/role` | `change_role` |
//! | `PATCH /api/chatrooms/{roomId}/participants/{userId}/name` | `change_edited_name` |
//! | `GET /api/chatrooms/{roomId}/messages` | `history` |
//! | `POST /api/chatrooms/{roomId}/messages` | `post` |
//! | `PATCH /api/chatrooms/{roomId}/messages/{messageId}` | `edit` |
//! | `DELETE /api/chatrooms/{roomId}/messages/{messageId}` | `delete_message` |
//! | `POST /api/chatrooms/{roomId}/messages/{messageId}/read` | `mark_read` |
//! | `POST /api/chatrooms/{roomId}/messages/{messageId}/unread` | `mark_unread` |
//! | `PUT /api/chatrooms/{roomId}/messages/{messageId}/saved` | `save_message` |
//! | `DELETE /api/chatrooms/{roomId}/messages/{messageId}/saved` | `save_message` |
//! | `GET /api/chatrooms/{roomId}/messages/{messageId}/readers` | `readers` |
//! | `GET /api/chatrooms/{roomId}/messages/{messageId}/thread` | `thread` |
//! | `PUT /api/chatrooms/{roomId}/messages/{messageId}/thread/follow` | `follow_thread` |
//! | `DELETE /api/chatrooms/{roomId}/messages/{messageId}/thread/follow` | `follow_thread` |
//! | `POST /api/chatrooms/{roomId}/messages/{messageId}/thread/read` | `read_thread` |
//! | `GET /api/chatrooms/{roomId}/messages/{messageId}/previews` | `link_previews` |
//! | `GET /api/chatrooms/{roomId}/messages/{messageId}/previews/{key}` | `link_picture` |
//! | `POST /api/chatrooms/{roomId}/messages/{messageId}/reactions` | `react` |
//! | `DELETE /api/chatrooms/{roomId}/messages/{messageId}/reactions/{reactionType}` | `react` |
//! | `GET /api/chatrooms/{roomId}/threads` | `thread_summaries` |
//! | `GET /api/chatrooms/{roomId}/commands` | `room_commands` |
//! | `POST /api/chatrooms/{roomId}/commands` | `run_command` |
//! | `GET /api/chatrooms/{roomId}/pins` | `pins` |
//! | `PUT /api/chatrooms/{roomId}/pins/{messageId}` | `pin` |
//! | `DELETE /api/chatrooms/{roomId}/pins/{messageId}` | `pin` |
//! | `GET /api/chatrooms/{roomId}/changes` | `changes` |
//! | `GET /api/search` | `search` |
//! | `GET /api/emoji` | `emoji` |
//! | `POST /api/emoji` | `add_emoji` |
//! | `DELETE /api/emoji/{name}` | `remove_emoji` |
//! | `POST /api/media` | `upload` |
//! | `GET /api/media/{name}` | `download` |
//! | `HEAD /api/media/{name}` | `download` |
//! | `GET /api/media/{name}/preview` | `preview` |
//! | `HEAD /api/media/{name}/preview` | `preview` |
//! | `GET /chat` | the WebSocket: every frame a [`crate::model::Command`] |
//!
//! `/health`, `/metrics`, the OpenAPI pages, `/api/setup` and `/api/admin` belong to no dialect.

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
use crate::model::{Error, Event, Outcome, Result, Timestamp};

pub use rest::Operation;
pub(crate) use rest::set_session;
pub use socket::State;

/// The dialect.
pub struct Chatrooms;

/// The cookie with the token.
const COOKIE: &str = "jwt_token";

impl Dialect for Chatrooms {
    const NAME: &'static str = "chatrooms";
    const COOKIE: Option<&'static str> = Some(COOKIE);
    const PREFIXES: &'static [&'static str] = &["api", "chat", "verify"];
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

impl SocketDialect for Chatrooms {
    type State = State;
    const PERSONAL: bool = true;

    fn greet(state: &mut State, hello: &Greeting<'_>) -> Option<Utf8Bytes> {
        Some(socket::greet(state, hello))
    }

    fn decode(_: &mut State, frame: &str) -> SocketRequest {
        socket::decode(frame)
    }

    fn reply(
        state: &mut State,
        asked: &RequestContext,
        outcome: Result<Outcome>,
    ) -> Option<Utf8Bytes> {
        socket::reply(state, asked, outcome, Timestamp::now())
    }

    fn encode(event: &Event) -> Vec<Encoded> {
        socket::encode(event)
    }
}
