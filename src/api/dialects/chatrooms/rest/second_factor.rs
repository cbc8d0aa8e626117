//! The caller's own second factor.

use warp::http::StatusCode;
use warp::reply::Response;

use super::accounts::set_session;
use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json};
use crate::chat::{Chat, FactorSetUp};
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
    shown(&set_up)
}

/// Sets up the second factor that a log-in needs.
pub(super) async fn set_up_at_log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let body: wire::SetUpAtLogIn = request.json().await?;
    let set_up = chat.set_up_at_log_in(&body.user_id, &body.password, request.client()).await?;
    shown(&set_up)
}

/// Confirms it, and opens the session.
pub(super) async fn confirm_at_log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let body: wire::ConfirmAtLogIn = request.json().await?;
    let wire::ConfirmAtLogIn { user_id, password, code } = &body;
    let (opened, recovery_codes) =
        chat.confirm_at_log_in(user_id, password, code, request.client()).await?;
    let token = chat.token(&opened)?;
    let answer = wire::ConfirmedAtLogIn { login: (&token).into(), recovery_codes };
    Ok(set_session(json(StatusCode::OK, &answer), &token, &request))
}

fn shown(set_up: &FactorSetUp) -> Result<Response> {
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
