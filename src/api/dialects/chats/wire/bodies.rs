//! Request bodies. Unknown fields are ignored; null is not a text, list or number.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::chat::{CreatorRole, People, Replacement, RoomPlan};
use crate::model::{Error, Result, UserId, Visibility, check_room_name};

/// `POST /auth/login`
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    email: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    login: Option<String>,
    #[schema(schema_with = types::password)]
    password: String,
    /// Code of the app, or a recovery code, if the account has a second factor.
    code: Option<String>,
}

/// Data of a log-in.
pub(crate) struct LogIn {
    pub(crate) name: LogInName,
    pub(crate) password: String,
    pub(crate) code: Option<String>,
}

/// How the account is named; the e-mail address has priority.
pub(crate) enum LogInName {
    Email(String),
    Login(String),
}

impl TryFrom<Credentials> for LogIn {
    type Error = Error;

    fn try_from(body: Credentials) -> Result<Self> {
        let name = body.email.map(LogInName::Email).or(body.login.map(LogInName::Login));
        Ok(Self {
            name: name.ok_or_else(|| Error::invalid("email", "or login is required"))?,
            password: body.password,
            code: body.code,
        })
    }
}

/// `POST /auth/token`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refresh {
    pub(crate) refresh_token: String,
}

/// `POST /chats`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewChat {
    #[schema(schema_with = types::room_name)]
    name: String,
    #[schema(schema_with = types::user_ids)]
    user_ids: Vec<Natural>,
}

impl TryFrom<NewChat> for RoomPlan {
    type Error = Error;

    fn try_from(new: NewChat) -> Result<Self> {
        // Invalid fields are reported before missing ones.
        check_room_name("name", &new.name)?;
        if new.user_ids.is_empty() {
            return Err(Error::TooFew("userIds"));
        }
        let people = People::Ids(ids(new.user_ids));
        Ok(Self {
            name: Some(new.name),
            visibility: Visibility::Private,
            people,
            creator: CreatorRole::Member,
            reuse: false,
        })
    }
}

/// `PATCH /chats/{id}`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeChat {
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::room_name, required = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::two_user_ids, required = false)]
    user_ids: Option<Vec<Natural>>,
}

impl From<ChangeChat> for Replacement {
    fn from(change: ChangeChat) -> Self {
        Self { name: change.name, users: change.user_ids.map(ids) }
    }
}

/// A natural number: 1, 2, 3 …
#[derive(Deserialize)]
#[serde(try_from = "i64")]
struct Natural(i64);

impl TryFrom<i64> for Natural {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, &'static str> {
        if number > 0 { Ok(Self(number)) } else { Err("must be natural numbers") }
    }
}

fn ids(numbers: Vec<Natural>) -> Vec<UserId> {
    numbers.into_iter().map(|number| UserId(number.0)).collect()
}

/// A field that may be absent, but not null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
