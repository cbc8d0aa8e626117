//! Custom emoji.

use warp::http::StatusCode;
use warp::http::header::EXPECT;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::{MAX_EMOJI_BYTES, Result};

pub(super) async fn list(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let list = chat.emoji(&session).await?;
    Ok(json(StatusCode::OK, &wire::EmojiList::from(&list)))
}

pub(super) async fn add(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    request.check_length(MAX_EMOJI_BYTES).await?;
    let name = request.query("name").unwrap_or_default();
    let mut body = request.stream();
    let added = chat.add_emoji(&session, &name, &mut body).await;
    // A client that waits for `100 Continue` has not sent anything that needs draining.
    if added.is_err() && (body.has_begun() || !request.headers().contains_key(EXPECT)) {
        body.drain().await;
    }
    Ok(json(StatusCode::CREATED, &wire::Emoji::from(&added?)))
}

pub(super) async fn remove(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.remove_emoji(&session, request.param("name")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
