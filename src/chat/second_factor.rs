//! The second factor of log-ins: setting it up, confirming it, using and removing it.
//!
//! The store changes a factor only if it still is what the decision was made on, so of two log-ins
//! with the same code one wins, and a recovery code works once.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tracing::info;

use super::guesses::Limit;
use super::log_in::Code;
use super::{Chat, LoggedIn, Operator, access};
use crate::config::SecondFactors;
use crate::model::{
    Account, Claim, Client, Error, RECOVERY_BYTES, RECOVERY_CODES, Result, SECRET_BYTES,
    SecondFactor, Session, SessionId, Timestamp, User, UserId, recovery_code, recovery_hash,
    secret_text,
};
use crate::store::{Ended, FactorChange, Store, StoreError, UserChange, UserKey, UserQuery};

/// Attempts, each of which another use of the same factor may overtake.
const TRIES: usize = 8;
/// Wrong codes within [`CODES_WITHIN`]. Three codes of a million are right at any time, so one in
/// 700 would find one within a day.
const WRONG_CODES: u32 = 20;
const CODES_WITHIN: Duration = Duration::from_hours(1);
/// Users read at once.
const PAGE: u32 = 500;
/// Issuer shown by the app if the server has no name.
const PRODUCT: &str = "chatctl";
/// What is written as it is in an `otpauth` address.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// A second factor that was set up and waits for its confirmation. Shown once.
pub struct FactorSetUp {
    /// The secret in Base32, to be typed into an app.
    pub secret: String,
    /// The same as an `otpauth` address, for a QR code.
    pub url: String,
}

/// What a user is told of their second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorState {
    /// It can be set up on this server.
    pub available: bool,
    /// It is in force.
    pub enabled: bool,
    /// The server requires it of the user.
    pub required: bool,
    /// Recovery codes that have not been used.
    pub recovery_codes: usize,
}

impl Chat {
    /// Returns the state of the caller's second factor.
    pub async fn second_factor(&self, session: &Session) -> Result<FactorState> {
        let account = self.own_account(session).await?;
        let required = self.must_have_factor(&account.user);
        let factor = account.second_factor.filter(|factor| factor.confirmed);
        Ok(FactorState {
            available: self.has_second_factors(),
            enabled: factor.is_some(),
            required,
            recovery_codes: factor.map_or(0, |factor| factor.recovery.len()),
        })
    }

    /// Sets up a second factor of the caller, which is in force when a code has confirmed it; one
    /// that was only set up before is replaced. `Taken` if one is in force, `Forbidden` for a wrong
    /// password and unless `[auth] second_factor` permits it.
    pub async fn set_up_second_factor(
        &self,
        session: &Session,
        password: &str,
    ) -> Result<FactorSetUp> {
        access::set_up_second_factor(session, self.has_second_factors())?;
        self.check_current_password(session, Some(password)).await?;
        // Checking may have waited for others, and the session may have ended meanwhile.
        self.check_still_open(session).await?;
        self.set_up_factor(session.user, &session.login).await
    }

    /// Sets up the second factor that a user must have to log in. The password is proven as in any
    /// log-in, and a log-in that does not end with `SecondFactorMissing` fails: `Taken` if nothing
    /// is missing.
    pub async fn set_up_at_log_in(
        &self,
        login: &str,
        password: &str,
        client: &Client,
    ) -> Result<FactorSetUp> {
        let user = match self.log_in(login, password, None, client).await {
            Err(Error::SecondFactorMissing(user)) => user,
            // Whoever has a second factor sets none up with the password alone.
            Err(Error::SecondFactorRequired) => return Err(Error::Taken(Claim::SecondFactor)),
            Err(other) => return Err(other),
            Ok(opened) => {
                let (user, id) = (opened.session.user, opened.session.id);
                self.sessions().end(user, Ended::One(id)).await?;
                return Err(Error::invalid("userId", "can log in without setting anything up"));
            }
        };
        let account = self.store().account(UserKey::Id(user)).await?;
        let account = account.ok_or(Error::BadCredentials { known: true })?;
        self.set_up_factor(user, &account.user.login).await
    }

