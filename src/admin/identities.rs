//! Commands on what accounts are in other systems, and on their e-mail addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::users::{self, taken, unknown};
use super::{Call, items};
use crate::chat::AccountChange;
use crate::config::Config;
use crate::model::{Error, Identity, IdentitySource, check_email};

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
                existing_entry(&call, &identity).await?;
                identity
            }
            _ => return Err(Failure::usage("give either oidc or ldap")),
        };
        let linked = admin.chat().link_identity(operator, &name, identity.clone()).await;
        if let Err(Error::Taken(claim)) = &linked {
            let holder = admin.chat().holder_of(operator, &identity).await?;
            return Err(Failure::conflict(match holder {
                Some(other) => format!("the identity belongs to another account, {other}"),
                None => taken(*claim, &name),
            }));
        }
        let user = linked.map_err(|error| match error {
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
    if subject.trim().is_empty() {
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

/// Refuses an id that the directory does not have.
async fn existing_entry(call: &Call<'_>, identity: &Identity) -> Result<(), Failure> {
    if !call.admin.0.parts.config.get().ldap.is_on() {
        let why = "no LDAP directory is configured; set url and base in [ldap]";
        return Err(Failure::usage(why));
    }
    let id = &identity.subject;
    if id.is_empty() {
        return Err(Failure::usage("the id must not be empty"));
    }
    match call.admin.chat().has_entry(call.operator, id).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::not_found(format!(
            "the LDAP directory has no entry with the id {id}; chatctl ldap test NAME shows the id \
             of an entry"
        ))),
        Err(why) => {
            Err(Failure::failed(format!("the LDAP directory could not be asked for {id}: {why}")))
        }
    }
}

/// Unlink an account from what its user is in other systems, or in those that are named; sessions
/// stay.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserUnlink {
    pub name: String,
    /// Only from the providers of OpenID Connect.
    #[serde(default)]
    pub oidc: bool,
    /// Only from the LDAP directory.
    #[serde(default)]
    pub ldap: bool,
}

impl UserUnlink {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, oidc, ldap } = self;
        let (source, to) = match (oidc, ldap) {
            (true, false) => (Some(IdentitySource::Oidc), "a provider of OpenID Connect"),
            (false, true) => (Some(IdentitySource::Ldap), "the LDAP directory"),
            _ => (None, "anything"),
        };
        let unlinked = admin.chat().unlink_identities(operator, &name, source).await;
        let unlinked = unlinked.map_err(|error| unknown(error, &name))?;
        if unlinked.is_empty() {
            return Err(Failure::not_found(format!("{name} is not linked to {to}")));
        }
        let account = admin.chat().account_of(operator, &name).await;
        let user = account.map_err(|error| unknown(error, &name))?.user;
        let left = admin.chat().identities_of(operator, user.id).await?;
        output.item(items::Linked::new(&name, left)).await
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
        if let Some(email) = &self.email
            && check_email("email", email).is_err()
        {
            return Err(Failure::usage(format!(
                "{email:?} is not an e-mail address of at most 254 characters"
            )));
        }
        let new = AccountChange { email: Some(self.email), ..AccountChange::default() };
        users::change(call, &self.name, new).await
    }
}
