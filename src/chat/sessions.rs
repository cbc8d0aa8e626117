//! Log-in, log-out, and whose a credential is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;
use tracing::{field, info};

use super::digests::Shown;
use super::refusals::{self, Reason};
use super::tokens::{self, Opened};
use super::{Authenticated, Chat, LoggedIn, Token};
use crate::model::{Account, Client, Credential, Error, Hash32, Result, Session, SessionId, Timestamp, UserId, check_email, check_login, fold};
use crate::store::{Ended, NewSession, UserKey};

/// Characters of a User-Agent that are kept.
const MAX_DEVICE: usize = 256;
/// Sessions that are remembered without asking the store.
const MAX_CACHED: usize = 100_000;

/// Sessions checked a short while ago, so that a request costs no disk read. Emptied by every end of a session.
#[derive(Default)]
pub(super) struct SessionCache(Mutex<HashMap<Hash32, (Session, Instant)>>);

impl SessionCache {
    fn get(&self, token: &Hash32, age: Duration) -> Option<Session> {
        self.lock().get(token).filter(|(_, checked)| checked.elapsed() < age).map(|(session, _)| session.clone())
    }

    fn put(&self, session: &Session) {
        let mut cache = self.lock();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(session.token, (session.clone(), Instant::now()));
    }

    /// Forgets these sessions.
    pub(super) fn forget(&self, sessions: &[SessionId]) {
        self.lock().retain(|_, (session, _)| !sessions.contains(&session.id));
    }

