//! Request bodies. Unknown keys are ignored; null is no text, no list and no number.

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
}

/// Who wants to log in, and with which password.
pub(crate) struct LogIn {
    pub(crate) name: LogInName,
    pub(crate) password: String,
}

/// By what the account is named; the address counts when there are both.
pub(crate) enum LogInName {
    Email(String),
    Login(String),
}

impl TryFrom<Credentials> for LogIn {
    type Error = Error;

    fn try_from(body: Credentials) -> Result<Self> {
        let name = body.email.map(LogInName::Email).or(body.login.map(LogInName::Login));
        Ok(Self {
            name: name.ok_or_else(|| Error::invalid("email", "or login is needed"))?,
            password: body.password,
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
        // What is wrong with a field comes before what is missing in a sound one.
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

/// 1, 2, 3 …
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
