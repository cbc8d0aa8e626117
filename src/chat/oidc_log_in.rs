//! Log-in through the provider of `[oidc]`: the browser is sent there, comes back with a code, and
//! whoever the provider says it is gets a session.

use tracing::{field, warn};

use super::external::{NoAccount, Terms};
use super::log_in::{Code, Proof};
use super::refusals::Reason;
use super::{Chat, LoggedIn};
use crate::model::{Client, Error};
use crate::oidc::{Answer, Fault, Secret};

/// Why nobody is logged in; shown on the sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLoggedIn {
    /// The provider cannot be reached, or is not configured.
    Unavailable,
    /// The provider refuses, or its answer is not valid.
    Refused,
    /// There is no account for the person.
    NoAccount(NoAccount),
    /// The account is disabled.
    Disabled,
    /// Too many failures, or another error that is none of the provider.
    Failed(Error),
}

impl From<Error> for NotLoggedIn {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Chat {
    /// Begins a log-in: returns the address to send the browser to, and the secret that it keeps.
    /// `redirect_uri` is where the provider sends it back to.
    pub async fn begin_oidc(&self, redirect_uri: &str) -> Result<(String, Secret), NotLoggedIn> {
        let secret = Secret::new().ok_or(Error::Internal)?;
        match self.0.oidc.begin(&self.config(), redirect_uri, &secret).await {
            Ok(address) => Ok((address, secret)),
            Err(_) => Err(NotLoggedIn::Unavailable),
        }
    }

    /// Ends a log-in: opens a session for whom the provider says the browser is of.
    pub async fn finish_oidc(
        &self,
        redirect_uri: &str,
        secret: &Secret,
        answer: Answer,
        client: &Client,
    ) -> Result<LoggedIn, NotLoggedIn> {
        let attempt = self.begin_answer(client).await?;
        let config = self.config();
        let who = match self.0.oidc.finish(&config, redirect_uri, secret, answer).await {
            Ok(who) => who,
            Err(fault) => {
                let ip = client.address.map(field::display);
                warn!(ip, "A log-in through OpenID Connect has failed: {fault}.");
                return Err(match fault {
                    Fault::Invalid(_) => {
                        drop(attempt.refuse(Reason::Provider, false));
                        NotLoggedIn::Refused
                    }
                    Fault::Off | Fault::Unavailable(_) => {
                        drop(attempt.undecided(Error::Unavailable).await);
                        NotLoggedIn::Unavailable
                    }
                });
            }
        };
        let oidc = &config.oidc;
        let terms = Terms {
            create: oidc.create_accounts,
            link_by_email: oidc.link_by_email,
            rooms: oidc.rooms.clone(),
        };
        let account = match self.account_of_external(&who, &terms, client).await {
            Ok(account) => account,
            Err(NoAccount::Failed(error)) => return Err(attempt.undecided(error).await.into()),
            Err(none) => {
                let subject = &who.identity.subject;
                warn!("{subject} has no account that a log-in could open: {}.", none.as_str());
                drop(attempt.refuse(Reason::Unknown, false));
                return Err(NotLoggedIn::NoAccount(none));
            }
        };
        if account.user.disabled {
            drop(attempt.refuse(Reason::Disabled, true));
            return Err(NotLoggedIn::Disabled);
        }
        let proof = Proof::Identity { identity: &who.identity, trusted: true };
        Ok(attempt.accept(account, proof, Code::default()).await?)
    }

    /// Returns the label of the button for log-ins through the provider, if there is one: empty
    /// unless it is configured.
    pub fn oidc_label(&self) -> Option<String> {
        let config = self.config();
        config.oidc.is_on().then(|| config.oidc.label.clone().unwrap_or_default())
    }
}
