//! Identities of users in other systems, with which they log in: linked and unlinked by the operator.

use tracing::info;

use super::{Chat, Operator};
use crate::model::{Error, Identity, IdentitySource, Result, User, UserId};
use crate::store::{UserChange, UserKey};

impl Chat {
    /// Returns the identities of a user, in order.
    pub async fn identities_of(&self, _: &Operator, user: UserId) -> Result<Vec<Identity>> {
        Ok(self.store().identities(user).await?)
    }

    /// Returns the login name of the account that has an identity.
    pub async fn holder_of(&self, _: &Operator, identity: &Identity) -> Result<Option<String>> {
        let holder = self.store().account(UserKey::Identity(identity)).await?;
        Ok(holder.map(|account| account.user.login))
    }

    /// Links an identity to an account; nothing if it is linked already. `Taken` if it is another
    /// account's, `Invalid` for bots, which log in with API tokens.
    pub async fn link_identity(
        &self,
        operator: &Operator,
        login: &str,
        identity: Identity,
    ) -> Result<User> {
        let account = self.account_of(operator, login).await?;
        if account.user.bot {
            return Err(Error::invalid("name", "is a bot, and bots do not log in"));
        }
        if !identity.is_sound() {
            return Err(Error::invalid("subject", "is empty, too long or has control characters"));
        }
        let change = UserChange { link: vec![identity], ..UserChange::default() };
        let store = self.store_for(operator.attribution());
        let user = store.change_user(account.user.id, change).await?;
        info!(user = user.login, "Identity linked by an administrator.");
        Ok(user)
    }

    /// Unlinks the identities of an account that are of this source; None: all. Sessions stay.
    /// Returns what was unlinked.
    pub async fn unlink_identities(
        &self,
        operator: &Operator,
        login: &str,
        source: Option<IdentitySource>,
    ) -> Result<Vec<Identity>> {
        let account = self.account_of(operator, login).await?;
        let mut unlink = self.store().identities(account.user.id).await?;
        unlink.retain(|identity| source.is_none_or(|source| identity.source == source));
        if !unlink.is_empty() {
            let change = UserChange { unlink: unlink.clone(), ..UserChange::default() };
            self.store_for(operator.attribution()).change_user(account.user.id, change).await?;
            info!(user = account.user.login, "Identity unlinked by an administrator.");
        }
        Ok(unlink)
    }
}
