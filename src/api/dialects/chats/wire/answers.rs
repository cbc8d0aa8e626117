//! Responses of `chats`. Only pictures may be null: a missing e-mail address, birth date or name is
//! replaced by a placeholder.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::api::wire::Millis;
use crate::chat::{LoggedIn, Membership, Token};
use crate::model::{self, Session};

/// Maximum length of a chat name, in code points.
const MAX_NAME: usize = 64;
/// Placeholder for a missing birth date.
const NO_BIRTH: &str = "1970-01-01";

/// The body of every success.
#[derive(Serialize)]
pub(crate) struct Success<'a, T> {
    status: &'static str,
    data: &'a T,
}

impl<'a, T> Success<'a, T> {
    pub(crate) fn new(data: &'a T) -> Self {
        Self { status: "success", data }
    }
}

/// The body of every failure.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(crate) enum Failure<'a> {
    /// Errors that the caller can correct.
    Fail { data: Title<'a> },
    /// Errors of the server.
    Error { message: &'a str },
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Title<'a> {
    title: &'a str,
}

impl<'a> Failure<'a> {
    pub(crate) fn fail(title: &'a str) -> Self {
        Self::Fail { data: Title { title } }
    }

    pub(crate) fn error(message: &'a str) -> Self {
        Self::Error { message }
    }
}

/// `POST /auth/login`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened<'a> {
    id: i64,
    #[schema(schema_with = types::opaque)]
    refresh_token: &'a str,
    access_token: &'a str,
}

impl<'a> Opened<'a> {
    pub(crate) fn new(login: &'a LoggedIn, token: &'a Token) -> Self {
        Self { id: login.user.id.0, refresh_token: &login.secret, access_token: &token.text }
    }
}

/// `POST /auth/token`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refreshed<'a> {
    access_token: &'a str,
}

impl<'a> From<&'a Token> for Refreshed<'a> {
    fn from(token: &'a Token) -> Self {
        Self { access_token: &token.text }
    }
}

/// A room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chat<'a> {
    id: i64,
    name: Cow<'a, str>,
    users: Vec<Place<'a>>,
    created_at: Millis,
    #[serde(rename = "_count")]
    count: Count,
}

#[derive(Serialize, ToSchema)]
struct Count {
    users: usize,
}

impl<'a> Chat<'a> {
    /// Builds a chat as the caller sees it.
    pub(crate) fn new(membership: &'a Membership, caller: &'a Session) -> Self {
        let room = &membership.room;
        Self {
            id: room.id.0,
            name: room
                .name
                .as_deref()
                .map_or_else(|| made_up_name(membership, caller), Cow::Borrowed),
            users: membership
                .users
                .iter()
                .map(|user| Place { user: User::from(&**user) })
                .collect(),
            created_at: room.created.into(),
            count: Count { users: membership.count },
        }
    }
}

/// Name for an unnamed room: its other participants, or the caller if there are none.
fn made_up_name<'a>(membership: &'a Membership, caller: &'a Session) -> Cow<'a, str> {
    let mut name = String::new();
    // Names are not empty, so further users would not change the result.
    for other in membership.users.iter().filter(|user| user.id != caller.user).take(MAX_NAME) {
        if !name.is_empty() {
            name.push_str(", ");
        }
        name.push_str(&other.name);
    }
    if name.is_empty() {
        Cow::Borrowed(&caller.name)
    } else {
        name.chars().take(MAX_NAME).collect::<String>().into()
    }
}

#[derive(Serialize, ToSchema)]
struct Place<'a> {
    user: User<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    id: i64,
    email: Cow<'a, str>,
    name: &'a str,
    birth: &'a str,
    #[schema(required)]
    media: Option<Media<'a>>,
    created_at: Millis,
}

impl<'a> From<&'a model::User> for User<'a> {
    fn from(user: &'a model::User) -> Self {
        Self {
            id: user.id.0,
            email: user
                .email
                .as_deref()
                .map_or_else(|| format!("user{}@users.invalid", user.id).into(), Cow::Borrowed),
            name: &user.name,
            birth: user.birth.as_deref().unwrap_or(NO_BIRTH),
            media: user.media.as_ref().and_then(Media::picture),
            created_at: user.created.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Media<'a> {
    id: i64,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    user_id: i64,
    is_image: bool,
    created_at: Millis,
}

impl<'a> Media<'a> {
    /// Returns a picture of a type known to clients of this dialect.
    fn picture(media: &'a model::Media) -> Option<Self> {
        let kind = match media.kind.as_str() {
            "png" => "png",
            "jpg" | "jpeg" => "jpg",
            "gif" => "gif",
            _ => return None,
        };
        let created_at = media.created.into();
        Some(Self {
            id: media.id.0,
            name: &media.name,
            kind,
            user_id: media.owner.0,
            is_image: media.is_image,
            created_at,
        })
    }
}
