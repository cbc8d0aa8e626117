//! What only its user sees: own settings of rooms, preferences, saved messages, drafts.

use warp::http::StatusCode;
use warp::reply::Response;

use super::{check_caller, page_limit};
use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::{MessageRef, Result};

pub(super) async fn own_settings(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = request.room("roomId");
    let own = chat.own_settings(&session, room).await?;
    Ok(json(StatusCode::OK, &wire::OwnSettings::new(room, own)))
}

pub(super) async fn change_own_settings(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let change: wire::ChangeOwn = request.json().await?;
    let room = request.room("roomId");
    let own = chat.change_own_settings(&session, room, change.try_into()?).await?;
    Ok(json(StatusCode::OK, &wire::OwnSettings::new(room, own)))
}

pub(super) async fn mark_unread(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::Caller { user_id } = request.json_or_empty().await?;
    check_caller(&session, user_id.as_deref())?;
    let from = message(&request);
    let marked = chat.mark_unread(&session, request.room("roomId"), from).await?;
    let seq = from.id().map_or(marked.mark.seq, |id| id.seq);
    Ok(json(StatusCode::OK, &wire::Read::new(&marked, seq)))
}

pub(super) async fn preferences(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let preferences = chat.preferences(&session).await?;
    Ok(json(StatusCode::OK, &wire::Preferences::from(preferences)))
}

pub(super) async fn change_preferences(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let change: wire::ChangePreferences = request.json().await?;
    let preferences = chat.change_preferences(&session, change.try_into()?).await?;
    Ok(json(StatusCode::OK, &wire::Preferences::from(preferences)))
}

pub(super) async fn saved(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let limit = page_limit(&request)?;
    let saved = chat.saved(&session, request.query("before").as_deref(), limit).await?;
    Ok(json(StatusCode::OK, &wire::SavedMessages::new(&saved, limit)))
}

pub(super) async fn drafts(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let drafts = chat.drafts(&session).await?;
    Ok(json(StatusCode::OK, &wire::Drafts::from(&drafts[..])))
}

pub(super) async fn save(chat: &Chat, request: Request, saved: bool) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.save_message(&session, request.room("roomId"), message(&request), saved).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Returns the message named in the path.
fn message(request: &Request) -> MessageRef {
    MessageRef::parse(request.param("messageId"))
}
