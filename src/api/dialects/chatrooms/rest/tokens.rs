//! The caller's own API tokens.

use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::{Error, Result, SessionId};

pub(super) async fn list(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let tokens = chat.my_tokens(&session).await?;
    Ok(json(StatusCode::OK, &wire::Tokens::new(&tokens)))
}

pub(super) async fn create(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::NewToken = request.json().await?;
    let made = chat.create_my_token(&session, new.try_into()?).await?;
    Ok(json(StatusCode::CREATED, &wire::Token::created(&made)))
}

pub(super) async fn revoke(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let id = request.param("id").parse().map(SessionId).map_err(|_| Error::SessionNotFound)?;
    chat.revoke_my_token(&session, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
