//! Log-in: a proof of who somebody is, then a session.
//!
//! A proof is a password, or an identity that another system vouches for. Whatever checks it counts
//! the attempt first ([`Chat::begin_log_in`]), and ends it with [`Attempt::refuse`],
//! [`Attempt::undecided`] or [`Attempt::accept`]. Disabled accounts, the second factor, changes made
//! meanwhile, the log and the counters are the same for all.

use metrics::counter;
use tracing::{field, info};

use super::digests::Shown;
use super::guesses::{Guess, Limit};
use super::refusals::{self, Reason};
use super::{Chat, LoggedIn, access, tokens};
use crate::model::rules::counted;
use crate::model::{
    Account, Client, Error, Identity, Result, Timestamp, UserId, check_email, check_login, fold,
};
use crate::store::{Ended, Missing, NewSession, StoreError, UserKey};

/// Maximum number of characters stored of a User-Agent.
const MAX_DEVICE: usize = 256;
/// Maximum number of characters of a name under which failures are counted.
const MAX_COUNTED: usize = 256;

/// What has shown that a log-in is its user's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Proof<'a> {
    /// A secret of the account: its password or a digest of it.
    Secret(Shown, &'a str),
    /// An identity of the account, which another system vouches for.
    Identity {
        /// The identity, which must still be linked when the session is open.
        identity: &'a Identity,
        /// The other system decides on a second factor. Otherwise the code of the account is
        /// required, as it is with a password.
        trusted: bool,
    },
}

/// What checks the password of a log-in.
pub(super) enum CheckedBy {
    /// The account itself; for unknown users, nothing does.
    Account,
    /// The LDAP directory, which is asked for this entry; None: for the entry of the name.
    Directory(Option<Identity>),
}

/// A log-in under way. Dropping it keeps it counted as a failure.
pub(super) struct Attempt<'a> {
    chat: &'a Chat,
    client: &'a Client,
    /// Name for the log.
    logged: Option<&'a str>,
    /// Key under which failures of this name count.
    counted: Option<String>,
    guess: Guess<'a>,
}

/// The input of a log-in by password.
pub(super) struct Offer<'a> {
    /// Name under which failures are counted: of the account, or as it was typed if there is none.
    pub(super) counted: &'a str,
    /// Name for the log.
    pub(super) logged: Option<&'a str>,
    /// The password, or possibly its digest.
    pub(super) secret: &'a str,
    /// Whether the dialect accepts digests.
    pub(super) digests: bool,
    /// The code that comes with it.
    pub(super) code: Code<'a>,
}

/// The code of a log-in.
#[derive(Clone, Copy, Default)]
pub(super) struct Code<'a> {
    /// Code of the second factor, or a recovery code.
    pub(super) text: Option<&'a str>,
    /// The code confirms the second factor that the user has set up and must have, and these are
    /// its recovery codes.
    pub(super) confirms: Option<&'a [String]>,
}

impl<'a> Code<'a> {
    fn of(text: Option<&'a str>) -> Self {
        Self { text, confirms: None }
    }
}

