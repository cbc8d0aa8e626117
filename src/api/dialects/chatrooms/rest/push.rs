//! Push notifications of the device that asks.

use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::Result;

pub(super) async fn state(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let state = chat.push_state(&session).await?;
    Ok(json(StatusCode::OK, &wire::Push::from(&state)))
}

pub(super) async fn subscribe(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::Subscribe = request.json().await?;
    chat.subscribe_push(&session, new.try_into()?).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn unsubscribe(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.unsubscribe_push(&session).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
