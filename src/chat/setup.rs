//! The first administrator over HTTP: a one-time secret that only whoever starts the server sees. Never an open wizard.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;
use tracing::info;

use super::accounts::Registration;
use super::{Chat, tokens};
use crate::model::{Error, Hash32, Result, Timestamp, User, UserId};
use crate::store::UserQuery;

/// How long the secret is good for; the server prints a new one at its next start.
pub const SETUP_LIFE: Duration = Duration::from_hours(1);

/// What is known of the secret that was given out.
#[derive(Clone, Copy)]
pub(super) struct Invitation {
    secret: Hash32,
    expires: Timestamp,
}

impl Chat {
    /// A secret for [`Chat::set_up`] while there is no user; one that was given out before is void.
    pub async fn invite_administrator(&self) -> Result<Option<String>> {
        if !self.store().users(UserQuery::After(UserId(0), 1)).await?.is_empty() {
            return Ok(None);
        }
        let secret = tokens::new_secret()?;
        let expires = Timestamp::now().plus(SETUP_LIFE);
        *self.invitation() = Some(Invitation { secret: tokens::hash(&secret)?, expires });
        Ok(Some(secret))
    }

    /// Makes the first account, an administrator. `Forbidden` for a secret that is not, or no longer, good, and once there is a user.
    pub async fn set_up(&self, secret: &str, new: Registration) -> Result<User> {
        let shown = tokens::hash(secret).map_err(|_| Error::Forbidden)?;
        let good = |one: &Invitation| bool::from(one.secret.0.ct_eq(&shown.0)) && one.expires > Timestamp::now();
        // Taken before anything waits: of two who come at once, one is first.
        let taken = {
            let mut held = self.invitation();
            if held.as_ref().is_some_and(good) { held.take() } else { None }
        };
        let Some(taken) = taken else { return Err(Error::Forbidden) };
        if !self.store().users(UserQuery::After(UserId(0), 1)).await?.is_empty() {
            return Err(Error::Forbidden);
        }
        let made = self.add_account(new, true).await;
        match &made {
            Ok(user) => info!(user = user.login, "First administrator created."),
            // A password too short is no reason to begin again.
            Err(_) => *self.invitation() = Some(taken),
        }
        made
    }

    fn invitation(&self) -> MutexGuard<'_, Option<Invitation>> {
        self.0.invitation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
