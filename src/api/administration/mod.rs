//! `/api/server`, `/api/setup`, `/api/reset`, `/api/invitations` and `/api/admin`: facts about the
//! server, the first administrator, new passwords through links, what invitations offer, and
//! administration over HTTP. Not a dialect, but errors have the format of the native dialect; users
//! who are not administrators get 404.

mod audit;
pub(super) mod docs;
mod icon;
mod invitation;
mod oidc;
mod reset;

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::{Reply as _, Response};

use super::chatrooms::Chatrooms;
use super::openapi::{About, Described, types};
use super::request::Request;
use super::{Dialect, Route, respond};
use crate::admin::log::LogTail;
use crate::admin::{Command, Failure, Kind, Operator, Output, Reply};
use crate::chat::{Chat, Registration, Use};
use crate::config::{LogLevel, Registration as Registrations};
use crate::model::{Error, Look, Result, Session};

/// Maximum number of log lines queued for a client.
const QUEUE: usize = 64;

/// The paths under `/api` that belong to administration.
pub(super) struct Administration;

/// Operation of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `GET /api/server`
    Server,
    /// `GET /api/server/icon`
    Icon,
    /// `POST /api/setup`
    SetUp,
    /// `POST /api/setup/check`
    CheckSetUp,
    /// `POST /api/reset`
    Reset,
    /// `POST /api/reset/check`
    CheckReset,
    /// `POST /api/reset/mail`
    MailReset,
    /// `POST /api/invitations/check`
    CheckInvitation,
    /// `POST /api/invitations/accept`
    AcceptInvitation,
    /// `GET /api/oidc/login`
    OidcLogIn,
    /// `GET /api/oidc/callback`
    OidcCallback,
    /// `POST /api/admin`
    Command,
    /// `GET /api/admin/log`
    Log,
    /// `GET /api/admin/audit`
    Audit,
}

impl Dialect for Administration {
    const NAME: &'static str = "administration";
    const COOKIE: Option<&'static str> = Chatrooms::COOKIE;
    const PREFIXES: &'static [&'static str] = &["api"];
    const ROUTES_ONLY: bool = true;
    type Operation = Operation;
    const ROUTES: &'static [Route<Operation>] = &[
        Route { method: Method::GET, template: "/api/server", operation: Operation::Server },
        Route { method: Method::GET, template: "/api/server/icon", operation: Operation::Icon },
        Route { method: Method::POST, template: "/api/setup", operation: Operation::SetUp },
        Route {
            method: Method::POST,
            template: "/api/setup/check",
            operation: Operation::CheckSetUp,
        },
        Route { method: Method::POST, template: "/api/reset", operation: Operation::Reset },
        Route {
            method: Method::POST,
            template: "/api/reset/check",
            operation: Operation::CheckReset,
        },
        Route {
            method: Method::POST,
            template: "/api/reset/mail",
            operation: Operation::MailReset,
        },
        Route {
            method: Method::POST,
            template: "/api/invitations/check",
            operation: Operation::CheckInvitation,
        },
        Route {
            method: Method::POST,
            template: "/api/invitations/accept",
            operation: Operation::AcceptInvitation,
        },
        Route { method: Method::GET, template: "/api/oidc/login", operation: Operation::OidcLogIn },
        Route {
            method: Method::GET,
            template: "/api/oidc/callback",
            operation: Operation::OidcCallback,
        },
        Route { method: Method::POST, template: "/api/admin", operation: Operation::Command },
        Route { method: Method::GET, template: "/api/admin/log", operation: Operation::Log },
        Route { method: Method::GET, template: "/api/admin/audit", operation: Operation::Audit },
    ];

    async fn call(chat: Chat, operation: Operation, request: Request) -> Result<Response> {
        match operation {
            Operation::Server => server(&chat, &request).await,
            Operation::Icon => icon::icon(&chat, &request).await,
            Operation::SetUp => set_up(&chat, request).await,
            Operation::CheckSetUp => check_set_up(&chat, request).await,
            Operation::Reset => reset::reset(&chat, request).await,
            Operation::CheckReset => reset::check(&chat, request).await,
            Operation::MailReset => reset::mail(&chat, request).await,
            Operation::CheckInvitation => invitation::check(&chat, request).await,
            Operation::AcceptInvitation => invitation::accept(&chat, request).await,
            Operation::OidcLogIn => oidc::log_in(&chat, &request).await,
            Operation::OidcCallback => oidc::callback(&chat, &request).await,
            Operation::Command => command(&chat, request).await,
            Operation::Log => log(chat, request).await,
            Operation::Audit => {
                let session = administrator(&chat, &request).await?;
                audit::page(&chat, &session, &request).await
            }
        }
    }

    fn error(error: &Error) -> Response {
        Chatrooms::error(error)
    }

    const ABOUT: About = docs::ABOUT;

    fn describe(operation: Operation) -> Described {
        docs::describe(operation)
    }
}

