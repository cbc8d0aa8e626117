//! Messages, reactions, read marks, changes.

use warp::http::StatusCode;
use warp::reply::Response;

use super::{check_caller, page_limit};
use crate::api::Dialect;
use crate::api::chatrooms::{Chatrooms, wire};
use crate::api::request::Request;
use crate::api::respond::{empty, encode, encoded, json};
use crate::chat::{Chat, Search};
use crate::model::{
    Error, Has, Message, MessageId, MessageRef, Reaction, Result, Rev, RoomId, Seq, Timestamp,
    Window,
};

pub(super) async fn history(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = request.room("roomId");
    let page = (window(&request, room)?, page_limit(&request)?);
    let encode = |messages: &[Message]| encode(&wire::History::new(room, messages));
    let body = chat.encoded_history(&session, room, page, Chatrooms::NAME, encode).await?;
    Ok(encoded(StatusCode::OK, body))
}

pub(super) async fn post(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::Post = request.json().await?;
    check_caller(&session, new.user_id.as_deref())?;
    let posted = chat.post(&session, request.room("roomId"), new.into()).await?;
    let status = if posted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &wire::Message::from(&posted.message)))
}

pub(super) async fn edit(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::Edit { user_id, new_content } = request.json().await?;
    check_caller(&session, user_id.as_deref())?;
    let message = chat
        .edit(&session, request.room("roomId"), message(&request), &new_content)
        .await
        .map_err(in_new_content)?;
    Ok(json(StatusCode::OK, &wire::Message::from(&message)))
}

/// Names the field `newContent`, which is `content` in other bodies.
fn in_new_content(error: Error) -> Error {
    match error {
        Error::Empty(_) => Error::Empty("newContent"),
        Error::TooLong(_, max) => Error::TooLong("newContent", max),
        Error::Invalid { why, .. } => Error::invalid("newContent", why),
        other => other,
    }
}

pub(super) async fn delete(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::Caller { user_id } = request.json_or_empty().await?;
    check_caller(&session, user_id.as_deref())?;
    chat.delete_message(&session, request.room("roomId"), message(&request)).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn mark_read(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::Caller { user_id } = request.json_or_empty().await?;
    check_caller(&session, user_id.as_deref())?;
    let upto = message(&request);
    let marked = chat.mark_read(&session, request.room("roomId"), upto).await?;
    Ok(json(
        StatusCode::OK,
        &wire::Read::new(&marked, upto.id().map_or(marked.mark.seq, |id| id.seq)),
    ))
}

pub(super) async fn readers(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let readers = chat.readers(&session, request.room("roomId"), message(&request)).await?;
    Ok(json(StatusCode::OK, &wire::Readers::from(readers.as_slice())))
}

pub(super) async fn thread(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = request.room("roomId");
    let before = request.query("before").map(|text| seq("before", &text, room)).transpose()?;
    let limit = page_limit(&request)?;
    let thread = chat.thread(&session, room, message(&request), before, limit).await?;
    Ok(json(StatusCode::OK, &wire::Thread::from(&thread)))
}

pub(super) async fn react(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::NewReaction = request.json().await?;
    check_caller(&session, new.user_id.as_deref())?;
    let reaction = new.reaction()?;
    let stored = chat
        .react(&session, request.room("roomId"), message(&request), reaction.clone(), true)
        .await?;
    let status = if stored.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &wire::ReactionGiven::new(&stored, &session.login, &reaction)))
}

pub(super) async fn unreact(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let reaction = Reaction::parse(request.param("reactionType"))?;
    chat.react(&session, request.room("roomId"), message(&request), reaction, false).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn changes(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let since = request.query("since").map_or(Ok(0), |text| natural("since", &text))?;
    let epoch = request.query("epoch");
    let page = chat
        .changes(
            &session,
            request.room("roomId"),
            Rev(since),
            epoch.as_deref(),
            page_limit(&request)?,
        )
        .await?;
    Ok(json(StatusCode::OK, &wire::Changes::in_rest(&page)))
}

pub(super) async fn search(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = request
        .query("roomId")
        .map(|key| RoomId::parse(&key).ok_or(Error::RoomNotFound))
        .transpose()?;
    let has = request.query("has").map(|names| names.split(',').map(what).collect());
    let search = Search {
        text: request.query("q"),
        room,
        from: request.query("from"),
        has: has.transpose()?.unwrap_or_default(),
        since: time(&request, "since")?,
        until: time(&request, "until")?,
    };
    let hits = chat
        .search(&session, search, request.query("before").as_deref(), page_limit(&request)?)
        .await?;
    Ok(json(StatusCode::OK, &wire::Found::from(&hits)))
}

fn what(name: &str) -> Result<Has> {
    Has::parse(name).ok_or_else(|| Error::invalid("has", "must be of file, image, link"))
}

/// Returns a time in seconds.
fn time(request: &Request, field: &'static str) -> Result<Option<Timestamp>> {
    let seconds = request.query(field).map(|text| natural(field, &text)).transpose()?;
    Ok(seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))))
}

/// Returns the message named in the path.
pub(super) fn message(request: &Request) -> MessageRef {
    MessageRef::parse(request.param("messageId"))
}

/// Returns the requested page: at most one of `before`, `after` and `around`.
fn window(request: &Request, room: RoomId) -> Result<Window> {
    let place = |field| request.query(field).map(|text| seq(field, &text, room)).transpose();
    match (place("before")?, place("after")?, place("around")?) {
        (None, None, None) => Ok(Window::Latest),
        (Some(seq), None, None) => Ok(Window::Before(seq)),
        (None, Some(seq), None) => Ok(Window::After(seq)),
        (None, None, Some(seq)) => Ok(Window::Around(seq)),
        (None, Some(_), Some(_)) => Err(Error::invalid("around", "cannot be combined with after")),
        (Some(_), _, _) => Err(Error::invalid("before", "cannot be combined with after or around")),
    }
}

/// Parses a message key of this room, or the `seq` of a message.
pub(super) fn seq(field: &'static str, place: &str, room: RoomId) -> Result<Seq> {
    if place.starts_with("msg") {
        let id = MessageId::parse(place)
            .ok_or_else(|| Error::invalid(field, "must be a message key"))?;
        return if id.room == room { Ok(id.seq) } else { Err(Error::MessageNotFound) };
    }
    natural(field, place).map(Seq)
}

fn natural(field: &'static str, text: &str) -> Result<i64> {
    text.parse()
        .ok()
        .filter(|n| *n >= 0)
        .ok_or_else(|| Error::invalid(field, "must be a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_keys_of_this_room_or_bare_numbers() {
        let room = RoomId(7);
        assert_eq!(seq("before", "msg7000000012", room), Ok(Seq(12)));
        assert_eq!(seq("before", "12", room), Ok(Seq(12)));
        assert_eq!(seq("after", "0", room), Ok(Seq(0)));
        assert_eq!(seq("before", "msg8000000012", room), Err(Error::MessageNotFound));
        for bad in ["", "x", "-1", "1.5", "msg12", "msgx"] {
            let refused = seq("around", bad, room);
            assert!(
                matches!(refused, Err(Error::Invalid { field, .. }) if field == "around"),
                "{bad}"
            );
        }
    }
}
