//! The routes of `chatrooms`. Every handler authenticates, parses the request, calls `Chat` once
//! and builds the response.

mod accounts;
mod commands;
mod emoji;
mod links;
mod media;
mod messages;
mod personal;
mod push;
mod rooms;
mod second_factor;
mod settings;
mod threads;
mod tokens;

use warp::http::Method;
use warp::reply::Response;

pub(crate) use accounts::set_session;

use super::Chatrooms;
use super::socket::State;
use crate::api::Route;
use crate::api::request::Request;
use crate::chat::Chat;
use crate::model::{Error, Result, Session, fold};

/// Operation of a route; named after the use case of `Chat` it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Register,
    FindUsers,
    Me,
    ChangeMe,
    DeleteMe,
    /// My settings for all rooms.
    Preferences,
    ChangePreferences,
    /// List my saved messages.
    Saved,
    /// List the threads that I follow.
    FollowedThreads,
    /// All threads that I follow, and what is unread in them.
    Follows,
    ReadAllThreads,
    /// List what I have begun to write.
    Drafts,
    /// What this device needs to receive push notifications.
    Push,
    Subscribe,
    Unsubscribe,
    SecondFactor,
    SetUpSecondFactor,
    ConfirmSecondFactor,
    RenewRecoveryCodes,
    TurnOffSecondFactor,
    User,
    /// List the statuses of the people of my rooms.
    Statuses,
    LogIn,
    SetUpAtLogIn,
    ConfirmAtLogIn,
    LogOut,
    Refresh,
    Verify,
    Sessions,
    EndSession,
    Tokens,
    CreateToken,
    RevokeToken,
    Rooms,
    CreateRoom,
    Room,
    /// Change topic, visibility, posting rights.
    ChangeSettings,
    DeleteRoom,
    RenameRoom,
    Join,
    Connect,
    AddParticipant,
    RemoveParticipant,
    ChangeRole,
    ChangeEditedName,
    /// Change my own settings in a room.
    ChangeMine,
    /// My own settings in a room.
    OwnSettings,
    ChangeOwnSettings,
    History,
    Post,
    Edit,
    DeleteMessage,
    MarkRead,
    MarkUnread,
    /// List the readers of a message.
    Readers,
    /// A message with all replies.
    Thread,
    /// What is shown of threads in the conversation.
    ThreadSummaries,
    FollowThread,
    UnfollowThread,
    ReadThread,
    /// Previews of the links of a message.
    LinkPreviews,
    LinkPicture,
    React,
    Unreact,
    /// List the slash commands of a room.
    Commands,
    RunCommand,
    Pins,
    Pin,
    Unpin,
    Save,
    Unsave,
    Changes,
    Search,
    /// List custom emoji.
    Emoji,
    AddEmoji,
    RemoveEmoji,
    Upload,
    Download,
    Preview,
    Socket,
}

const fn route(method: Method, template: &'static str, operation: Operation) -> Route<Operation> {
    Route { method, template, operation }
}