impl Chat {
    /// Opens a session. Failures are limited per account and per address, and take the same time
    /// for unknown users. `SecondFactorRequired` if the password is right and the account needs a
    /// code too; a wrong code is refused like a wrong password. `SecondFactorMissing` if it is right,
    /// and the user must set up a second factor first.
    pub async fn log_in(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn> {
        self.log_in_with(login, password, Code::of(code), false, client).await
    }

    /// Opens a session by the password or its MD5 or SHA-1 in hexadecimal.
    pub async fn log_in_by_digest(
        &self,
        login: &str,
        secret: &str,
        code: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn> {
        self.log_in_with(login, secret, Code::of(code), true, client).await
    }

    pub(super) async fn log_in_with(
        &self,
        login: &str,
        password: &str,
        code: Code<'_>,
        digests: bool,
        client: &Client,
    ) -> Result<LoggedIn> {
        access::use_password(self.takes_passwords())?;
        // An invalid login name is treated as unknown.
        let folded = if check_login("userId", login).is_ok() { fold(login) } else { String::new() };
        let account = if folded.is_empty() {
            None
        } else {
            self.store().account(UserKey::Folded(&folded)).await.map_err(Error::from)?
        };
        let offer = Offer { counted: login, logged: Some(login), secret: password, digests, code };
        self.log_in_by_password(account, offer, client).await
    }

    /// Opens a session by e-mail address; it counts as a log-in of its account, and is never
    /// logged.
    pub async fn log_in_by_email(
        &self,
        email: &str,
        password: &str,
        code: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn> {
        access::use_password(self.takes_passwords())?;
        // An invalid address is treated as unknown.
        let possible = check_email("email", email).is_ok();
        let account = if possible {
            self.store().account(UserKey::Email(email)).await.map_err(Error::from)?
        } else {
            None
        };
        let login = account.as_ref().map(|account| account.user.login.clone());
        let offer = Offer {
            counted: login.as_deref().unwrap_or(email),
            logged: login.as_deref(),
            secret: password,
            digests: false,
            code: Code::of(code),
        };
        self.log_in_by_password(account, offer, client).await
    }

    async fn log_in_by_password(
        &self,
        account: Option<Account>,
        offer: Offer<'_>,
        client: &Client,
    ) -> Result<LoggedIn> {
        let user = account.as_ref().map(|account| account.user.id);
        let attempt = self.begin_log_in(user, offer.counted, offer.logged, client).await?;
        match self.checked_by(account.as_ref()).await {
            Ok(CheckedBy::Account) if self.config().auth.local_login => {}
            Ok(CheckedBy::Account) => return Err(attempt.refuse(Reason::Local, account.is_some())),
            Ok(CheckedBy::Directory(identity)) => {
                let linked = account.zip(identity);
                return Box::pin(self.log_in_by_directory(attempt, linked, &offer, client)).await;
            }
            Err(error) => return Err(attempt.undecided(error).await),
        }
        let shown = match self.check_secret(account.as_ref(), offer.secret, offer.digests).await {
            Ok(shown) => shown,
            Err(error) => return Err(attempt.undecided(error).await),
        };
        match (account, shown) {
            (Some(account), Some(shown)) => {
                attempt.accept(account, Proof::Secret(shown, offer.secret), offer.code).await
            }
            (Some(_), None) => Err(attempt.refuse(Reason::Password, true)),
            (None, _) => Err(attempt.refuse(Reason::Unknown, false)),
        }
    }

    /// Returns whether anybody logs in with a password: one of this server or of the directory.
    fn takes_passwords(&self) -> bool {
        self.config().auth.local_login || self.config().ldap.is_on()
    }

    /// Counts a log-in before anything of it is checked: under the name `counted` with which
    /// somebody wants to log in, and of the account it belongs to, if any. `logged` is the name for
    /// the log. `RateLimited` after too many failures.
    pub(super) async fn begin_log_in<'a>(
        &'a self,
        user: Option<UserId>,
        counted: &str,
        logged: Option<&'a str>,
        client: &'a Client,
    ) -> Result<Attempt<'a>> {
        let limits = self.failure_limits(user, counted, client).await?;
        // Under the same name and, for known addresses, the same address.
        let counted = limits.first().map(|(key, _)| key.clone());
        let guess = self.guess(limits).await.inspect_err(|error| limited(error, logged, client))?;
        Ok(Attempt { chat: self, client, logged, counted, guess })
    }

    /// Counts the answer of another system to a log-in, whose account is not known yet: only the
    /// address it comes from counts. `RateLimited` after too many failures.
    pub(super) async fn begin_answer<'a>(&'a self, client: &'a Client) -> Result<Attempt<'a>> {
        let limits: Vec<Limit> = self.address_limit(client).into_iter().collect();
        let guess = self.guess(limits).await.inspect_err(|error| limited(error, None, client))?;
        Ok(Attempt { chat: self, client, logged: None, counted: None, guess })
    }

    /// Returns whether what a log-in was checked with still counts. A new password, an identity that
    /// is unlinked, and a second factor that came into force, end the log-in: one under way just
    /// then must not open a session.
    async fn still_stands(&self, checked: &Account, proof: Proof<'_>) -> Result<bool> {
        let Some(now) = self.store().account(UserKey::Id(checked.user.id)).await? else {
            return Ok(false);
        };
        let has_factor = |account: &Account| {
            account.second_factor.as_ref().is_some_and(|factor| factor.confirmed)
        };
        let needs_code = !matches!(proof, Proof::Identity { trusted: true, .. })
            && self.has_second_factors()
            && has_factor(&now)
            && !has_factor(checked);
        let proven = match proof {
            Proof::Secret(..) => now.password == checked.password,
            Proof::Identity { identity, .. } => {
                self.store().identities(now.user.id).await?.contains(identity)
            }
        };
        // The rule may have come into force, or the user under it.
        let lacks = !matches!(proof, Proof::Identity { trusted: true, .. })
            && !has_factor(&now)
            && self.must_have_factor(&now.user);
        Ok(proven && !needs_code && !lacks)
    }

    /// Returns the counters of a failed log-in of this account from this address, with their
    /// limits.
    async fn failure_limits(
        &self,
        user: Option<UserId>,
        login: &str,
        client: &Client,
    ) -> Result<Vec<Limit>> {
        if !self.config().limits.enabled {
            return Ok(Vec::new());
        }
        let per_account = self.config().limits.login_failures_per_minute_per_account;
        // Longer names belong to nobody.
        let folded = fold(&login.chars().take(MAX_COUNTED).collect::<String>());
        // An address from which the account has logged in has its own allowance, so that strangers
        // cannot lock out the owner.
        let known = match (user, client.address) {
            (Some(user), Some(address)) => {
                let sessions = self.sessions().list(user).await.map_err(Error::from)?;
                let address = counted(address);
                sessions.iter().any(|s| s.address.map(counted) == Some(address)).then_some(address)
            }
            _ => None,
        };
        let account = known.map_or_else(
            || format!("login:{folded}"),
            |address| format!("login:{folded}@{address}"),
        );
        let mut keys = vec![(account, per_account)];
        keys.extend(self.address_limit(client));
        Ok(keys)
    }

    /// Returns the counter of failed log-ins from the address of a client.
    fn address_limit(&self, client: &Client) -> Option<Limit> {
        let limits = &self.config().limits;
        let address = client.counted.filter(|_| limits.enabled)?;
        Some((format!("login-from:{address}"), limits.login_failures_per_minute_per_address))
    }
}

impl Attempt<'_> {
    /// Refuses the log-in, which stays counted. `known`: the account exists.
    #[must_use]
    pub(super) fn refuse(self, reason: Reason, known: bool) -> Error {
        refuse(reason, known, self.logged, self.client)
    }