/// Body of `POST /api/setup`.
#[derive(Deserialize, ToSchema)]
pub(super) struct SetUp {
    token: String,
    #[serde(rename = "userId")]
    #[schema(schema_with = types::new_login)]
    user_id: String,
    #[schema(schema_with = types::new_password)]
    password: String,
}

/// Body of `POST /api/setup/check`.
#[derive(Deserialize, ToSchema)]
pub(super) struct CheckSetUp {
    token: String,
}

/// What may be known of the server before logging in.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(super) struct ServerFacts {
    /// Name of the server, as administrators have set it or `[server] name`; absent if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// Accent colour, as `#rrggbb`; absent if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accent: Option<String>,
    /// Message of the day; absent if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    motd: Option<String>,
    /// Tag of the icon, which changes with it: `GET /api/server/icon`; absent if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    icon: Option<String>,
    /// Whether anyone can create an account.
    registration: bool,
    /// Whether anyone with an invitation can, and nobody else; absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    invitations: bool,
    /// Whether users may create API tokens of their own (`[auth] personal_tokens`); absent if not.
    #[serde(rename = "personalTokens", skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    personal_tokens: bool,
    /// Whether `POST /api/reset/mail` mails links for a new password; absent if not.
    #[serde(rename = "resetByMail", skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    reset_by_mail: bool,
    /// Whether the server can send mail (`[mail]`), so that `invite.create` can mail invitations;
    /// absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    mail: bool,
    /// Whether the server shows previews of links (`[link_previews] enabled`); absent if not.
    #[serde(rename = "linkPreviews", skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    link_previews: bool,
    /// How to log in through the provider of OpenID Connect (`[oidc]`): `GET /api/oidc/login`;
    /// absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    oidc: Option<OidcFacts>,
    /// False if nobody logs in with a password (`[auth] local_login`, without `[ldap]`); absent if
    /// people do.
    #[serde(rename = "localLogin", skip_serializing_if = "Clone::clone")]
    #[schema(required = false)]
    local_login: bool,
    /// Days for which messages are kept in rooms that do not say otherwise; absent: for ever.
    #[serde(rename = "retentionDays", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retention_days: Option<u32>,
    /// False if pinned messages are deleted like others, in rooms that do not say otherwise; absent
    /// if they are kept until they are unpinned.
    #[serde(rename = "keepPinned", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    keep_pinned: Option<bool>,
    /// Whether there is no administrator yet: the link that `serve` prints creates one.
    setup: bool,
}

/// How to log in through a provider.
#[derive(Serialize, ToSchema)]
pub(super) struct OidcFacts {
    /// Label of the button (`[oidc] label`); empty unless it is configured.
    label: String,
}

/// The user who was made administrator.
#[derive(Serialize, ToSchema)]
pub(super) struct Administrator {
    #[serde(rename = "userId")]
    user_id: String,
    id: i64,
    admin: bool,
}

async fn server(chat: &Chat, request: &Request) -> Result<Response> {
    let config = &request.config;
    let local_login = config.auth.local_login;
    let Look { name, accent, motd, icon } = chat.look().await;
    let facts = ServerFacts {
        name,
        accent,
        motd,
        icon,
        registration: local_login && config.auth.registration == Registrations::Open,
        invitations: local_login && config.auth.registration == Registrations::Invite,
        personal_tokens: config.auth.personal_tokens,
        reset_by_mail: chat.mails_reset_links(),
        mail: chat.sends_mail(),
        link_previews: config.link_previews.enabled,
        oidc: chat.oidc_label().map(|label| OidcFacts { label }),
        local_login: local_login || config.ldap.is_on(),
        retention_days: Some(config.retention.days).filter(|days| *days > 0),
        keep_pinned: Some(false).filter(|_| !config.retention.keep_pinned),
        setup: chat.awaits_administrator().await?,
    };
    Ok(respond::json(StatusCode::OK, &facts))
}

