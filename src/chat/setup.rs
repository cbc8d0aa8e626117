//! Creates the first administrator over HTTP: requires a secret that is only shown to the operator
//! starting the server, and that works once. There is never an open setup page.

use std::sync::{MutexGuard, PoisonError};

use subtle::ConstantTimeEq;
use tracing::info;

use super::accounts::Registration;
use super::caller::holder_of_link;
use super::{Chat, access, tokens};
use crate::model::{Attribution, Client, Error, Hash32, Result, User};

/// Hash of the secret.
pub(super) type Invitation = Hash32;

/// An invitation in use, unavailable to others. Dropping it makes it available again, so that a
/// short password or a disconnected caller does not require a new one.
struct Taken<'a> {
    chat: &'a Chat,
    invitation: Option<Invitation>,
}

impl Chat {
    /// Returns the secret for [`Chat::set_up`] while there is no administrator and people log in with
    /// passwords. It is the same at
    /// each start and on all servers with the same data, any of which may be asked.
    pub async fn invite_administrator(&self) -> Result<Option<String>> {
        // Nobody could log in to it.
        if !self.config().auth.local_login || self.store().has_administrator().await? {
            return Ok(None);
        }
        let secret = self.0.keys.set_up_secret();
        *self.invitation() = Some(tokens::hash(&secret)?);
        Ok(Some(secret))
    }

    /// Returns whether there is no administrator yet, and [`Chat::set_up`] may create one.
    pub async fn awaits_administrator(&self) -> Result<bool> {
        let invited = self.invitation().is_some() && self.config().auth.local_login;
        Ok(invited && !self.store().has_administrator().await?)
    }

    /// Fails with `Forbidden` unless [`Chat::set_up`] would accept this secret now.
    pub async fn check_invitation(&self, secret: &str) -> Result<()> {
        let shown = tokens::hash(secret).map_err(|_| Error::Forbidden)?;
        let known = self.invitation().is_some_and(|held| bool::from(held.0.ct_eq(&shown.0)));
        if known && self.awaits_administrator().await? { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Creates the first administrator, even if other accounts exist. `Forbidden` for a wrong
    /// secret, or if there is an administrator already.
    pub async fn set_up(&self, secret: &str, new: Registration, client: &Client) -> Result<User> {
        access::use_password(self.config().auth.local_login)?;
        let shown = tokens::hash(secret).map_err(|_| Error::Forbidden)?;
        // Taken before anything waits: of two concurrent callers only one gets it.
        let taken = self.invitation().take_if(|held| bool::from(held.0.ct_eq(&shown.0)));
        let mut taken = Taken { chat: self, invitation: Some(taken.ok_or(Error::Forbidden)?) };
        if self.store().has_administrator().await? {
            taken.invitation = None;
            return Err(Error::Forbidden);
        }
        let to = Attribution { actor: holder_of_link(client), action: "user.setup".to_owned() };
        let user = self.add_account(new, true, Some(to)).await?;
        taken.invitation = None;
        info!(user = user.login, "First administrator created.");
        Ok(user)
    }

    fn invitation(&self) -> MutexGuard<'_, Option<Invitation>> {
        self.0.invitation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(invitation) = self.invitation.take() {
            *self.chat.invitation() = Some(invitation);
        }
    }
}
