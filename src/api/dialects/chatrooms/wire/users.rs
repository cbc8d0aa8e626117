//! Failures, users, sessions and uploads.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::wire::Seconds;
use crate::chat::Token;
use crate::model;

/// The body of every failure.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure<'a> {
    /// Error code.
    pub(crate) error: &'static str,
    /// Text for users.
    pub(crate) message: String,
    /// Field of an `invalid_request`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) field: Option<&'a str>,
}

/// What a user says about themselves for a time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    emoji: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Seconds>,
}

impl<'a> From<&'a model::Status> for Status<'a> {
    fn from(status: &'a model::Status) -> Self {
        Self {
            emoji: status.emoji.as_deref(),
            text: &status.text,
            until: status.until.map(Into::into),
        }
    }
}

/// A user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User<'a> {
    id: i64,
    user_id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    birth: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    media: Option<Media<'a>>,
    /// Only present while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<Status<'a>>,
    created_at: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    admin: Option<bool>,
    /// Only present for bots.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bot: Option<bool>,
    /// Only present for guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    guest: Option<bool>,
    /// The LDAP directory keeps the password; only present in one's own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    directory: Option<bool>,
}

impl<'a> User<'a> {
    /// The view of other users.
    pub(crate) fn public(user: &'a model::User) -> Self {
        Self {
            id: user.id.0,
            user_id: &user.login,
            name: &user.name,
            email: None,
            birth: None,
            media: user.media.as_ref().map(Media::from),
            status: user.status_at(model::Timestamp::now()).map(Status::from),
            created_at: user.created.into(),
            admin: None,
            bot: user.bot.then_some(true),
            guest: user.guest.then_some(true),
            directory: None,
        }
    }

    /// The view after registration.
    pub(crate) fn registered(user: &'a model::User) -> Self {
        Self { email: user.email.as_deref(), birth: user.birth.as_deref(), ..Self::public(user) }
    }

    /// The view of the user.
    pub(crate) fn own(user: &'a model::User) -> Self {
        Self { admin: Some(user.admin), ..Self::registered(user) }
    }

    /// Says whether the LDAP directory keeps the password of the user.
    pub(crate) fn of_directory(self, directory: bool) -> Self {
        Self { directory: directory.then_some(true), ..self }
    }
}

/// `GET /verify` with a valid credential.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verified<'a> {
    valid: bool,
    user: User<'a>,
}

impl<'a> Verified<'a> {
    pub(crate) fn new(user: &'a model::User) -> Self {
        Self { valid: true, user: User::own(user) }
    }
}

/// `GET /verify` without a valid credential.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotVerified {
    pub(crate) valid: bool,
    pub(crate) error: &'static str,
    pub(crate) message: String,
}

/// `GET /api/sessions`
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions<'a> {
    sessions: Vec<Session<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    id: i64,
    device: &'a str,
    created_at: Seconds,
    last_seen: Seconds,
    current: bool,
    /// Whether the device receives push notifications.
    push: bool,
}

impl<'a> Sessions<'a> {
    /// Lists all sessions of a user, requested by one of them; `push` have a subscription.
    pub(crate) fn new(
        sessions: &'a [model::Session],
        push: &[model::SessionId],
        own: model::SessionId,
    ) -> Self {
        let session = |session: &'a model::Session| Session {
            id: session.id.0,
            device: &session.device,
            created_at: session.created.into(),
            last_seen: session.seen.into(),
            current: session.id == own,
            push: push.contains(&session.id),
        };
        Self { sessions: sessions.iter().map(session).collect() }
    }
}

/// `GET /api/users`
#[derive(Serialize, ToSchema)]
pub(crate) struct Users<'a> {
    users: Vec<User<'a>>,
}

impl<'a> From<&'a [model::User]> for Users<'a> {
    fn from(users: &'a [model::User]) -> Self {
        Self { users: users.iter().map(User::public).collect() }
    }
}

/// `GET /api/statuses`
#[derive(Serialize, ToSchema)]
pub(crate) struct Statuses<'a> {
    statuses: Vec<StatusOf<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatusOf<'a> {
    user_id: &'a str,
    status: Status<'a>,
}

impl<'a> From<&'a [model::User]> for Statuses<'a> {
    /// Leaves out users without a status.
    fn from(users: &'a [model::User]) -> Self {
        let now = model::Timestamp::now();
        let status = |user: &'a model::User| {
            let status = user.status_at(now)?.into();
            Some(StatusOf { user_id: &user.login, status })
        };
        Self { statuses: users.iter().filter_map(status).collect() }
    }
}

/// An uploaded file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Media<'a> {
    id: i64,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    is_image: bool,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    file_name: Option<&'a str>,
    created_at: Seconds,
}

impl<'a> From<&'a model::Media> for Media<'a> {
    fn from(media: &'a model::Media) -> Self {
        Self {
            id: media.id.0,
            name: &media.name,
            kind: &media.kind,
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name.as_deref(),
            created_at: media.created.into(),
        }
    }
}

/// Returns all attachments of a message.
pub(crate) fn media_of(message: &model::Message) -> Vec<Media<'_>> {
    message.media.iter().map(Media::from).collect()
}

/// `POST /api/login` and `/api/refresh`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedIn<'a> {
    user_id: &'a str,
    token: &'a str,
    expires_at: Seconds,
}

impl<'a> From<&'a Token> for LoggedIn<'a> {
    fn from(token: &'a Token) -> Self {
        Self { user_id: &token.login, token: &token.text, expires_at: token.expires.into() }
    }
}