/// All routes; literals come before parameters.
pub(super) const ROUTES: &[Route<Operation>] = &[
    route(Method::POST, "/api/users", Operation::Register),
    route(Method::GET, "/api/users", Operation::FindUsers),
    route(Method::GET, "/api/users/me", Operation::Me),
    route(Method::PATCH, "/api/users/me", Operation::ChangeMe),
    route(Method::DELETE, "/api/users/me", Operation::DeleteMe),
    route(Method::GET, "/api/users/me/settings", Operation::Preferences),
    route(Method::PATCH, "/api/users/me/settings", Operation::ChangePreferences),
    route(Method::GET, "/api/users/me/saved", Operation::Saved),
    route(Method::GET, "/api/users/me/threads", Operation::FollowedThreads),
    route(Method::GET, "/api/users/me/threads/followed", Operation::Follows),
    route(Method::POST, "/api/users/me/threads/read", Operation::ReadAllThreads),
    route(Method::GET, "/api/users/me/drafts", Operation::Drafts),
    route(Method::GET, "/api/users/me/push", Operation::Push),
    route(Method::PUT, "/api/users/me/push", Operation::Subscribe),
    route(Method::DELETE, "/api/users/me/push", Operation::Unsubscribe),
    route(Method::GET, "/api/users/me/second_factor", Operation::SecondFactor),
    route(Method::POST, "/api/users/me/second_factor", Operation::SetUpSecondFactor),
    route(Method::POST, "/api/users/me/second_factor/confirm", Operation::ConfirmSecondFactor),
    route(
        Method::POST,
        "/api/users/me/second_factor/recovery_codes",
        Operation::RenewRecoveryCodes,
    ),
    route(Method::POST, "/api/users/me/second_factor/off", Operation::TurnOffSecondFactor),
    route(Method::GET, "/api/users/{userId}", Operation::User),
    route(Method::GET, "/api/statuses", Operation::Statuses),
    route(Method::POST, "/api/login", Operation::LogIn),
    route(Method::POST, "/api/login/second_factor", Operation::SetUpAtLogIn),
    route(Method::POST, "/api/login/second_factor/confirm", Operation::ConfirmAtLogIn),
    route(Method::POST, "/api/logout", Operation::LogOut),
    route(Method::POST, "/api/refresh", Operation::Refresh),
    route(Method::GET, "/verify", Operation::Verify),
    route(Method::GET, "/api/sessions", Operation::Sessions),
    route(Method::DELETE, "/api/sessions/{id}", Operation::EndSession),
    route(Method::GET, "/api/tokens", Operation::Tokens),
    route(Method::POST, "/api/tokens", Operation::CreateToken),
    route(Method::DELETE, "/api/tokens/{id}", Operation::RevokeToken),
    route(Method::GET, "/api/chatrooms", Operation::Rooms),
    route(Method::POST, "/api/chatrooms", Operation::CreateRoom),
    route(Method::GET, "/api/chatrooms/{roomId}", Operation::Room),
    route(Method::PATCH, "/api/chatrooms/{roomId}", Operation::ChangeSettings),
    route(Method::DELETE, "/api/chatrooms/{roomId}", Operation::DeleteRoom),
    route(Method::PATCH, "/api/chatrooms/{roomId}/name", Operation::RenameRoom),
    route(Method::PATCH, "/api/chatrooms/{roomId}/me", Operation::ChangeMine),
    route(Method::GET, "/api/chatrooms/{roomId}/settings", Operation::OwnSettings),
    route(Method::PATCH, "/api/chatrooms/{roomId}/settings", Operation::ChangeOwnSettings),
    route(Method::POST, "/api/chatrooms/{roomId}/join", Operation::Join),
    route(Method::POST, "/api/chatrooms/{roomId}/connect", Operation::Connect),
    route(Method::POST, "/api/chatrooms/{roomId}/participants", Operation::AddParticipant),
    route(
        Method::DELETE,
        "/api/chatrooms/{roomId}/participants/{userId}",
        Operation::RemoveParticipant,
    ),
    route(
        Method::PATCH,
        "/api/chatrooms/{roomId}/participants/{userId}/role",
        Operation::ChangeRole,
    ),
    route(
        Method::PATCH,
        "/api/chatrooms/{roomId}/participants/{userId}/name",
        Operation::ChangeEditedName,
    ),
    route(Method::GET, "/api/chatrooms/{roomId}/messages", Operation::History),
    route(Method::POST, "/api/chatrooms/{roomId}/messages", Operation::Post),
    route(Method::PATCH, "/api/chatrooms/{roomId}/messages/{messageId}", Operation::Edit),
    route(Method::DELETE, "/api/chatrooms/{roomId}/messages/{messageId}", Operation::DeleteMessage),
    route(Method::POST, "/api/chatrooms/{roomId}/messages/{messageId}/read", Operation::MarkRead),
    route(
        Method::POST,
        "/api/chatrooms/{roomId}/messages/{messageId}/unread",
        Operation::MarkUnread,
    ),
    route(Method::PUT, "/api/chatrooms/{roomId}/messages/{messageId}/saved", Operation::Save),
    route(Method::DELETE, "/api/chatrooms/{roomId}/messages/{messageId}/saved", Operation::Unsave),
    route(Method::GET, "/api/chatrooms/{roomId}/messages/{messageId}/readers", Operation::Readers),
    route(Method::GET, "/api/chatrooms/{roomId}/messages/{messageId}/thread", Operation::Thread),
    route(
        Method::PUT,
        "/api/chatrooms/{roomId}/messages/{messageId}/thread/follow",
        Operation::FollowThread,
    ),
    route(
        Method::DELETE,
        "/api/chatrooms/{roomId}/messages/{messageId}/thread/follow",
        Operation::UnfollowThread,
    ),
    route(
        Method::POST,
        "/api/chatrooms/{roomId}/messages/{messageId}/thread/read",
        Operation::ReadThread,
    ),
    route(
        Method::GET,
        "/api/chatrooms/{roomId}/messages/{messageId}/previews",
        Operation::LinkPreviews,
    ),
    route(
        Method::GET,
        "/api/chatrooms/{roomId}/messages/{messageId}/previews/{key}",
        Operation::LinkPicture,
    ),
    route(Method::POST, "/api/chatrooms/{roomId}/messages/{messageId}/reactions", Operation::React),
    route(
        Method::DELETE,
        "/api/chatrooms/{roomId}/messages/{messageId}/reactions/{reactionType}",
        Operation::Unreact,
    ),
    route(Method::GET, "/api/chatrooms/{roomId}/threads", Operation::ThreadSummaries),
    route(Method::GET, "/api/chatrooms/{roomId}/commands", Operation::Commands),
    route(Method::POST, "/api/chatrooms/{roomId}/commands", Operation::RunCommand),
    route(Method::GET, "/api/chatrooms/{roomId}/pins", Operation::Pins),
    route(Method::PUT, "/api/chatrooms/{roomId}/pins/{messageId}", Operation::Pin),
    route(Method::DELETE, "/api/chatrooms/{roomId}/pins/{messageId}", Operation::Unpin),
    route(Method::GET, "/api/chatrooms/{roomId}/changes", Operation::Changes),
    route(Method::GET, "/api/search", Operation::Search),
    route(Method::GET, "/api/emoji", Operation::Emoji),
    route(Method::POST, "/api/emoji", Operation::AddEmoji),
    route(Method::DELETE, "/api/emoji/{name}", Operation::RemoveEmoji),
    route(Method::POST, "/api/media", Operation::Upload),
    route(Method::GET, "/api/media/{name}", Operation::Download),
    route(Method::HEAD, "/api/media/{name}", Operation::Download),
    route(Method::GET, "/api/media/{name}/preview", Operation::Preview),
    route(Method::HEAD, "/api/media/{name}/preview", Operation::Preview),
    route(Method::GET, "/chat", Operation::Socket),
];

