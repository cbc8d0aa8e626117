//! The first administrator over HTTP: a one-time secret that only whoever starts the server sees.
//! Never an open wizard.

use std::sync::{MutexGuard, PoisonError};

use subtle::ConstantTimeEq;
use tracing::info;

use super::accounts::Registration;
use super::{Chat, tokens};
use crate::model::{Error, Hash32, Result, User};

/// The secret that was given out, as a hash.
pub(super) type Invitation = Hash32;

/// An invitation in use: nobody else has it meanwhile. Dropped, it is good again: a password too
/// short, or a caller who has gone, is no reason to begin anew.
struct Taken<'a> {
    chat: &'a Chat,
    invitation: Option<Invitation>,
}

impl Chat {
    /// A secret for [`Chat::set_up`] while there is no administrator; one that was given out before
    /// is void.
    pub async fn invite_administrator(&self) -> Result<Option<String>> {
        if self.store().has_administrator().await? {
            return Ok(None);
        }
        let secret = tokens::new_secret()?;
        *self.invitation() = Some(tokens::hash(&secret)?);
        Ok(Some(secret))
    }

    /// Makes the first administrator, whoever else has an account. `Forbidden` for a secret that is
    /// not good, and once there is one.
    pub async fn set_up(&self, secret: &str, new: Registration) -> Result<User> {
        let shown = tokens::hash(secret).map_err(|_| Error::Forbidden)?;
        // Taken before anything waits: of two who come at once, one is first.
        let taken = self.invitation().take_if(|held| bool::from(held.0.ct_eq(&shown.0)));
        let mut taken = Taken { chat: self, invitation: Some(taken.ok_or(Error::Forbidden)?) };
        if self.store().has_administrator().await? {
            taken.invitation = None;
            return Err(Error::Forbidden);
        }
        let user = self.add_account(new, true).await?;
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
