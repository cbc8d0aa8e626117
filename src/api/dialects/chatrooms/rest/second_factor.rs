//! The caller's own second factor.

use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::Chat;
use crate::model::{Error, Result};
use crate::qr;

pub(super) async fn state(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let state = chat.second_factor(&session).await?;
    Ok(json(StatusCode::OK, &wire::FactorState::from(state)))
}

pub(super) async fn set_up(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let body: wire::SetUpFactor = request.json().await?;
    let set_up = chat.set_up_second_factor(&session, &body.password).await?;
    let qr_code = qr::svg(&set_up.url).ok_or(Error::Internal)?;
    let set_up = wire::FactorSetUp { secret: &set_up.secret, url: &set_up.url, qr_code };
    Ok(json(StatusCode::OK, &set_up))
}

pub(super) async fn confirm(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let body: wire::ConfirmFactor = request.json().await?;
    let recovery_codes = chat.confirm_second_factor(&session, &body.code).await?;
    Ok(json(StatusCode::OK, &wire::RecoveryCodes { recovery_codes }))
}

pub(super) async fn renew(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let body: wire::UseFactor = request.json().await?;
    let recovery_codes = chat.renew_recovery_codes(&session, &body.password, &body.code).await?;
    Ok(json(StatusCode::OK, &wire::RecoveryCodes { recovery_codes }))
}

pub(super) async fn turn_off(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let body: wire::TurnOffFactor = request.json().await?;
    chat.turn_off_second_factor(&session, &body.password, body.code.as_deref()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
