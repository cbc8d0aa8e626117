//! Room settings and pinned messages.

use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::{MessageRef, Result};

pub(super) async fn change(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::ChangeSettings = request.json().await?;
    let room = chat.change_settings(&session, request.room("roomId"), new.try_into()?).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&room)))
}

pub(super) async fn pins(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let pins = chat.pins(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::Pins::from(pins.as_slice())))
}

pub(super) async fn pin(chat: &Chat, request: Request, pinned: bool) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.pin(
        &session,
        request.room("roomId"),
        MessageRef::parse(request.param("messageId")),
        pinned,
    )
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