/// Answers a request for this operation.
#[expect(clippy::too_many_lines, reason = "one line for each operation")]
pub(super) async fn answer(
    chat: &Chat,
    operation: Operation,
    request: Request,
) -> Result<Response> {
    match operation {
        Operation::Register => accounts::register(chat, request).await,
        Operation::FindUsers => accounts::find_users(chat, request).await,
        Operation::Me => accounts::me(chat, request).await,
        Operation::ChangeMe => accounts::change_me(chat, request).await,
        Operation::DeleteMe => accounts::delete_me(chat, request).await,
        Operation::Preferences => personal::preferences(chat, request).await,
        Operation::ChangePreferences => personal::change_preferences(chat, request).await,
        Operation::Saved => personal::saved(chat, request).await,
        Operation::FollowedThreads => threads::followed(chat, request).await,
        Operation::Follows => threads::follows(chat, request).await,
        Operation::ReadAllThreads => threads::read_all(chat, request).await,
        Operation::Drafts => personal::drafts(chat, request).await,
        Operation::Push => push::state(chat, request).await,
        Operation::Subscribe => push::subscribe(chat, request).await,
        Operation::Unsubscribe => push::unsubscribe(chat, request).await,
        Operation::SecondFactor => second_factor::state(chat, request).await,
        Operation::SetUpSecondFactor => second_factor::set_up(chat, request).await,
        Operation::ConfirmSecondFactor => second_factor::confirm(chat, request).await,
        Operation::RenewRecoveryCodes => second_factor::renew(chat, request).await,
        Operation::TurnOffSecondFactor => second_factor::turn_off(chat, request).await,
        Operation::User => accounts::user(chat, request).await,
        Operation::Statuses => accounts::statuses(chat, request).await,
        Operation::LogIn => accounts::log_in(chat, request).await,
        Operation::SetUpAtLogIn => second_factor::set_up_at_log_in(chat, request).await,
        Operation::ConfirmAtLogIn => second_factor::confirm_at_log_in(chat, request).await,
        Operation::LogOut => accounts::log_out(chat, request).await,
        Operation::Refresh => accounts::refresh(chat, request).await,
        Operation::Verify => accounts::verify(chat, request).await,
        Operation::Sessions => accounts::sessions(chat, request).await,
        Operation::EndSession => accounts::end_session(chat, request).await,
        Operation::Tokens => tokens::list(chat, request).await,
        Operation::CreateToken => tokens::create(chat, request).await,
        Operation::RevokeToken => tokens::revoke(chat, request).await,
        Operation::Rooms => rooms::list(chat, request).await,
        Operation::CreateRoom => rooms::create(chat, request).await,
        Operation::Room => rooms::room(chat, request).await,
        Operation::ChangeSettings => settings::change(chat, request).await,
        Operation::DeleteRoom => rooms::delete(chat, request).await,
        Operation::RenameRoom => rooms::rename(chat, request).await,
        Operation::Join => rooms::join(chat, request).await,
        Operation::Connect => rooms::connect(chat, request).await,
        Operation::AddParticipant => rooms::add_participant(chat, request).await,
        Operation::RemoveParticipant => rooms::remove_participant(chat, request).await,
        Operation::ChangeRole => rooms::change_role(chat, request).await,
        Operation::ChangeEditedName => rooms::change_edited_name(chat, request).await,
        Operation::ChangeMine => rooms::change_mine(chat, request).await,
        Operation::OwnSettings => personal::own_settings(chat, request).await,
        Operation::ChangeOwnSettings => personal::change_own_settings(chat, request).await,
        Operation::History => messages::history(chat, request).await,
        Operation::Post => messages::post(chat, request).await,
        Operation::Edit => messages::edit(chat, request).await,
        Operation::DeleteMessage => messages::delete(chat, request).await,
        Operation::MarkRead => messages::mark_read(chat, request).await,
        Operation::MarkUnread => personal::mark_unread(chat, request).await,
        Operation::Readers => messages::readers(chat, request).await,
        Operation::Thread => messages::thread(chat, request).await,
        Operation::ThreadSummaries => threads::summaries(chat, request).await,
        Operation::FollowThread => threads::follow(chat, request, true).await,
        Operation::UnfollowThread => threads::follow(chat, request, false).await,
        Operation::ReadThread => threads::read(chat, request).await,
        Operation::LinkPreviews => links::previews(chat, request).await,
        Operation::LinkPicture => links::picture(chat, request).await,
        Operation::React => messages::react(chat, request).await,
        Operation::Unreact => messages::unreact(chat, request).await,
        Operation::Commands => commands::list(chat, request).await,
        Operation::RunCommand => commands::run(chat, request).await,
        Operation::Pins => settings::pins(chat, request).await,
        Operation::Pin => settings::pin(chat, request, true).await,
        Operation::Unpin => settings::pin(chat, request, false).await,
        Operation::Save => personal::save(chat, request, true).await,
        Operation::Unsave => personal::save(chat, request, false).await,
        Operation::Changes => messages::changes(chat, request).await,
        Operation::Search => messages::search(chat, request).await,
        Operation::Emoji => emoji::list(chat, request).await,
        Operation::AddEmoji => emoji::add(chat, request).await,
        Operation::RemoveEmoji => emoji::remove(chat, request).await,
        Operation::Upload => media::upload(chat, request).await,
        Operation::Download => media::download(chat, request).await,
        Operation::Preview => media::preview(chat, request).await,
        Operation::Socket => socket(chat, request).await,
    }
}

