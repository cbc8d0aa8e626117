//! Previews of links.

use warp::http::StatusCode;
use warp::reply::Response;

use super::messages::message;
use crate::api::chatrooms::wire;
use crate::api::download;
use crate::api::request::Request;
use crate::api::respond::json;
use crate::chat::Chat;
use crate::model::Result;

pub(super) async fn previews(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let found = chat.link_previews(&session, request.room("roomId"), message(&request)).await?;
    Ok(json(StatusCode::OK, &wire::LinkPreviews::from(found.as_slice())))
}

pub(super) async fn picture(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let (room, key) = (request.room("roomId"), request.param("key"));
    let picture = chat.link_picture(&session, room, message(&request), key).await?;
    download::answer(picture, request.method(), request.headers()).await
}
