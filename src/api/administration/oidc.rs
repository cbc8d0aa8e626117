//! `GET /api/oidc/login` and `GET /api/oidc/callback`: log-in through a provider of OpenID Connect.
//!
//! Both answer browsers, which they send on: to the provider, and back to the web UI, which is told
//! of failures in the part of the address that no server sees. What binds the answer to the browser
//! is a cookie that lives for ten minutes.

use std::time::Duration;

use warp::http::header::{HOST, LOCATION, SET_COOKIE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use crate::api::chatrooms::set_session;
use crate::api::openapi::{Described, types};
use crate::api::request::Request;
use crate::api::respond::{empty, with_header};
use crate::chat::{Chat, NoAccount, NotLoggedIn};
use crate::model::{Error, Result};
use crate::oidc::{Answer, CALLBACK, Secret, redirect_uri};

/// The cookie of a log-in under way.
const COOKIE: &str = "oidc_login";
/// Maximum length of the place in the web UI that a log-in returns to.
const LONGEST: usize = 64;
/// Time for logging in at the provider.
const PATIENCE: Duration = Duration::from_mins(10);

/// Sends the browser to the provider.
pub(super) async fn log_in(chat: &Chat, request: &Request) -> Result<Response> {
    if chat.oidc_label().is_none() {
        return Err(Error::NotFound);
    }
    let response = match chat.begin_oidc(&own_address(request)).await {
        Ok((address, secret)) => {
            let value = format!("{}.{}", secret.text(), wanted(request));
            let cookie = request.session_cookie(COOKIE, &value, Some(PATIENCE));
            with_header(sent_to(&address)?, SET_COOKIE, &cookie)
        }
        Err(error) => back_with(request, &error)?,
    };
    Ok(response)
}

/// Opens a session for the browser that comes back.
pub(super) async fn callback(chat: &Chat, request: &Request) -> Result<Response> {
    if chat.oidc_label().is_none() {
        return Err(Error::NotFound);
    }
    let response = match answer(chat, request).await {
        Ok(logged_in) => {
            let to = request.cookie(COOKIE).and_then(|cookie| cookie.split_once('.'));
            let place = to.map_or("", |(_, place)| place);
            let place = if place.is_empty() { "/".to_owned() } else { format!("/#/{place}") };
            set_session(sent_to(&request.address_of(&place))?, &chat.token(&logged_in)?, request)
        }
        Err(Refused::ByProvider(code)) => back(request, code)?,
        Err(Refused::Here(error)) => back_with(request, &error)?,
    };
    // Whatever came of it, the answer is used up.
    Ok(with_header(response, SET_COOKIE, &request.cleared_cookie(COOKIE)))
}

/// Why a browser that comes back gets no session.
enum Refused {
    /// The provider says so, or the answer is not to a question of this browser: a code for the web
    /// UI.
    ByProvider(&'static str),
    Here(NotLoggedIn),
}

async fn answer(
    chat: &Chat,
    request: &Request,
) -> std::result::Result<crate::chat::LoggedIn, Refused> {
    let cookie = request.cookie(COOKIE).and_then(|cookie| cookie.split_once('.'));
    let secret = cookie.and_then(|(secret, _)| Secret::parse(secret));
    let state = request.query("state").unwrap_or_default();
    let Some(secret) = secret.filter(|secret| secret.has_state(&state)) else {
        return Err(Refused::ByProvider("expired"));
    };
    if let Some(error) = request.query("error") {
        let denied = error == "access_denied";
        return Err(Refused::ByProvider(if denied { "denied" } else { "refused" }));
    }
    let code = request.query("code").unwrap_or_default();
    let answer = Answer { code, issuer: request.query("iss") };
    let address = own_address(request);
    let logged_in = chat.finish_oidc(&address, &secret, answer, request.client()).await;
    logged_in.map_err(Refused::Here)
}

/// Returns the place in the web UI that the browser goes to afterwards: the query value `to`, such as
/// `room007/msg7000000001`, if it is one.
fn wanted(request: &Request) -> String {
    let fits = |to: &String| {
        to.len() <= LONGEST
            && to
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'/')
    };
    request.query("to").filter(fits).unwrap_or_default()
}

/// Returns the address of the callback as browsers reach it: below `public_url`, or below the host
/// that this browser has asked.
fn own_address(request: &Request) -> String {
    redirect_uri(&request.config).unwrap_or_else(|| {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let scheme = if request.secure { "https" } else { "http" };
        format!("{scheme}://{}{CALLBACK}", host.unwrap_or("localhost"))
    })
}

fn back_with(request: &Request, error: &NotLoggedIn) -> Result<Response> {
    let code = match error {
        NotLoggedIn::Unavailable => "unavailable",
        NotLoggedIn::Refused => "refused",
        NotLoggedIn::Disabled | NotLoggedIn::Failed(Error::BadCredentials { .. }) => "disabled",
        NotLoggedIn::NoAccount(NoAccount::Unknown) => "unknown",
        NotLoggedIn::NoAccount(NoAccount::NoName | NoAccount::InvalidName(_)) => "name",
        NotLoggedIn::NoAccount(NoAccount::NameTaken(_)) => "taken",
        NotLoggedIn::NoAccount(NoAccount::EmailTaken) => "email",
        NotLoggedIn::Failed(Error::RateLimited(_)) => "limited",
        NotLoggedIn::NoAccount(NoAccount::Failed(_)) | NotLoggedIn::Failed(_) => "failed",
    };
    back(request, code)
}

/// Sends the browser back to the sign-in page, which shows a text for the code.
fn back(request: &Request, code: &str) -> Result<Response> {
    sent_to(&request.address_of(&format!("/#/sign-in/{code}")))
}

/// Describes `GET /api/oidc/login`.
pub(super) fn describe_log_in() -> Described {
    Described::new("Begin a log-in through OpenID Connect")
        .text(
            "For browsers: sends them to the provider of `[oidc]`, or back to the sign-in page with \
             the reason in the fragment of the address. 404 unless a provider is configured.",
        )
        .open()
        .query("to", types::text(), "Page of the web UI to return to, such as `room007`")
        .empty(303, "Where the browser goes on")
        .fails([Error::NotFound])
}

/// Describes `GET /api/oidc/callback`.
pub(super) fn describe_callback() -> Described {
    Described::new("End a log-in through OpenID Connect")
        .text(
            "The redirect URI: the provider sends browsers back to it. Sets the session cookie, and \
             sends them to the web UI, or to the sign-in page with the reason in the fragment of \
             the address.",
        )
        .open()
        .query("code", types::text(), "Code that is exchanged for tokens")
        .query("state", types::text(), "Binds the answer to the browser that has asked")
        .query("iss", types::text(), "Issuer, from newer providers")
        .query("error", types::text(), "Why the provider has logged nobody in")
        .empty(303, "Where the browser goes on")
        .fails([Error::NotFound])
}

fn sent_to(address: &str) -> Result<Response> {
    let address = HeaderValue::from_str(address).map_err(|_| Error::Internal)?;
    let mut response = empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, address);
    Ok(response)
}