async fn socket(chat: &Chat, request: Request) -> Result<Response> {
    if !request.is_upgrade() {
        return Err(Error::UpgradeRequired);
    }
    request.check_handshake()?;
    let who = request.authenticated(chat).await?;
    let state = State { login: who.session.login.clone() };
    request.upgrade::<Chatrooms>(chat, who, state, None)
}

/// Checks that the user named in a body is the caller.
fn check_caller(session: &Session, named: Option<&str>) -> Result<()> {
    if named.is_none_or(|name| fold(name) == fold(&session.login)) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// Returns the page size: 1 to 200, 50 by default.
fn page_limit(request: &Request) -> Result<u32> {
    let Some(text) = request.query("limit") else { return Ok(50) };
    text.parse()
        .ok()
        .filter(|limit| (1..=200).contains(limit))
        .ok_or_else(|| Error::invalid("limit", "must be 1 to 200"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_in_the_module_documentation_lists_every_route() {
        let rows: HashSet<String> = include_str!("../mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'))
            .map(|(row, _)| row.to_owned())
            .collect();
        let routes: HashSet<String> =
            ROUTES.iter().map(|route| format!("{} {}", route.method, route.template)).collect();
        assert_eq!(rows, routes);
        assert_eq!(routes.len(), ROUTES.len());
    }
}