async fn check_set_up(chat: &Chat, mut request: Request) -> Result<Response> {
    let CheckSetUp { token } = request.json().await?;
    chat.check_invitation(&token).await?;
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

async fn set_up(chat: &Chat, mut request: Request) -> Result<Response> {
    let SetUp { token, user_id, password } = request.json().await?;
    let user = chat
        .set_up(
            &token,
            Registration { login: user_id, password, ..Registration::default() },
            request.client(),
        )
        .await?;
    Ok(respond::json(
        StatusCode::CREATED,
        &Administrator { user_id: user.login, id: user.id.0, admin: user.admin },
    ))
}

/// Returns the administrator's session; all other callers get 404.
async fn administrator(chat: &Chat, request: &Request) -> Result<Session> {
    match request.session(chat).await {
        Ok(session) if session.admin => Ok(session),
        Err(error @ (Error::ForeignOrigin | Error::RateLimited(_) | Error::Unavailable)) => {
            Err(error)
        }
        _ => Err(Error::NotFound),
    }
}

async fn command(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = administrator(chat, &request).await?;
    let command: Command = request.json().await?;
    if !command.is_remote() {
        return Ok(failure(&Failure::new(
            Kind::NotPermitted,
            "this command is only available on the command line",
        )));
    }
    let admin = request.admin().clone();
    let (output, mut replies) = Output::new();
    let running =
        tokio::spawn(async move { admin.run(&Operator::api(&session), command, &output).await });
    let mut items = Vec::new();
    while let Some(reply) = replies.recv().await {
        if let Reply::Item(item) = reply {
            items.push(item);
        }
    }
    Ok(match running.await.map_err(|_| Error::Internal)? {
        Ok(()) => respond::json(StatusCode::OK, &json!({"items": items})),
        // The command was executed, and found problems.
        Err(problems) if problems.kind == Kind::Problems => {
            respond::json(StatusCode::OK, &json!({"items": items, "problems": problems.message}))
        }
        Err(other) => failure(&other),
    })
}

fn failure(failure: &Failure) -> Response {
    let status = match failure.kind {
        Kind::Usage => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::NotPermitted => StatusCode::FORBIDDEN,
        Kind::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Failed | Kind::Problems | Kind::Interrupted => StatusCode::INTERNAL_SERVER_ERROR,
    };
    respond::json(status, failure)
}

/// Streams log lines, one JSON object per line with spaces before it after a pause, until the client disconnects, the server stops, or
/// the caller is no longer an administrator.
async fn log(chat: Chat, request: Request) -> Result<Response> {
    let session = administrator(&chat, &request).await?;
    let Some(credential) = request.credential().cloned() else { return Err(Error::NotFound) };
    let client = request.client().clone();
    let level = match request.query("level") {
        None => None,
        Some(text) => Some(LogLevel::parse(&text).ok_or(Error::Invalid {
            field: "level".into(),
            why: "must be error, warn, info, debug or trace".to_owned(),
        })?),
    };
    let command = Command::LogTail(LogTail {
        lines: None,
        level,
        user: request.query("user"),
        room: request.query("room"),
        for_seconds: None,
    });
    let beat = Duration::from_secs(request.config.server.heartbeat_seconds);
    let (output, mut replies) = Output::new();
    let admin = request.admin().clone();
    tokio::spawn(async move { admin.run(&Operator::api(&session), command, &output).await });
    let (lines, written) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        while let Some(reply) = replies.recv().await {
            let Reply::Item(item) = reply else { continue };
            // Checked for each line: the answer comes from the cache, which forgets ended sessions
            // and changed users.
            let allowed = chat
                .authenticate(&credential, &client, Use::Read)
                .await
                .is_ok_and(|who| who.session.admin);
            if !allowed || lines.send(format!("{item}\n")).await.is_err() {
                return;
            }
        }
    });
    let lines = stream::unfold(written, move |mut written| async move {
        // Writing is the only way to notice a client that is gone.
        let line = tokio::time::timeout(beat, written.recv()).await;
        let line = line.unwrap_or_else(|_| Some(" ".to_owned()))?;
        Some((Ok::<_, Infallible>(line), written))
    });
    let mut response = warp::reply::stream(lines).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}
