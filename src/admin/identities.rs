//! Commands on what accounts are in other systems, and on their e-mail addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::users::{self, taken, unknown};
use super::{Call, items};
use crate::chat::AccountChange;
use crate::model::{Error, Identity};

/// Link an account to a subject of the provider of OpenID Connect, who can then log in to it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLink {
    pub name: String,
    /// Subject (claim `sub`) at the provider of `[oidc]`.
    pub oidc: String,
}

impl UserLink {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, oidc } = self;
        let config = admin.0.parts.config.get();
        let Some(issuer) = config.oidc.issuer.as_deref().filter(|_| config.oidc.is_on()) else {
            return Err(Failure::usage("no provider is configured; set issuer in [oidc]"));
        };
        if oidc.is_empty() {
            return Err(Failure::usage("the subject must not be empty"));
        }
        let identity = Identity::oidc(issuer, &oidc);
        let linked = admin.chat().link_identity(operator, &name, identity).await;
        let user = linked.map_err(|error| match error {
            Error::Taken(claim) => Failure::conflict(taken(claim, &name)),
            other => unknown(other, &name),
        })?;
        let identities = admin.chat().identities_of(operator, user.id).await?;
        output.item(items::Linked::new(&user.login, identities)).await
    }
}

/// Unlink an account from what its user is in other systems; sessions stay.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserUnlink {
    pub name: String,
}

impl UserUnlink {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let name = self.name;
        let unlinked = admin.chat().unlink_identities(operator, &name, None).await;
        let unlinked = unlinked.map_err(|error| unknown(error, &name))?;
        if unlinked.is_empty() {
            return Err(Failure::not_found(format!("{name} is not linked to anything")));
        }
        output.item(items::Linked::new(&name, Vec::new())).await
    }
}

/// Set or remove the e-mail address.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserEmail {
    pub name: String,
    /// The address; null removes it.
    pub email: Option<String>,
}

impl UserEmail {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { email: Some(self.email), ..AccountChange::default() };
        users::change(call, &self.name, new).await
    }
}
