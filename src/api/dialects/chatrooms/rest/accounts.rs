//! Users, log-in, log-out.

use std::time::Duration;

use warp::http::StatusCode;
use warp::http::header::SET_COOKIE;
use warp::reply::Response;

use super::page_limit;
use crate::api::chatrooms::error::not_verified;
use crate::api::chatrooms::{COOKIE, wire};
use crate::api::request::Request;
use crate::api::respond::{empty, json, with_header};
use crate::chat::{Chat, Token};
use crate::model::{Error, Result, SessionId, Timestamp};

pub(super) async fn register(chat: &Chat, mut request: Request) -> Result<Response> {
    let mut new: wire::NewUser = request.json().await?;
    let user = match new.invitation.take() {
        None => chat.register(new.into(), request.client()).await?,
        Some(secret) => {
            let registered = chat.register_invited(new.into(), &secret, request.client()).await;
            // A guess is counted like a credential without a session.
            registered.inspect_err(|error| match error {
                Error::Invalid { field, .. } if field == "invitation" => {
                    request.count_stranger(&Error::BadSession);
                }
                _ => (),
            })?
        }
    };
    Ok(json(StatusCode::CREATED, &wire::User::registered(&user)))
}

pub(super) async fn log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let body: wire::LogIn = request.json().await?;
    let (code, client) = (body.code.as_deref(), request.client());
    let login = chat.log_in(&body.user_id, &body.password, code, client).await?;
    Ok(token(&chat.token(&login)?, &request))
}

pub(super) async fn log_out(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.leaving(chat).await?;
    chat.log_out(&session).await?;
    Ok(goodbye(&request))
}

pub(super) async fn refresh(chat: &Chat, request: Request) -> Result<Response> {
    request.check_page()?;
    let credential = request.credential().ok_or(Error::NoSession)?;
    let fresh = chat
        .refresh(credential, request.client())
        .await
        .inspect_err(|error| request.count_stranger(error))?;
    Ok(token(&fresh, &request))
}

/// Returns whether the credential is valid; both cases have a body of their own.
pub(super) async fn verify(chat: &Chat, request: Request) -> Result<Response> {
    match request.session(chat).await {
        Ok(session) => Ok(json(StatusCode::OK, &wire::Verified::new(&chat.me(&session).await?))),
        Err(refused @ (Error::NoSession | Error::BadSession)) => Ok(not_verified(&refused)),
        Err(other) => Err(other),
    }
}

pub(super) async fn sessions(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let (sessions, push) = chat.my_sessions(&session).await?;
    Ok(json(StatusCode::OK, &wire::Sessions::new(&sessions, &push, session.id)))
}

pub(super) async fn end_session(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let id = request.param("id").parse().map(SessionId).map_err(|_| Error::SessionNotFound)?;
    chat.end_session(&session, id).await?;
    Ok(if id == session.id { goodbye(&request) } else { empty(StatusCode::NO_CONTENT) })
}

pub(super) async fn find_users(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let text = request.query("q").unwrap_or_default();
    let users = chat.find_users(&session, &text, page_limit(&request)?).await?;
    Ok(json(StatusCode::OK, &wire::Users::from(users.as_slice())))
}

pub(super) async fn user(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let user = chat.user(&session, request.param("userId")).await?;
    Ok(json(StatusCode::OK, &wire::User::public(&user)))
}

pub(super) async fn statuses(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let users = chat.statuses(&session).await?;
    Ok(json(StatusCode::OK, &wire::Statuses::from(&users[..])))
}

pub(super) async fn me(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let user = chat.me(&session).await?;
    let directory = chat.has_password_elsewhere(user.id).await?;
    Ok(json(StatusCode::OK, &wire::User::own(&user).of_directory(directory)))
}

pub(super) async fn change_me(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let change: wire::ChangeMe = request.json().await?;
    let user = chat.change_me(&session, change.into()).await?;
    let directory = chat.has_password_elsewhere(user.id).await?;
    Ok(json(StatusCode::OK, &wire::User::own(&user).of_directory(directory)))
}

pub(super) async fn delete_me(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.delete_me(&session).await?;
    Ok(goodbye(&request))
}

/// Returns the token in the body and in a cookie.
fn token(token: &Token, request: &Request) -> Response {
    set_session(json(StatusCode::OK, &wire::LoggedIn::from(token)), token, request)
}

/// Adds the cookie with a token, which lives as long as the session.
pub(crate) fn set_session(response: Response, token: &Token, request: &Request) -> Response {
    let left = token.session_expires.0.saturating_sub(Timestamp::now().0);
    let max_age = Duration::from_millis(u64::try_from(left).unwrap_or_default());
    let cookie = request.session_cookie(COOKIE, &token.text, Some(max_age));
    with_header(response, SET_COOKIE, &cookie)
}

fn goodbye(request: &Request) -> Response {
    with_header(empty(StatusCode::NO_CONTENT), SET_COOKIE, &request.cleared_cookie(COOKIE))
}