    /// Opens a session with the password and a code, which confirms the second factor that was set
    /// up with [`Chat::set_up_at_log_in`]; returns its recovery codes, this once. `Invalid` for a
    /// wrong code.
    pub async fn confirm_at_log_in(
        &self,
        login: &str,
        password: &str,
        code: &str,
        client: &Client,
    ) -> Result<(LoggedIn, Vec<String>)> {
        let codes = new_codes()?;
        let code = Code { text: Some(code), confirms: Some(&codes) };
        let opened = self.log_in_with(login, password, code, false, client).await?;
        Ok((opened, codes))
    }

    /// Brings the second factor into force that the user of a log-in must have, and was set up; the
    /// password was right.
    pub(super) async fn confirm_missing(
        &self,
        account: &mut Account,
        code: Option<&str>,
        recovery: &[String],
    ) -> Result<bool> {
        if account.user.second_factor {
            return Err(Error::Taken(Claim::SecondFactor));
        }
        if !self.must_have_factor(&account.user) {
            return Err(Error::invalid("code", "confirms nothing: the log-in needs no set-up"));
        }
        let code = code.unwrap_or_default();
        let user = &account.user;
        self.confirm_factor(user.id, &user.login, None, code, recovery).await?;
        let now = self.store().account(UserKey::Id(account.user.id)).await?;
        let now = now.ok_or(Error::BadCredentials { known: true })?;
        // Nothing else of it: the log-in stands on what the password was checked with.
        account.second_factor = now.second_factor;
        account.user.second_factor = now.user.second_factor;
        Ok(true)
    }

    async fn set_up_factor(&self, user: UserId, login: &str) -> Result<FactorSetUp> {
        let secret = random::<SECRET_BYTES>()?;
        let set_up = |factor: Option<&SecondFactor>| match factor {
            Some(factor) if factor.confirmed => Err(Error::Taken(Claim::SecondFactor)),
            _ => Ok(Some(SecondFactor::new(secret))),
        };
        self.change_factor(self.store(), user, None, set_up).await.map_err(own)?;
        let secret = secret_text(&secret);
        let url = otpauth(self.look().await.name.as_deref(), login, &secret);
        Ok(FactorSetUp { secret, url })
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        login: &str,
        keep: Option<SessionId>,
        code: &str,
        recovery: &[String],
    ) -> Result<()> {
        let confirm = |factor: Option<&SecondFactor>| match factor {
            None => Err(Error::invalid("code", "confirms nothing: set the second factor up first")),
            Some(factor) if factor.confirmed => Err(Error::Taken(Claim::SecondFactor)),
            Some(factor) => {
                let hashes = recovery.iter().map(|code| recovery_hash(code)).collect();
                factor.confirm(code, Timestamp::now(), hashes).map(Some).ok_or_else(wrong_code)
            }
        };
        self.change_counted(user, keep, confirm).await?;
        self.0.cache.forget_user(user);
        info!(user = login, "Second factor turned on.");
        Ok(())
    }

