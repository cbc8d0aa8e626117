//! `POST /api/reset`: a new password through a link, which an administrator created or the server
//! mailed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::openapi::types;
use crate::api::request::Request;
use crate::api::respond;
use crate::chat::{Chat, Language};
use crate::model::{Error, Result};

/// Body of `POST /api/reset/check`.
#[derive(Deserialize, ToSchema)]
pub(super) struct CheckReset {
    token: String,
}

/// Body of `POST /api/reset`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Reset {
    token: String,
    #[schema(schema_with = types::new_password)]
    password: String,
}

/// Body of `POST /api/reset/mail`.
#[derive(Deserialize, ToSchema)]
pub(super) struct MailReset {
    /// Login name or e-mail address.
    user: String,
    /// Language of the letter, such as `ko` or `zh-CN`. Absent, or one without texts: English.
    #[serde(default)]
    language: String,
}

/// Whose password a link sets.
#[derive(Serialize, ToSchema)]
pub(super) struct Owner {
    #[serde(rename = "userId")]
    user_id: String,
    /// Display name.
    name: String,
}

/// Answers whose password a link sets.
pub(super) async fn check(chat: &Chat, mut request: Request) -> Result<Response> {
    let CheckReset { token } = request.json().await?;
    let found = chat.check_reset_link(&token).await;
    let user = found.inspect_err(|error| count(&request, error))?;
    Ok(respond::json(StatusCode::OK, &Owner { user_id: user.login, name: user.name }))
}

/// Sets the password.
pub(super) async fn reset(chat: &Chat, mut request: Request) -> Result<Response> {
    let Reset { token, password } = request.json().await?;
    let changed = chat.reset_password(&token, &password, request.client()).await;
    let user = changed.inspect_err(|error| count(&request, error))?;
    Ok(respond::json(StatusCode::OK, &Owner { user_id: user.login, name: user.name }))
}

/// Mails a link; answers before it is known whether there is such an account.
pub(super) async fn mail(chat: &Chat, mut request: Request) -> Result<Response> {
    let MailReset { user, language } = request.json().await?;
    chat.mail_reset_link(&user, Language::of_tag(&language), request.client()).await?;
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

/// Counts a link that does not exist like a credential without a session.
fn count(request: &Request, error: &Error) {
    if *error == Error::Forbidden {
        request.count_stranger(&Error::BadSession);
    }
}
