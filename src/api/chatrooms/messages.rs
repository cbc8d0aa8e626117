//! Messages, reactions, read marks, changes.

use serde::{Deserialize, Serialize};
use warp::http::StatusCode;
use warp::reply::Response;

use super::super::request::Request;
use super::super::respond::{empty, json};
use super::{rest, wire};
use crate::chat::{Chat, NewMessage};
use crate::model::{Error, MediaId, MessageId, MessageRef, Reaction, Result, Rev, RoomId, Seq, Window};

const DEFAULT_MESSAGES: u32 = 50;
const MAX_MESSAGES: u32 = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Say {
    user_id: Option<String>,
    content: String,
    reply_to: Option<String>,
    client_id: Option<String>,
    media_ids: Option<Vec<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewContent {
    user_id: Option<String>,
    new_content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Caller {
    user_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewReaction {
    user_id: Option<String>,
    reaction_type: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Marked {
    room_id: String,
    message_id: String,
    user_id: String,
    read_at: String,
    unread_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reacted<'a> {
    message_id: String,
    user_id: &'a str,
    reaction_type: &'a str,
    created_at: String,
}

pub(super) async fn history(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let limit = rest::limit(&request, DEFAULT_MESSAGES, MAX_MESSAGES)?;
    let room = request.room("roomId");
    let found = chat.history(&session, room, window(&request, room)?, limit).await?;
    let messages: Vec<_> = found.iter().map(wire::Dated::from).collect();
    Ok(json(StatusCode::OK, &serde_json::json!({ "chatroomId": room.key(), "messages": messages })))
}

pub(super) async fn post(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: Say = request.json().await?;
    rest::check_caller(&session, body.user_id.as_deref())?;
    let media = body.media_ids.unwrap_or_default().into_iter().map(MediaId).collect();
    let reply_to = body.reply_to.map(|key| MessageId::parse(&key));
    let new = NewMessage { text: body.content, client_id: body.client_id, reply_to, media };
    let posted = chat.post(&session, request.room("roomId"), new).await?;
    let status = if posted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &wire::Message::from(&posted.message)))
}

pub(super) async fn edit(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: NewContent = request.json().await?;
    rest::check_caller(&session, body.user_id.as_deref())?;
    let message = chat.edit(&session, request.room("roomId"), message(&request), &body.new_content).await?;
    Ok(json(StatusCode::OK, &wire::Message::from(&message)))
}

pub(super) async fn delete(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let Caller { user_id } = request.json_or_empty().await?;
    rest::check_caller(&session, user_id.as_deref())?;
    chat.delete_message(&session, request.room("roomId"), message(&request)).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn read(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let Caller { user_id } = request.json_or_empty().await?;
    rest::check_caller(&session, user_id.as_deref())?;
    let marked = chat.mark_read(&session, request.room("roomId"), message(&request)).await?;
    let mark = &marked.mark;
    let body = Marked {
        room_id: mark.room.key(),
        message_id: wire::key(mark.room, mark.seq),
        user_id: marked.login.clone(),
        read_at: mark.at.seconds(),
        unread_count: mark.unread,
    };
    Ok(json(StatusCode::OK, &body))
}

pub(super) async fn react(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: NewReaction = request.json().await?;
    rest::check_caller(&session, body.user_id.as_deref())?;
    let reaction = Reaction::parse(&body.reaction_type)?;
    let done = chat.react(&session, request.room("roomId"), message(&request), reaction, true).await?;
    let status = if done.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let (message_id, created_at) = (done.message.key(), done.at.seconds());
    Ok(json(status, &Reacted { message_id, user_id: &session.login, reaction_type: &body.reaction_type, created_at }))
}

pub(super) async fn unreact(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let reaction = Reaction::parse(request.param("reactionType"))?;
    chat.react(&session, request.room("roomId"), message(&request), reaction, false).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn changes(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let limit = rest::limit(&request, DEFAULT_MESSAGES, MAX_MESSAGES)?;
    let since = request.query("since").ok_or_else(|| Error::invalid("since", "is missing"))?;
    let since: i64 = since.parse().ok().filter(|rev| *rev >= 0).ok_or_else(|| Error::invalid("since", "must be a rev"))?;
    let changes = chat.changes(&session, request.room("roomId"), Rev(since), request.query("epoch").as_deref(), limit).await?;
    Ok(json(StatusCode::OK, &wire::Changes::from(&changes)))
}

fn message(request: &Request) -> MessageRef {
    MessageId::parse(request.param("messageId"))
}

/// `before`, `after` or `around`, one of them at most: a message's key, or its seq.
fn window(request: &Request, room: RoomId) -> Result<Window> {
    let asked = [("before", Window::Before as fn(Seq) -> Window), ("after", Window::After), ("around", Window::Around)];
    let mut found = asked.iter().filter_map(|(name, window)| Some((*name, window, request.query(name)?)));
    let Some((name, window, text)) = found.next() else { return Ok(Window::Latest) };
    if found.next().is_some() {
        return Err(Error::invalid(name, "stands beside another bound"));
    }
    if text.starts_with("msg") {
        let id = MessageId::parse(&text).filter(|id| id.room == room).ok_or(Error::MessageNotFound)?;
        return Ok(window(id.seq));
    }
    let seq = text.parse().ok().filter(|seq| *seq >= 0).ok_or_else(|| Error::invalid(name, "must be a message's key or seq"))?;
    Ok(window(Seq(seq)))
}
