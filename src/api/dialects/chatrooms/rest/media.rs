//! Uploads and downloads.

use warp::http::StatusCode;
use warp::http::header::{CONTENT_LENGTH, EXPECT, LOCATION};
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::download;
use crate::api::request::Request;
use crate::api::respond::{json, with_header};
use crate::chat::Chat;
use crate::model::{Error, MAX_SIDE, MediaId, Result};

pub(super) async fn upload(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    request.check_length(request.max_upload()).await?;
    let file_name = request.query("fileName");
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = request.stream();
    let uploaded = chat.upload(&session, file_name, declared, &mut body).await;
    // A client that waits for `100 Continue` has not sent anything that needs draining.
    if uploaded.is_err() && (body.has_begun() || !request.headers().contains_key(EXPECT)) {
        body.drain().await;
    }
    let media = uploaded?;
    Ok(with_header(
        json(StatusCode::CREATED, &wire::Media::from(&media)),
        LOCATION,
        &request.address_of(&format!("/api/media/{}", media.name)),
    ))
}

pub(super) async fn download(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let file = chat.download(&session, request.param("name"), id(&request)?).await?;
    download::answer(file, request.method(), request.headers()).await
}

pub(super) async fn preview(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let pixels = request.query("pixels").unwrap_or_default();
    let Ok(pixels @ 1..=MAX_SIDE) = pixels.parse() else {
        return Err(Error::invalid("pixels", "must be a number from 1 to 65535"));
    };
    let file = chat.preview(&session, request.param("name"), id(&request)?, pixels).await?;
    download::answer(file, request.method(), request.headers()).await
}

fn id(request: &Request) -> Result<Option<MediaId>> {
    let id = request.query("id").map(|id| id.parse());
    Ok(id.transpose().map_err(|_| Error::invalid("id", "must be a number"))?.map(MediaId))
}
