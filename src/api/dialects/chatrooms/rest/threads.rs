//! Threads: what the conversation shows of them, and those that the caller follows.

use warp::http::StatusCode;
use warp::reply::Response;

use super::messages::{message, seq};
use super::page_limit;
use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::{Error, Result};

pub(super) async fn summaries(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = request.room("roomId");
    let end = |field: &'static str| {
        let text = request.query(field).ok_or_else(|| Error::invalid(field, "is required"))?;
        seq(field, &text, room)
    };
    let range = (end("from")?, end("to")?);
    let found = chat.thread_summaries(&session, room, range).await?;
    Ok(json(StatusCode::OK, &wire::ThreadSummaries::new(room, &found)))
}

pub(super) async fn follow(chat: &Chat, request: Request, following: bool) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.follow_thread(&session, request.room("roomId"), message(&request), following).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn read(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.read_thread(&session, request.room("roomId"), message(&request)).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn follows(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let follows = chat.follows(&session).await?;
    Ok(json(StatusCode::OK, &wire::Follows::from(follows.as_slice())))
}

pub(super) async fn followed(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let limit = page_limit(&request)?;
    let before = request.query("before");
    let threads = chat.followed_threads(&session, before.as_deref(), limit).await?;
    Ok(json(StatusCode::OK, &wire::FollowedThreads::new(&threads, limit)))
}

pub(super) async fn read_all(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.read_all_threads(&session).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