    /// Brings the second factor that the caller has set up into force, and ends all their other
    /// sessions. Returns the recovery codes, this once. `Invalid` for a wrong code.
    pub async fn confirm_second_factor(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<Vec<String>> {
        access::set_up_second_factor(session, self.has_second_factors())?;
        let codes = new_codes()?;
        let (user, keep) = (session.user, Some(session.id));
        self.confirm_factor(user, &session.login, keep, code, &codes).await?;
        Ok(codes)
    }

    /// Replaces the caller's recovery codes, and returns the new ones, this once. `Forbidden` for a
    /// wrong password, `Invalid` for a wrong code.
    pub async fn renew_recovery_codes(
        &self,
        session: &Session,
        password: &str,
        code: &str,
    ) -> Result<Vec<String>> {
        access::manage_account(session)?;
        self.check_current_password(session, Some(password)).await?;
        self.check_still_open(session).await?;
        let codes = new_codes()?;
        let renew = |factor: Option<&SecondFactor>| {
            let factor = factor.filter(|factor| factor.confirmed).ok_or_else(wrong_code)?;
            let spent = factor.spend(code, Timestamp::now()).ok_or_else(wrong_code)?;
            let recovery = codes.iter().map(|code| recovery_hash(code)).collect();
            Ok(Some(SecondFactor { recovery, ..spent }))
        };
        self.change_counted(session.user, None, renew).await?;
        info!(user = session.login, "Recovery codes replaced.");
        Ok(codes)
    }

    /// Removes the caller's second factor, also one that was only set up, for which no code is
    /// needed. `Forbidden` for a wrong password, `Invalid` for a wrong code, `SecondFactorKept` if
    /// the server requires it.
    pub async fn turn_off_second_factor(
        &self,
        session: &Session,
        password: &str,
        code: Option<&str>,
    ) -> Result<()> {
        access::manage_account(session)?;
        self.check_current_password(session, Some(password)).await?;
        self.check_still_open(session).await?;
        if self.must_have_factor(&self.own_account(session).await?.user) {
            return Err(Error::SecondFactorKept);
        }
        let remove = |factor: Option<&SecondFactor>| match factor {
            Some(factor) if factor.confirmed => {
                let code = code.ok_or_else(|| Error::invalid("code", "is required"))?;
                factor.spend(code, Timestamp::now()).map(|_| None).ok_or_else(wrong_code)
            }
            _ => Ok(None),
        };
        self.change_counted(session.user, None, remove).await?;
        info!(user = session.login, "Second factor turned off.");
        Ok(())
    }

    /// Removes the second factor of a user, who has lost it.
    pub async fn reset_second_factor(&self, operator: &Operator, login: &str) -> Result<User> {
        let account = self.account_of(operator, login).await?;
        let store = self.store_for(operator.attribution());
        let user = account.user.id;
        let before = self.change_factor(&*store, user, None, |_| Ok(None)).await?;
        if before.is_some() {
            info!(user = account.user.login, "Second factor removed by an administrator.");
        }
        self.0.cache.forget_user(user);
        self.end_unproven(user).await?;
        Ok(self.account_of(operator, login).await?.user)
    }

    /// Uses the code of a log-in whose password was right, if the account needs one; `counted` is
    /// the name under which its failures count. False: the code is wrong, which is counted.
    /// `SecondFactorRequired` without a code.
    pub(super) async fn check_code(
        &self,
        account: &Account,
        code: Option<&str>,
        counted: Option<String>,
    ) -> Result<bool> {
        if !account.user.second_factor && self.must_have_factor(&account.user) {
            return Err(Error::SecondFactorMissing(account.user.id));
        }
        if !account.user.second_factor || !self.has_second_factors() {
            return Ok(true);
        }
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            return Err(Error::SecondFactorRequired);
        };
        let limit: Option<Limit> = counted.map(|name| (format!("code:{name}"), WRONG_CODES));
        let guess = self.guess_within(limit.into_iter().collect(), CODES_WITHIN).await?;
        let spend = |factor: Option<&SecondFactor>| match factor {
            Some(factor) if factor.confirmed => {
                factor.spend(code, Timestamp::now()).map(Some).ok_or_else(wrong_code)
            }
            // Turned off in between.
            other => Ok(other.cloned()),
        };
        match self.change_factor(self.store(), account.user.id, None, spend).await {
            // Or the account was deleted just now.
            Err(Error::Invalid { .. } | Error::UserNotFound) => Ok(false),
            other => {
                guess.was_right().await?;
                other.map(|_| true)
            }
        }
    }

    pub(super) fn has_second_factors(&self) -> bool {
        self.config().auth.second_factor != SecondFactors::Off
    }

    /// Returns whether a user who logs in with a password must have a second factor.
    pub(super) fn must_have_factor(&self, user: &User) -> bool {
        !user.bot && self.config().auth.second_factor.requires(user.admin)
    }

