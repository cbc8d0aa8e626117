//! Accounts, log-in and profiles.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use warp::http::header::SET_COOKIE;
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::super::auth::{cleared_cookie, session_cookie};
use super::super::request::Request;
use super::super::respond::{empty, json};
use super::{COOKIE, rest, wire};
use crate::chat::{Chat, ProfileChange, Registration, Token};
use crate::model::{Error, MediaId, Result, Timestamp};

const DEFAULT_USERS: u32 = 20;
const MAX_USERS: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    user_id: String,
    password: String,
    name: Option<String>,
    email: Option<String>,
    birth: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    user_id: String,
    password: String,
}

/// Null takes away, absence leaves.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Profile {
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    email: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    birth: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    media_id: Option<Option<i64>>,
    password: Option<String>,
    current_password: Option<String>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued<'a> {
    user_id: &'a str,
    token: &'a str,
    expires_at: String,
}

pub(super) async fn register(chat: Chat, mut request: Request) -> Result<Response> {
    let NewUser { user_id, password, name, email, birth } = request.json().await?;
    let user = chat.register(Registration { login: user_id, password, name, email, birth }, request.client()).await?;
    Ok(json(StatusCode::CREATED, &wire::User::own(&user)))
}

pub(super) async fn login(chat: Chat, mut request: Request) -> Result<Response> {
    let body: Credentials = request.json().await?;
    let logged_in = chat.log_in(&body.user_id, &body.password, request.client()).await?;
    issue(&request, &chat.token(&logged_in)?)
}

pub(super) async fn logout(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    chat.log_out(&session).await?;
    Ok(without_cookie(&request))
}

pub(super) async fn refresh(chat: Chat, request: Request) -> Result<Response> {
    request.check_cookie_origin()?;
    let credential = request.credential().ok_or(Error::NoSession)?;
    let token = chat.refresh(credential, request.client()).await?;
    issue(&request, &token)
}

pub(super) async fn me(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    Ok(json(StatusCode::OK, &wire::User::own(&chat.me(&session).await?)))
}

pub(super) async fn change_me(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let Profile { name, email, birth, media_id, password, current_password } = request.json().await?;
    let media = media_id.map(|id| id.map(MediaId));
    let change = ProfileChange { name, email, birth, media, password, current_password };
    Ok(json(StatusCode::OK, &wire::User::own(&chat.change_me(&session, change).await?)))
}

pub(super) async fn delete_me(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    chat.delete_me(&session).await?;
    Ok(without_cookie(&request))
}

pub(super) async fn find(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let limit = rest::limit(&request, DEFAULT_USERS, MAX_USERS)?;
    let found = chat.find_users(&session, &request.query("q").unwrap_or_default(), limit).await?;
    let users: Vec<_> = found.iter().map(wire::User::public).collect();
    Ok(json(StatusCode::OK, &serde_json::json!({ "users": users })))
}

pub(super) async fn user(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    Ok(json(StatusCode::OK, &wire::User::public(&chat.user(&session, request.param("userId")).await?)))
}

/// The token in body and cookie; the cookie lives as long as the session.
fn issue(request: &Request, token: &Token) -> Result<Response> {
    let mut response = json(StatusCode::OK, &Issued { user_id: &token.login, token: &token.text, expires_at: token.expires.seconds() });
    let left = Duration::from_millis(u64::try_from(token.session_expires.0 - Timestamp::now().0).unwrap_or_default());
    let cookie = session_cookie(COOKIE, &token.text, Some(left), request.is_secure());
    response.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(&cookie).map_err(|_| Error::Internal)?);
    Ok(response)
}

fn without_cookie(request: &Request) -> Response {
    let mut response = empty(StatusCode::NO_CONTENT);
    if let Ok(cookie) = HeaderValue::from_str(&cleared_cookie(COOKIE, request.is_secure())) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
