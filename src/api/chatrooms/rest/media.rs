//! Uploads and downloads.

use warp::http::StatusCode;
use warp::http::header::LOCATION;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::download;
use crate::api::request::Request;
use crate::api::respond::{json, with_header};
use crate::chat::Chat;
use crate::model::Result;

pub(super) async fn upload(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    request.check_length(request.max_upload()).await?;
    let file_name = request.query("fileName");
    let mut body = request.stream();
    let uploaded = chat.upload(&session, file_name, &mut body).await;
    if uploaded.is_err() {
        body.drain().await;
    }
    let media = uploaded?;
    Ok(with_header(json(StatusCode::CREATED, &wire::Media::from(&media)), LOCATION, &format!("/api/media/{}", media.name)))
}

pub(super) async fn download(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let file = chat.download(&session, request.param("name")).await?;
    download::answer(file, request.headers()).await
}
