//! Commands on API tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::users::unknown;
use super::{Call, items};
use crate::chat::NewToken;
use crate::model::{Error, Scope, Session};

/// Create an API token; the output contains its secret, this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenCreate {
    pub name: String,
    /// Name of the token, unique among those of the account.
    pub token: String,
    /// `read` (default), `write` or `admin`.
    #[serde(default)]
    pub scope: Option<String>,
    /// Seconds until it ends; absent: until it is revoked, or unused for ten years.
    #[serde(default)]
    pub expires_seconds: Option<u64>,
    /// Succeed if it exists, and leave it unchanged; its secret is not shown again.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl TokenCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, token, scope, expires_seconds, if_not_exists } = self;
        let scope = scope_of(scope.as_deref().unwrap_or("read"))?;
        if if_not_exists {
            let all = admin.chat().tokens_of(operator, &name).await;
            let all = all.map_err(|error| unknown(error, &name))?;
            let is_it = |other: &&Session| other.grant.as_ref().is_some_and(|g| g.name == token);
            if let Some(there) = all.iter().find(is_it) {
                return output.item(items::Token::of(there)).await;
            }
        }
        let life = expires_seconds.map(Duration::from_secs);
        let new = NewToken { name: token.clone(), scope, life };
        let made =
            admin.chat().create_token(operator, &name, new).await.map_err(|error| match error {
                Error::Taken(_) => {
                    Failure::conflict(format!("{name} already has a token named {token:?}"))
                }
                Error::Forbidden => Failure::new(
                    Kind::NotPermitted,
                    format!(
                        "{name} is no administrator, and so no token of {name} can have the scope \
                         admin"
                    ),
                ),
                other => unknown(other, &name),
            })?;
        let shown = items::Token { token: Some(made.secret), ..items::Token::of(&made.session) };
        output.item(shown).await
    }
}

/// List the API tokens and webhooks of an account, or all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenList {
    #[serde(default)]
    pub name: Option<String>,
}

impl TokenList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let tokens = match self.name {
            Some(name) => {
                let tokens = admin.chat().tokens_of(operator, &name).await;
                tokens.map_err(|error| unknown(error, &name))?
            }
            None => admin.chat().all_tokens(operator).await?,
        };
        for token in &tokens {
            output.item(items::Token::of(token)).await?;
        }
        Ok(())
    }
}

/// Revoke an API token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRevoke {
    pub name: String,
    /// Name of the token.
    pub token: String,
    /// Succeed if there is no such token.
    #[serde(default)]
    pub if_exists: bool,
}

impl TokenRevoke {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, token, if_exists } = self;
        match admin.chat().revoke_token(operator, &name, &token).await {
            Ok(revoked) => output.item(items::Token::of(&revoked)).await,
            Err(Error::SessionNotFound) if if_exists => Ok(()),
            Err(Error::SessionNotFound) => {
                Err(Failure::not_found(format!("{name} has no token named {token:?}")))
            }
            Err(other) => Err(unknown(other, &name)),
        }
    }
}

fn scope_of(text: &str) -> Result<Scope, Failure> {
    Scope::parse(text)
        .ok_or_else(|| Failure::usage(format!("the scope {text:?} must be read, write or admin")))
}