    /// Ends the sessions of a user that were opened with a password alone, if the user must have a
    /// second factor now. Returns how many.
    pub(super) async fn end_unproven(&self, user: UserId) -> Result<u32> {
        let mut ended = 0;
        for session in self.sessions().list(user).await? {
            if !self.is_proven(&session) {
                ended += self.sessions().end(user, Ended::One(session.id)).await?;
                self.0.cache.forget(&[session.id]);
            }
        }
        Ok(ended)
    }

    /// Ends the sessions of all people who must have a second factor and have none. They are refused
    /// anyway; this closes their sockets.
    pub async fn enforce_second_factors(&self) -> Result<()> {
        if !self.config().auth.second_factor.requires(true) {
            return Ok(());
        }
        let (mut after, mut sessions, mut people) = (None, 0_u64, 0_u64);
        loop {
            let page = self.store().users(UserQuery::After(after, PAGE)).await?;
            for user in page.iter().filter(|user| !user.second_factor && !user.disabled) {
                if self.must_have_factor(user) {
                    let ended = u64::from(self.end_unproven(user.id).await?);
                    sessions += ended;
                    people += u64::from(ended > 0);
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.id),
                _ => break,
            }
        }
        if sessions > 0 {
            info!(
                "{sessions} sessions of {people} people ended, who must set up two-step login first \
                 ([auth] second_factor)."
            );
        }
        Ok(())
    }

    async fn own_account(&self, session: &Session) -> Result<Account> {
        self.store().account(UserKey::Id(session.user)).await?.ok_or(Error::BadSession)
    }

    /// Changes the caller's factor with a code, which counts as a guess until it was right.
    async fn change_counted(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        change: impl Fn(Option<&SecondFactor>) -> Result<Option<SecondFactor>> + Send + Sync,
    ) -> Result<()> {
        let limit = (format!("code:login:{user}@own"), WRONG_CODES);
        let limits = if self.config().limits.enabled { vec![limit] } else { Vec::new() };
        let guess = self.guess_within(limits, CODES_WITHIN).await?;
        let changed = self.change_factor(self.store(), user, keep, change).await;
        if !matches!(changed, Err(Error::Invalid { .. })) {
            guess.was_right().await?;
        }
        changed.map(drop).map_err(own)
    }

    /// Changes the factor of a user from what it is now, and returns what it was; decides again if
    /// it was changed meanwhile. What stays the same is not written.
    async fn change_factor(
        &self,
        store: &dyn Store,
        user: UserId,
        keep: Option<SessionId>,
        change: impl Fn(Option<&SecondFactor>) -> Result<Option<SecondFactor>> + Send + Sync,
    ) -> Result<Option<SecondFactor>> {
        for _ in 0..TRIES {
            let account = self.store().account(UserKey::Id(user)).await?;
            let before = account.ok_or(Error::UserNotFound)?.second_factor;
            let after = change(before.as_ref())?;
            if after == before {
                return Ok(before);
            }
            let new = FactorChange { before: before.clone(), after, keep };
            let change = UserChange { second_factor: Some(new), ..UserChange::default() };
            match store.change_user(user, change).await {
                Ok(_) => return Ok(before),
                Err(StoreError::Stale) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Unavailable)
    }
}

fn wrong_code() -> Error {
    Error::invalid("code", "is wrong, or was used before")
}

/// An account of one's own that is gone was deleted just now.
fn own(error: Error) -> Error {
    match error {
        Error::UserNotFound => Error::BadSession,
        other => other,
    }
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Internal)?;
    Ok(bytes)
}

fn new_codes() -> Result<Vec<String>> {
    (0..RECOVERY_CODES).map(|_| Ok(recovery_code(random::<RECOVERY_BYTES>()?))).collect()
}

/// Returns the address that apps read from a QR code. Neither name in it may contain a colon.
fn otpauth(server: Option<&str>, login: &str, secret: &str) -> String {
    let plain = |name: &str| {
        let name = name.replace(':', " ");
        utf8_percent_encode(name.trim(), PLAIN).to_string()
    };
    let issuer = match plain(server.unwrap_or_default()) {
        name if name.is_empty() => PRODUCT.to_owned(),
        name => name,
    };
    format!("otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}", plain(login))
}

#[cfg(test)]
mod tests;
