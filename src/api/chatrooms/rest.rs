//! The table of routes; the handlers stand beside their subject in `users`, `rooms` and `messages`.

use warp::http::Method;
use warp::reply::Response;

use super::super::Route;
use super::super::request::Request;
use super::{messages, rooms, users};
use crate::chat::Chat;
use crate::model::{Error, Result, Session, fold};

/// What a route does.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// Make an account.
    Register,
    /// Open a session.
    Login,
    /// End it.
    Logout,
    /// A fresh token.
    Refresh,
    /// My profile.
    Me,
    /// Change it.
    ChangeMe,
    /// Delete my account.
    DeleteMe,
    /// Search the directory of users.
    Users,
    /// Somebody's profile.
    User,
    /// My rooms, or the public ones.
    Rooms,
    /// Make a room.
    CreateRoom,
    /// A room.
    Room,
    /// Delete it.
    DeleteRoom,
    /// Rename it.
    RenameRoom,
    /// Enter a public room.
    Join,
    /// Bring its live room up.
    Connect,
    /// Add somebody.
    AddParticipant,
    /// Remove somebody.
    RemoveParticipant,
    /// Give a role.
    ChangeRole,
    /// Give a name in the room.
    ChangeName,
    /// History.
    Messages,
    /// Say something.
    Post,
    /// Edit a message.
    Edit,
    /// Delete a message.
    DeleteMessage,
    /// Mark as read.
    Read,
    /// React.
    React,
    /// Take a reaction back.
    Unreact,
    /// What changed.
    Changes,
    /// The WebSocket.
    Chat,
}

macro_rules! routes {
    ($($method:ident $template:literal $operation:ident),* $(,)?) => {
        &[$(Route { method: Method::$method, template: $template, operation: Operation::$operation }),*]
    };
}

pub(super) const ROUTES: &[Route<Operation>] = routes![
    POST "/api/users" Register,
    GET "/api/users" Users,
    GET "/api/users/me" Me,
    PATCH "/api/users/me" ChangeMe,
    DELETE "/api/users/me" DeleteMe,
    GET "/api/users/{userId}" User,
    POST "/api/login" Login,
    POST "/api/logout" Logout,
    POST "/api/refresh" Refresh,
    POST "/api/chatrooms" CreateRoom,
    GET "/api/chatrooms" Rooms,
    GET "/api/chatrooms/{roomId}" Room,
    DELETE "/api/chatrooms/{roomId}" DeleteRoom,
    PATCH "/api/chatrooms/{roomId}/name" RenameRoom,
    POST "/api/chatrooms/{roomId}/join" Join,
    POST "/api/chatrooms/{roomId}/connect" Connect,
    POST "/api/chatrooms/{roomId}/participants" AddParticipant,
    DELETE "/api/chatrooms/{roomId}/participants/{userId}" RemoveParticipant,
    PATCH "/api/chatrooms/{roomId}/participants/{userId}/role" ChangeRole,
    PATCH "/api/chatrooms/{roomId}/participants/{userId}/name" ChangeName,
    GET "/api/chatrooms/{roomId}/messages" Messages,
    POST "/api/chatrooms/{roomId}/messages" Post,
    PATCH "/api/chatrooms/{roomId}/messages/{messageId}" Edit,
    DELETE "/api/chatrooms/{roomId}/messages/{messageId}" DeleteMessage,
    POST "/api/chatrooms/{roomId}/messages/{messageId}/read" Read,
    POST "/api/chatrooms/{roomId}/messages/{messageId}/reactions" React,
    DELETE "/api/chatrooms/{roomId}/messages/{messageId}/reactions/{reactionType}" Unreact,
    GET "/api/chatrooms/{roomId}/changes" Changes,
    GET "/chat" Chat,
];

pub(super) async fn call(chat: Chat, operation: Operation, request: Request) -> Result<Response> {
    match operation {
        Operation::Register => users::register(chat, request).await,
        Operation::Login => users::login(chat, request).await,
        Operation::Logout => users::logout(chat, request).await,
        Operation::Refresh => users::refresh(chat, request).await,
        Operation::Me => users::me(chat, request).await,
        Operation::ChangeMe => users::change_me(chat, request).await,
        Operation::DeleteMe => users::delete_me(chat, request).await,
        Operation::Users => users::find(chat, request).await,
        Operation::User => users::user(chat, request).await,
        Operation::Rooms => rooms::list(chat, request).await,
        Operation::CreateRoom => rooms::create(chat, request).await,
        Operation::Room => rooms::room(chat, request).await,
        Operation::DeleteRoom => rooms::delete(chat, request).await,
        Operation::RenameRoom => rooms::rename(chat, request).await,
        Operation::Join => rooms::join(chat, request).await,
        Operation::Connect => rooms::connect(chat, request).await,
        Operation::AddParticipant => rooms::add(chat, request).await,
        Operation::RemoveParticipant => rooms::remove(chat, request).await,
        Operation::ChangeRole => rooms::change_role(chat, request).await,
        Operation::ChangeName => rooms::change_name(chat, request).await,
        Operation::Messages => messages::history(chat, request).await,
        Operation::Post => messages::post(chat, request).await,
        Operation::Edit => messages::edit(chat, request).await,
        Operation::DeleteMessage => messages::delete(chat, request).await,
        Operation::Read => messages::read(chat, request).await,
        Operation::React => messages::react(chat, request).await,
        Operation::Unreact => messages::unreact(chat, request).await,
        Operation::Changes => messages::changes(chat, request).await,
        Operation::Chat => socket(chat, request).await,
    }
}

async fn socket(chat: Chat, request: Request) -> Result<Response> {
    if !request.is_upgrade() {
        return Err(Error::UpgradeRequired);
    }
    request.check_handshake()?;
    let who = request.authenticated(&chat).await?;
    request.upgrade::<super::Chatrooms>(&chat, who, super::socket::State::default(), None)
}

/// A `userId` of the documented bodies is optional; when present it must be the caller's.
pub(super) fn check_caller(session: &Session, claimed: Option<&str>) -> Result<()> {
    match claimed {
        Some(claimed) if fold(claimed) != fold(&session.login) => Err(Error::Forbidden),
        _ => Ok(()),
    }
}

/// A `limit` of the query, within its bounds.
pub(super) fn limit(request: &Request, default: u32, max: u32) -> Result<u32> {
    let Some(text) = request.query("limit") else { return Ok(default) };
    text.parse().ok().filter(|limit| (1..=max).contains(limit)).ok_or_else(|| Error::invalid("limit", format!("must be 1 to {max}")))
}
