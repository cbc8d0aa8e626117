//! The caller's own API tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::api::wire::Seconds;
use crate::chat;
use crate::model::{Error, Result, Scope, Session};

/// `POST /api/tokens`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewToken {
    /// 1 to 64 characters, unique among the caller's tokens.
    name: String,
    /// What it may do, at most: never more than the caller.
    #[serde(default)]
    #[schema(schema_with = scope)]
    scope: Option<String>,
    /// Days until it ends, at most 3650; absent: until it is revoked, or unused for ten years.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    expires_days: Option<u32>,
}

fn scope() -> utoipa::openapi::schema::Object {
    types::word(&["read", "write", "admin"], "read")
}

impl TryFrom<NewToken> for chat::NewToken {
    type Error = Error;

    fn try_from(new: NewToken) -> Result<Self> {
        let scope = new.scope.as_deref().unwrap_or("read");
        let scope = Scope::parse(scope)
            .ok_or_else(|| Error::invalid("scope", "must be read, write or admin"))?;
        let days = |days: u32| Duration::from_hours(u64::from(days) * 24);
        Ok(Self { name: new.name, scope, life: new.expires_days.map(days) })
    }
}

/// `GET /api/tokens`
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens<'a> {
    tokens: Vec<Token<'a>>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(tokens: &'a [Session]) -> Self {
        Self { tokens: tokens.iter().map(|token| Token::of(token, None)).collect() }
    }
}

/// An API token of the caller.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token<'a> {
    /// Public id; grants no access.
    id: i64,
    name: &'a str,
    /// `read`, `write` or `admin`.
    scope: &'static str,
    created_at: Seconds,
    /// Time of the last use, accurate to five minutes; null: never used.
    last_used: Option<Seconds>,
    /// Time at which it ends; null: when it is revoked, or unused for ten years.
    expires: Option<Seconds>,
    /// What requests carry; only in the answer that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<&'a str>,
}

impl<'a> Token<'a> {
    /// A new one, with its secret.
    pub(crate) fn created(made: &'a chat::CreatedToken) -> Self {
        Self::of(&made.session, Some(&made.secret))
    }

    fn of(session: &'a Session, token: Option<&'a str>) -> Self {
        let grant = session.grant.as_ref();
        Self {
            id: session.id.0,
            name: grant.map_or("", |grant| &grant.name),
            scope: grant.map_or(Scope::Read, |grant| grant.scope).as_str(),
            created_at: session.created.into(),
            last_used: session.last_use().map(Into::into),
            expires: session.fixed_expiry().map(Into::into),
            token,
        }
    }
}
