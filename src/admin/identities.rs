//! Commands on what accounts are in other systems, and on their e-mail addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::users::{self, taken, unknown};
use super::{Call, items};
use crate::chat::AccountChange;
use crate::config::Config;
use crate::model::{Error, Identity, IdentitySource};

/// Link an account to what its user is in another system, who can then log in through that system.
/// Exactly one of `oidc` and `ldap` is given.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLink {
    pub name: String,
    /// Subject (claim `sub`) at the provider of `[oidc]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<String>,
    /// Id of the entry in the directory of `[ldap]`, which `ldap.test` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldap: Option<String>,
}

impl UserLink {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, oidc, ldap } = self;
        let identity = match (oidc, ldap) {
            (Some(subject), None) => provided(&admin.0.parts.config.get(), &subject)?,
            (None, Some(id)) => {
                let subject = id.trim().to_owned();
                let identity = Identity { source: IdentitySource::Ldap, subject };
                only_entry(&call, &name, &identity).await?;
                identity
            }
            _ => return Err(Failure::usage("give either oidc or ldap")),
        };
        let linked = admin.chat().link_identity(operator, &name, identity).await;
        let user = linked.map_err(|error| match error {
            Error::Taken(claim) => Failure::conflict(taken(claim, &name)),
            Error::Invalid { field, why } if field == "subject" => {
                Failure::usage(format!("the id {why}"))
            }
            other => unknown(other, &name),
        })?;
        let identities = admin.chat().identities_of(operator, user.id).await?;
        output.item(items::Linked::new(&user.login, identities)).await
    }
}

/// Returns the identity of a subject at the provider that is configured.
fn provided(config: &Config, subject: &str) -> Result<Identity, Failure> {
    let Some(issuer) = config.oidc.issuer.as_deref().filter(|_| config.oidc.is_on()) else {
        return Err(Failure::usage("no provider is configured; set issuer in [oidc]"));
    };
    if subject.is_empty() {
        return Err(Failure::usage("the subject must not be empty"));
    }
    Ok(Identity::oidc(issuer, subject))
}

/// Refuses a second entry of the directory: it has one of a person.
async fn only_entry(call: &Call<'_>, name: &str, identity: &Identity) -> Result<(), Failure> {
    let chat = call.admin.chat();
    let account = chat.account_of(call.operator, name).await;
    let user = account.map_err(|error| unknown(error, name))?.user;
    let linked = chat.identities_of(call.operator, user.id).await?;
    match linked.iter().find(|one| one.source == identity.source && *one != identity) {
        None => Ok(()),
        Some(other) => Err(Failure::conflict(format!(
            "{name} is linked to {}; unlink it first (chatctl user unlink {name})",
            other.subject
        ))),
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