    /// Forgets every session of a user.
    pub(super) fn forget_user(&self, user: UserId) {
        self.lock().retain(|_, (session, _)| session.user != user);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hash32, (Session, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody shows to log in.
struct Offer<'a> {
    /// Names the account in the counters of failures.
    counted: &'a str,
    /// Names it in the log.
    logged: Option<&'a str>,
    /// The password, or perhaps its digest.
    secret: &'a str,
    /// Whether this dialect takes digests.
    digests: bool,
}

impl Chat {
    /// Opens a session. Failures are limited by account and by address, and take the same time for unknown users.
    pub async fn log_in(&self, login: &str, password: &str, client: &Client) -> Result<LoggedIn> {
        self.log_in_with(login, password, false, client).await
    }

    /// The same by the password or its MD5 or SHA-1 in hexadecimal.
    pub async fn log_in_by_digest(&self, login: &str, secret: &str, client: &Client) -> Result<LoggedIn> {
        self.log_in_with(login, secret, true, client).await
    }

    async fn log_in_with(&self, login: &str, password: &str, digests: bool, client: &Client) -> Result<LoggedIn> {
        // What cannot be a login name is an unknown one.
        let folded = if check_login("userId", login).is_ok() { fold(login) } else { String::new() };
        let account = if folded.is_empty() { None } else { self.store().account(UserKey::Folded(&folded)).await.map_err(Error::from)? };
        let offer = Offer { counted: login, logged: Some(login), secret: password, digests };
        self.open_session(account, offer, client).await
    }

    /// The same by e-mail address; it counts as a log-in of its account, and never reaches the log.
    pub async fn log_in_by_email(&self, email: &str, password: &str, client: &Client) -> Result<LoggedIn> {
        // What cannot be an address is an unknown one.
        let possible = check_email("email", email).is_ok();
        let account = if possible { self.store().account(UserKey::Email(email)).await.map_err(Error::from)? } else { None };
        let login = account.as_ref().map(|account| account.user.login.clone());
        let offer = Offer { counted: login.as_deref().unwrap_or(email), logged: login.as_deref(), secret: password, digests: false };
        self.open_session(account, offer, client).await
    }

    async fn open_session(&self, account: Option<Account>, offer: Offer<'_>, client: &Client) -> Result<LoggedIn> {
        let keys = self.failure_keys(account.as_ref().map(|a| a.user.id), offer.counted, client).await?;
        for (key, limit) in &keys {
            self.sessions().allowed(key, *limit).await.map_err(|wait| {
                counter!("chatctl_logins_total", "result" => "limited").increment(1);
                refusals::log(client, offer.logged, Reason::Limited);
                Error::RateLimited(wait.0)
            })?;
        }
        let shown = self.check_secret(account.as_ref(), offer.secret, offer.digests).await?;
        let known = account.is_some();
        let reason = match &account {
            None => Reason::Unknown,
            Some(account) if shown.is_some() && account.user.disabled => Reason::Disabled,
            Some(_) => Reason::Password,
        };
        let Some(account) = account.filter(|account| shown.is_some() && !account.user.disabled) else {
            for (key, _) in &keys {
                self.sessions().count(key).await.map_err(|_| Error::Unavailable)?;
            }
            counter!("chatctl_logins_total", "result" => "refused").increment(1);
            refusals::log(client, offer.logged, reason);
            return Err(Error::BadCredentials { known });
        };
        let secret = tokens::new_secret()?;
        let new = NewSession {
            user: account.user.id,
            token: tokens::hash(&secret)?,
            device: client.device.chars().take(MAX_DEVICE).collect(),
            address: client.address,
            now: Timestamp::now(),
            life: self.0.auth.session_life(),
        };
        let session = self.sessions().start(new).await.map_err(Error::from)?;
        counter!("chatctl_logins_total", "result" => "ok").increment(1);
        info!(user = account.user.login, ip = client.address.map(field::display), dialect = client.dialect, "User logged in.");
        if shown == Some(Shown::Password) {
            self.complete_digests(&account, offer.secret);
        }
        Ok(LoggedIn { session, secret, user: account.user })
    }

    /// Which counters a failed log-in of this account from this address touches, with their limits.
    async fn failure_keys(&self, user: Option<UserId>, login: &str, client: &Client) -> Result<Vec<(String, u32)>> {
        if !self.0.limits.enabled {
            return Ok(Vec::new());
        }
        let per_account = self.0.limits.login_failures_per_minute_per_account;
        let folded = fold(login);
        // An address from which the account has logged in has an allowance of its own: a stranger cannot lock its owner out.
        let known = match (user, client.address) {
            (Some(user), Some(address)) => {
                let sessions = self.sessions().list(user).await.map_err(Error::from)?;
                sessions.iter().any(|s| s.address == Some(address)).then_some(address)
            }
            _ => None,
        };
        let account = known.map_or_else(|| format!("login:{folded}"), |address| format!("login:{folded}@{address}"));
        let mut keys = vec![(account, per_account)];
        if let Some(address) = client.address.filter(|address| self.is_limited(*address)) {
            keys.push((format!("login-from:{address}"), self.0.limits.login_failures_per_minute_per_address));
        }
        Ok(keys)
    }

    /// Whether an address is a peer's own: not one that may be a proxy on this machine.
    pub(super) fn is_limited(&self, address: IpAddr) -> bool {
        self.0.behind_proxy || !address.is_loopback()
    }

    /// Ends the session; its sockets close within a second.
    pub async fn log_out(&self, session: &Session) -> Result<()> {
        self.sessions().end(session.user, Ended::One(session.id)).await.map_err(Error::from)?;
        self.0.cache.forget(&[session.id]);
        info!(user = session.login, "User logged out.");
        Ok(())
    }

    /// The caller's sessions, newest first.
    pub async fn my_sessions(&self, session: &Session) -> Result<Vec<Session>> {
        self.sessions().list(session.user).await.map_err(Error::from)
    }

    /// Ends one of the caller's sessions; its sockets close within a second. Anybody else's is `SessionNotFound`.
    pub async fn end_session(&self, session: &Session, id: SessionId) -> Result<()> {
        if self.sessions().end(session.user, Ended::One(id)).await.map_err(Error::from)? == 0 {
            return Err(Error::SessionNotFound);
        }
        self.0.cache.forget(&[id]);
        info!(user = session.login, "User ended a session.");
        Ok(())
    }

    /// A JSON web token for a session just opened.
    pub fn token(&self, login: &LoggedIn) -> Result<Token> {
        self.sign(&login.session, &login.secret)
    }

    fn sign(&self, session: &Session, secret: &str) -> Result<Token> {
        let now = Timestamp::now();
        let expires = now.plus(self.0.auth.token_life());
        let text = self.0.keys.sign(&session.login, secret, now, expires)?;
        Ok(Token { text, expires, session_expires: session.expires, login: session.login.clone() })
    }

    /// Whose credential this is. Bad ones are logged, with the user when known.
    pub async fn authenticate(&self, credential: &Credential, client: &Client) -> Result<Authenticated> {
        let found = match self.0.keys.open(credential, false) {
            Ok(opened) => self.find_session(&opened).await?.map(|session| Authenticated { session, token_expires: opened.expires }),
            Err(_) => None,
        };
        found.ok_or_else(|| self.refuse(credential, client))
    }

    /// A fresh token; accepts one whose only fault is its expiry. Prolongs the session's open sockets.
    pub async fn refresh(&self, credential: &Credential, client: &Client) -> Result<Token> {
        let Ok(opened) = self.0.keys.open(credential, true) else { return Err(self.refuse(credential, client)) };
        let Some(session) = self.find_session(&opened).await? else { return Err(self.refuse(credential, client)) };
        let token = self.sign(&session, &opened.secret)?;
        self.0.hub.prolong(&session, token.expires);
        Ok(token)
    }

    /// Whether the session still holds, asking the store when the last answer is too old.
    pub(super) async fn still_valid(&self, session: &Session) -> Result<bool> {
        let now = Timestamp::now();
        let found = self.sessions().find(session.token, now, self.0.auth.session_life()).await.map_err(Error::from)?;
        Ok(found.is_some())
    }

    async fn find_session(&self, opened: &Opened) -> Result<Option<Session>> {
        let age = Duration::from_secs(self.0.auth.token_recheck_seconds);
        if let Some(session) = self.0.cache.get(&opened.hash, age) {
            return Ok(Some(session));
        }
        let found = self.sessions().find(opened.hash, Timestamp::now(), self.0.auth.session_life()).await.map_err(Error::from)?;
        if let Some(session) = &found {
            self.0.cache.put(session);
        }
        Ok(found)
    }

    fn refuse(&self, credential: &Credential, client: &Client) -> Error {
        refusals::log(client, self.0.keys.named(credential).as_deref(), Reason::Session);
        Error::BadSession
    }

    /// Counts a request of this user against `requests_per_minute_per_user`.
    pub async fn count_request(&self, session: &Session) -> Result<()> {
        if self.0.limits.enabled {
            let key = format!("requests:{}", session.user);
            self.sessions().allowed(&key, self.0.limits.requests_per_minute_per_user).await.map_err(|wait| Error::RateLimited(wait.0))?;
            self.sessions().count(&key).await.map_err(|_| Error::Unavailable)?;
        }
        Ok(())
    }
}