    /// Ends a log-in that could not be checked, so that nothing was revealed: returns its count.
    pub(super) async fn undecided(self, error: Error) -> Error {
        self.guess.was_right().await.err().unwrap_or(error)
    }

    /// Opens a session of an account, which is refused if the account is disabled, and requires the
    /// code of its second factor. Something is left to check after the proof: whether it still
    /// stands when the session is open.
    pub(super) async fn accept(
        self,
        mut account: Account,
        proof: Proof<'_>,
        code: Code<'_>,
    ) -> Result<LoggedIn> {
        if account.user.disabled {
            return Err(self.refuse(Reason::Disabled, true));
        }
        let checked = match proof {
            Proof::Identity { trusted: true, .. } => Ok(true),
            _ => match code.confirms {
                Some(recovery) => {
                    self.chat.confirm_missing(&mut account, code.text, recovery).await
                }
                None => self.chat.check_code(&account, code.text, self.counted.clone()).await,
            },
        };
        let Self { chat, client, logged, guess, .. } = self;
        match checked {
            Ok(true) => guess.was_right().await?,
            Ok(false) => return Err(refuse(Reason::Code, true, logged, client)),
            // The code was not checked, and the proof was right.
            Err(error) => {
                guess.was_right().await?;
                if matches!(error, Error::RateLimited(_) | Error::Unavailable | Error::Internal) {
                    limited(&error, logged, client);
                }
                return Err(error);
            }
        }
        let opened = open(chat, &account, proof, logged, client).await?;
        if let Proof::Secret(Shown::Password, password) = proof {
            chat.complete_digests(&account, password);
        }
        Ok(opened)
    }
}

/// Opens the session of a log-in that was proven.
async fn open(
    chat: &Chat,
    account: &Account,
    proof: Proof<'_>,
    logged: Option<&str>,
    client: &Client,
) -> Result<LoggedIn> {
    let secret = tokens::new_secret()?;
    let new = NewSession {
        user: account.user.id,
        token: tokens::hash(&secret)?,
        device: client.device.chars().take(MAX_DEVICE).collect(),
        address: client.address,
        now: Timestamp::now(),
        life: chat.config().auth.session_life(),
        grant: None,
        vouched: matches!(proof, Proof::Identity { trusted: true, .. }),
    };
    let session = chat.sessions().start(new).await.map_err(|error| match error {
        // The account was disabled or deleted while the proof was checked.
        StoreError::NotFound(Missing::User) => refuse(Reason::Disabled, true, logged, client),
        other => other.into(),
    })?;
    if !chat.still_stands(account, proof).await? {
        chat.sessions().end(account.user.id, Ended::One(session.id)).await?;
        let reason = match proof {
            Proof::Secret(..) => Reason::Password,
            Proof::Identity { .. } => Reason::Unknown,
        };
        return Err(refuse(reason, true, logged, client));
    }
    chat.tell_of_device(&account.user, &session, client);
    counter!("chatctl_logins_total", "result" => "ok").increment(1);
    info!(
        user = account.user.login,
        ip = client.address.map(field::display),
        dialect = client.dialect,
        "User logged in."
    );
    Ok(LoggedIn { session, secret, user: account.user.clone() })
}

/// Counts and logs a refused log-in, and returns the answer.
fn refuse(reason: Reason, known: bool, logged: Option<&str>, client: &Client) -> Error {
    counter!("chatctl_logins_total", "result" => "refused").increment(1);
    refusals::log(client, logged, reason);
    Error::BadCredentials { known }
}

/// Counts a log-in that was not checked, and logs it if there were too many failures.
fn limited(error: &Error, logged: Option<&str>, client: &Client) {
    counter!("chatctl_logins_total", "result" => "limited").increment(1);
    if matches!(error, Error::RateLimited(_)) {
        refusals::log(client, logged, Reason::Limited);
    }
}

#[cfg(test)]
mod tests;
