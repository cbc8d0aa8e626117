//! Log-in, log-out, and authentication of credentials.

use std::time::Duration;

use metrics::counter;
use tracing::{field, info};

use super::digests::Shown;
use super::guesses::Limit;
use super::refusals::{self, Reason};
use super::tokens::{self, Opened};
use super::{Authenticated, Chat, LoggedIn, Token, Use, access};
use crate::model::rules::counted;
use crate::model::{
    Account, Client, Credential, Error, Hash32, Result, Scope, Session, SessionId, Timestamp,
    UserId, check_email, check_login, fold,
};
use crate::store::{Ended, Missing, NewSession, StoreError, UserKey};

/// Maximum number of characters stored of a User-Agent.
const MAX_DEVICE: usize = 256;
/// Maximum number of characters of a name under which failures are counted.
const MAX_COUNTED: usize = 256;

/// The input of a log-in.
struct Offer<'a> {
    /// Name under which failures are counted.
    counted: &'a str,
    /// Name for the log.
    logged: Option<&'a str>,
    /// The password, or possibly its digest.
    secret: &'a str,
    /// Whether the dialect accepts digests.
    digests: bool,
    /// Code of the second factor, or a recovery code.
    code: Option<&'a str>,
}

impl Chat {
    /// Opens a session. Failures are limited per account and per address, and take the same time
    /// for unknown users. `SecondFactorRequired` if the password is right and the account needs a
    /// code too; a wrong code is refused like a wrong password.
    pub async fn log_in(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn> {
        self.log_in_with(login, password, code, false, client).await
    }

    /// Opens a session by the password or its MD5 or SHA-1 in hexadecimal.
    pub async fn log_in_by_digest(
        &self,
        login: &str,
        secret: &str,
        code: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn> {
        self.log_in_with(login, secret, code, true, client).await
    }

    async fn log_in_with(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        digests: bool,
        client: &Client,
    ) -> Result<LoggedIn> {
        // An invalid login name is treated as unknown.
        let folded = if check_login("userId", login).is_ok() { fold(login) } else { String::new() };
        let account = if folded.is_empty() {
            None
        } else {
            self.store().account(UserKey::Folded(&folded)).await.map_err(Error::from)?
        };
        let offer = Offer { counted: login, logged: Some(login), secret: password, digests, code };
        self.open_session(account, offer, client).await
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
            code,
        };
        self.open_session(account, offer, client).await
    }

    #[expect(clippy::too_many_lines, reason = "a log-in is one decision, step by step")]
    async fn open_session(
        &self,
        account: Option<Account>,
        offer: Offer<'_>,
        client: &Client,
    ) -> Result<LoggedIn> {
        let limits =
            self.failure_limits(account.as_ref().map(|a| a.user.id), offer.counted, client).await?;
        // Under the same name and, for known addresses, the same address.
        let counted = limits.first().map(|(key, _)| key.clone());
        let limited = |error: &Error| {
            counter!("chatctl_logins_total", "result" => "limited").increment(1);
            if matches!(error, Error::RateLimited(_)) {
                refusals::log(client, offer.logged, Reason::Limited);
            }
        };
        let guess = self.guess(limits).await.inspect_err(limited)?;
        let shown = match self.check_secret(account.as_ref(), offer.secret, offer.digests).await {
            Ok(shown) => shown,
            // The check was not completed: nothing was revealed.
            Err(error) => {
                guess.was_right().await?;
                return Err(error);
            }
        };
        let known = account.is_some();
        let refuse = |reason| {
            counter!("chatctl_logins_total", "result" => "refused").increment(1);
            refusals::log(client, offer.logged, reason);
            Error::BadCredentials { known }
        };
        let reason = match &account {
            None => Reason::Unknown,
            Some(account) if shown.is_some() && account.user.disabled => Reason::Disabled,
            Some(_) => Reason::Password,
        };
        let Some(account) = account.filter(|account| shown.is_some() && !account.user.disabled)
        else {
            return Err(refuse(reason));
        };
        match self.check_code(&account, offer.code, counted).await {
            Ok(true) => guess.was_right().await?,
            Ok(false) => return Err(refuse(Reason::Code)),
            // The code was not checked, and the password was right.
            Err(error) => {
                guess.was_right().await?;
                if error != Error::SecondFactorRequired {
                    limited(&error);
                }
                return Err(error);
            }
        }
        let secret = tokens::new_secret()?;
        let new = NewSession {
            user: account.user.id,
            token: tokens::hash(&secret)?,
            device: client.device.chars().take(MAX_DEVICE).collect(),
            address: client.address,
            now: Timestamp::now(),
            life: self.config().auth.session_life(),
            grant: None,
        };
        let session = self.sessions().start(new).await.map_err(|error| match error {
            // The account was disabled or deleted while the password was checked.
            StoreError::NotFound(Missing::User) => refuse(Reason::Disabled),
            other => other.into(),
        })?;
        if !self.still_stands(&account).await? {
            self.sessions().end(account.user.id, Ended::One(session.id)).await?;
            return Err(refuse(Reason::Password));
        }
        counter!("chatctl_logins_total", "result" => "ok").increment(1);
        info!(
            user = account.user.login,
            ip = client.address.map(field::display),
            dialect = client.dialect,
            "User logged in."
        );
        if shown == Some(Shown::Password) {
            self.complete_digests(&account, offer.secret);
        }
        Ok(LoggedIn { session, secret, user: account.user })
    }

    /// Returns whether what a log-in was checked with still counts. A new password, and a second
    /// factor that came into force, end the sessions that exist: one that a log-in under way opens
    /// just after them must not stay.
    async fn still_stands(&self, checked: &Account) -> Result<bool> {
        let now = self.store().account(UserKey::Id(checked.user.id)).await?;
        let has_factor = |account: &Account| {
            account.second_factor.as_ref().is_some_and(|factor| factor.confirmed)
        };
        Ok(now.is_some_and(|now| {
            let needs_code = self.has_second_factors() && has_factor(&now) && !has_factor(checked);
            now.password == checked.password && !needs_code
        }))
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
        if let Some(address) = client.counted {
            keys.push((
                format!("login-from:{address}"),
                self.config().limits.login_failures_per_minute_per_address,
            ));
        }
        Ok(keys)
    }

    /// Ends the session; its sockets close within a second.
    pub async fn log_out(&self, session: &Session) -> Result<()> {
        access::manage_account(session)?;
        self.sessions().end(session.user, Ended::One(session.id)).await.map_err(Error::from)?;
        self.0.cache.forget(&[session.id]);
        info!(user = session.login, "User logged out.");
        Ok(())
    }

    /// Returns the log-ins of the caller, newest first, and which of them have a subscription to
    /// push notifications.
    pub async fn my_sessions(&self, session: &Session) -> Result<(Vec<Session>, Vec<SessionId>)> {
        let mut all = self.sessions().list(session.user).await.map_err(Error::from)?;
        all.retain(|session| session.grant.is_none());
        let push = self.push_sessions(session.user).await?;
        Ok((all, push))
    }

    /// Ends one of the caller's sessions; its sockets close within a second. Other users' sessions:
    /// `SessionNotFound`.
    pub async fn end_session(&self, session: &Session, id: SessionId) -> Result<()> {
        access::manage_account(session)?;
        if self.sessions().end(session.user, Ended::One(id)).await.map_err(Error::from)? == 0 {
            return Err(Error::SessionNotFound);
        }
        self.0.cache.forget(&[id]);
        info!(user = session.login, "User ended a session.");
        Ok(())
    }

    /// Creates a JSON web token for a session just opened.
    pub fn token(&self, login: &LoggedIn) -> Result<Token> {
        self.sign(&login.session, &login.secret)
    }

    fn sign(&self, session: &Session, secret: &str) -> Result<Token> {
        let now = Timestamp::now();
        let expires = now.plus(self.config().auth.token_life());
        let text = self.0.keys.sign(&session.login, secret, now, expires)?;
        Ok(Token { text, expires, session_expires: session.expires, login: session.login.clone() })
    }

    /// Authenticates a credential for this use. Refused ones are logged, with their user if known.
    pub async fn authenticate(
        &self,
        credential: &Credential,
        client: &Client,
        for_what: Use,
    ) -> Result<Authenticated> {
        let found = match self.0.keys.open(credential, false) {
            Ok(opened) => self.find_session(&opened).await?.map(|session| Authenticated {
                session: Session { peer: client.address, ..session },
                token_expires: opened.expires,
            }),
            Err(_) => None,
        };
        let who = found.ok_or_else(|| self.refuse(credential, client))?;
        access::use_session(&who.session, for_what)?;
        Ok(who)
    }

    /// Returns whether a credential may be valid without asking the store: it has our signature, or
    /// a recently checked session.
    pub fn vouches(&self, credential: &Credential) -> bool {
        let age = Duration::from_secs(self.config().auth.token_recheck_seconds);
        self.0.keys.open(credential, true).is_ok_and(|opened| {
            opened.expires.is_some() || self.0.cache.get(&opened.hash, age).is_some()
        })
    }

    /// Creates a fresh token; accepts an expired one if it is valid otherwise. Extends the
    /// session's open sockets. An API token stays the same.
    pub async fn refresh(&self, credential: &Credential, client: &Client) -> Result<Token> {
        let Ok(opened) = self.0.keys.open(credential, true) else {
            return Err(self.refuse(credential, client));
        };
        let Some(session) = self.find_session(&opened).await? else {
            return Err(self.refuse(credential, client));
        };
        if opened.granted {
            let (expires, login) = (session.expires, session.login);
            let text = tokens::of_secret(&opened.secret);
            return Ok(Token { text, expires, session_expires: expires, login });
        }
        let token = self.sign(&session, &opened.secret)?;
        self.0.hub.prolong(&session, token.expires);
        Ok(token)
    }

    /// Returns the session as stored; None: it has ended.
    pub(super) async fn as_stored(&self, session: &Session) -> Result<Option<Session>> {
        let life = self.config().auth.session_life();
        Ok(self.sessions().find(session.token, Timestamp::now(), life).await?)
    }

    /// Refuses a request whose session has ended while it waited for its body or its turn.
    pub async fn check_still_open(&self, session: &Session) -> Result<()> {
        self.session_of(session.token).await?.map(drop).ok_or(Error::BadSession)
    }

    async fn find_session(&self, opened: &Opened) -> Result<Option<Session>> {
        let found = self.session_of(opened.hash).await?;
        // The address of a webhook and the link for a new password open nothing else.
        Ok(found.filter(|session| match &session.grant {
            Some(grant) => opened.granted && !matches!(grant.scope, Scope::Hook(_) | Scope::Reset),
            None => !opened.granted,
        }))
    }

    pub(super) async fn session_of(&self, token: Hash32) -> Result<Option<Session>> {
        let age = Duration::from_secs(self.config().auth.token_recheck_seconds);
        if let Some(session) = self.0.cache.get(&token, age) {
            let ended = session.fixed_expiry().is_some_and(|expiry| expiry <= Timestamp::now());
            return Ok((!ended).then_some(session));
        }
        let generation = self.0.cache.generation();
        let found = self
            .sessions()
            .find(token, Timestamp::now(), self.config().auth.session_life())
            .await
            .map_err(Error::from)?;
        if let Some(session) = &found {
            self.0.cache.put(session, generation);
        }
        Ok(found)
    }

    fn refuse(&self, credential: &Credential, client: &Client) -> Error {
        refusals::log(client, self.0.keys.named(credential).as_deref(), Reason::Session);
        Error::BadSession
    }

    /// Counts a request of this user against `requests_per_minute_per_user`.
    pub async fn count_request(&self, session: &Session) -> Result<()> {
        if self.config().limits.enabled {
            let key = format!("requests:{}", session.user);
            self.sessions()
                .attempt(
                    &key,
                    self.config().limits.requests_per_minute_per_user,
                    Duration::from_mins(1),
                )
                .await
                .map_err(|wait| Error::RateLimited(wait.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
