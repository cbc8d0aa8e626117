//! Accounts: creating, updating, finding and deleting them.

use std::net::IpAddr;
use std::time::Duration;

use tracing::{field, info};

use super::digests::digests;
use super::{Chat, access, actor};
use crate::config::Confusables;
use crate::model::{
    Attribution, Claim, Client, Error, MediaId, Result, Session, Status, Timestamp, User, UserId,
    check_birth, check_display_name, check_email, check_login, check_password, fold, skeleton,
    with_single_spaces,
};
use crate::store::{Missing, NewPassword, NewUser, StoreError, UserChange, UserKey, UserQuery};

const HOUR: Duration = Duration::from_hours(1);
/// Maximum number of users listed by `v1`.
const MAX_LOGINS: u32 = 50;

/// Data of a new account.
#[derive(Clone, Default)]
pub struct Registration {
    /// Login name.
    pub login: String,
    /// Password in plain text.
    pub password: String,
    /// Display name; the login name when absent.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    pub birth: Option<String>,
}

/// A new status, unchecked.
#[derive(Clone, Debug, Default)]
pub struct NewStatus {
    /// One emoji; empty: none.
    pub emoji: Option<String>,
    /// Text.
    pub text: String,
    /// End; None: until it is removed.
    pub until: Option<Timestamp>,
}

/// Changes of one's own profile; None leaves a field unchanged, `Some(None)` removes it.
#[derive(Clone, Default)]
pub struct ProfileChange {
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<Option<String>>,
    /// Birth date.
    pub birth: Option<Option<String>>,
    /// Profile picture.
    pub media: Option<Option<MediaId>>,
    /// Status.
    pub status: Option<Option<NewStatus>>,
    /// New password.
    pub password: Option<String>,
    /// Required with a new password.
    pub current_password: Option<String>,
}

impl Chat {
    /// Creates an account.
    pub async fn register(&self, new: Registration, client: &Client) -> Result<User> {
        self.may_register(false)?;
        self.check_registration(&new)?;
        self.count_registration(client.counted).await?;
        let user = self.add_account(new, false, None).await?;
        info!(
            user = user.login,
            ip = client.address.map(field::display),
            dialect = client.dialect,
            "User registered."
        );
        Ok(user)
    }

    /// Refuses a registration unless it is open, or an invitation permits it.
    pub(super) fn may_register(&self, invited: bool) -> Result<()> {
        let auth = &self.config().auth;
        access::use_password(auth.local_login)?;
        access::register(auth.registration, invited)
    }

    pub(super) async fn add_account(
        &self,
        new: Registration,
        admin: bool,
        to: Option<Attribution>,
    ) -> Result<User> {
        let user = self.new_account(new, admin).await?;
        Ok(self.store_for(to).add_user(user).await?)
    }

    /// Checks the data of a new account and hashes its password.
    pub(super) async fn new_account(&self, new: Registration, admin: bool) -> Result<NewUser> {
        self.check_registration(&new)?;
        let folded = fold(&new.login);
        let look_alike = self.look_alike(&folded);
        // Checked before hashing, so that a taken name is refused cheaply; `add_user` decides.
        if self.store().account(UserKey::Folded(&folded)).await?.is_some() {
            return Err(Error::Taken(Claim::Login));
        }
        let NewPassword { password, md5, sha1, .. } =
            self.hash_password(&new.password, None).await?;
        let name = new.name.map_or_else(|| new.login.clone(), |name| with_single_spaces(&name));
        Ok(NewUser {
            login: new.login,
            folded,
            look_alike,
            name,
            email: new.email,
            birth: new.birth,
            password,
            md5,
            sha1,
            admin,
            bot: false,
            guest: false,
            identity: None,
        })
    }

    /// What a folded login name is compared by with others that may look like it.
    pub(super) fn look_alike(&self, folded: &str) -> String {
        match self.config().auth.confusable_names {
            Confusables::Refuse => skeleton(folded),
            Confusables::Allow => folded.to_owned(),
        }
    }

    pub(super) fn check_registration(&self, new: &Registration) -> Result<()> {
        check_login("userId", &new.login)?;
        check_password("password", &new.password, self.config().auth.password_min_length)?;
        check_profile(new.name.as_deref(), new.email.as_deref(), new.birth.as_deref())
    }

    /// Counts a registration against `registrations_per_hour_per_address`.
    pub(super) async fn count_registration(&self, address: Option<IpAddr>) -> Result<()> {
        let Some(address) = address.filter(|_| self.config().limits.enabled) else { return Ok(()) };
        let limit = self.config().limits.registrations_per_hour_per_address;
        self.attempt(&format!("register-from:{address}"), limit, HOUR)
            .await
            .map_err(|wait| Error::RateLimited(wait.0))
    }

    /// Hashes a password and, if log-in by digest is enabled, its digests.
    pub(super) async fn hash_password(
        &self,
        password: &str,
        keep: Option<&Session>,
    ) -> Result<NewPassword> {
        let mut secrets = vec![password.to_owned()];
        if self.config().auth.digest_login {
            secrets.extend(digests(password));
        }
        let mut hashes = self.0.hasher.hash(secrets).await?.into_iter();
        let password = hashes.next().ok_or(Error::Internal)?;
        Ok(NewPassword {
            password,
            md5: hashes.next(),
            sha1: hashes.next(),
            keep: keep.map(|s| s.id),
        })
    }

    /// Returns the caller.
    pub async fn me(&self, session: &Session) -> Result<User> {
        let account = self.store().account(UserKey::Id(session.user)).await?;
        account.map(|a| a.user).ok_or(Error::BadSession)
    }

    /// Updates the caller. Changing the password keeps the current session and ends all others.
    pub async fn change_me(&self, session: &Session, change: ProfileChange) -> Result<User> {
        check_profile(
            change.name.as_deref(),
            change.email.as_ref().and_then(|e| e.as_deref()),
            change.birth.as_ref().and_then(|b| b.as_deref()),
        )?;
        if change.password.is_some() || change.email.is_some() {
            access::manage_account(session)?;
        }
        let status =
            change.status.map(|new| new.as_ref().map(check_status).transpose()).transpose()?;
        let password = match &change.password {
            None => None,
            Some(password) => {
                access::use_password(self.config().auth.local_login)?;
                self.check_password_is_here(session.user).await?;
                check_password("password", password, self.config().auth.password_min_length)?;
                self.check_current_password(session, change.current_password.as_deref()).await?;
                let hashed = self.hash_password(password, Some(session)).await?;
                // Hashing may have waited for others, and the session may have ended meanwhile.
                self.check_still_open(session).await?;
                Some(hashed)
            }
        };
        let ends_sessions = password.is_some();
        let tells = status.is_some();
        let moves = change.email.is_some();
        let change = UserChange {
            name: change.name.map(|name| with_single_spaces(&name)),
            email: change.email,
            birth: change.birth,
            media: change.media,
            status,
            password,
            ..UserChange::default()
        };
        let user =
            self.store().change_user(session.user, change).await.map_err(|error| match error {
                StoreError::NotFound(Missing::Media) => {
                    Error::invalid("mediaId", "must be one of your pictures")
                }
                // The account was deleted just now.
                StoreError::NotFound(Missing::User) => Error::BadSession,
                other => other.into(),
            })?;
        if tells {
            self.tell_status(&user).await;
        }
        if moves {
            self.end_mailed_links(session.user).await?;
        }
        if ends_sessions {
            self.0.cache.forget_user(session.user);
            info!(user = session.login, "Password changed.");
        }
        Ok(user)
    }

    pub(super) async fn check_current_password(
        &self,
        session: &Session,
        current: Option<&str>,
    ) -> Result<()> {
        let Some(current) = current else {
            return Err(Error::invalid("currentPassword", "is required to change the password"));
        };
        let account =
            self.store().account(UserKey::Id(session.user)).await?.ok_or(Error::BadSession)?;
        let own = (
            format!("login:{}@own", session.user),
            self.config().limits.login_failures_per_minute_per_account,
        );
        let guess =
            self.guess(if self.config().limits.enabled { vec![own] } else { Vec::new() }).await?;
        let right = match self.ldap_identity(session.user).await {
            Ok(None) => self.0.hasher.verify(current, Some(&account.password)).await,
            Ok(Some(identity)) => self.is_password_of_entry(&identity, current).await,
            Err(error) => Err(error),
        };
        match right {
            Ok(true) => guess.was_right().await,
            Ok(false) => Err(Error::Forbidden),
            Err(error) => {
                guess.was_right().await?;
                Err(error)
            }
        }
    }

    /// Deletes the caller's account: log-in ends and the name is released at once, then the user is
    /// removed from each room.
    pub async fn delete_me(&self, session: &Session) -> Result<()> {
        access::manage_account(session)?;
        self.store().remove_user(session.user).await.map_err(|error| match error {
            StoreError::NotFound(Missing::User) => Error::BadSession,
            other => other.into(),
        })?;
        self.0.cache.forget_user(session.user);
        info!(user = session.login, "User deleted.");
        Ok(())
    }

    /// Returns a user by login name. Guests only find users of their rooms.
    pub async fn user(&self, session: &Session, login: &str) -> Result<User> {
        let user = self.anybody(login).await?;
        if self.knows_all(session, &[user.id]).await? { Ok(user) } else { Err(Error::UserNotFound) }
    }

    /// Returns whether the caller may know all these users: guests must share a room with each.
    pub(super) async fn knows_all(&self, session: &Session, users: &[UserId]) -> Result<bool> {
        if access::browse(actor(session)).is_ok() {
            return Ok(true);
        }
        let known = self.store().acquainted(session.user, users).await?;
        Ok(users.iter().all(|user| known.contains(user)))
    }

    /// Returns a user for any caller, logged in or not (`realtime`); only names may be shown.
    pub async fn anybody(&self, login: &str) -> Result<User> {
        let account = self.store().account(UserKey::Folded(&fold(login))).await?;
        account.map(|a| a.user).ok_or(Error::UserNotFound)
    }

    /// Finds users whose login or display name contains the text; an empty text matches all.
    pub async fn find_users(&self, session: &Session, text: &str, limit: u32) -> Result<Vec<User>> {
        let near = near(session);
        if text.is_empty() && near.is_none() {
            return Ok(self.store().users(UserQuery::After(None, limit)).await?);
        }
        let _turn = self.turn(session).await?;
        Ok(self.store().find_users(text, true, near, limit).await?)
    }

    /// Finds users whose login name contains the text in any case: ordered by id, at most 50, none
    /// for an empty text (`v1`).
    pub async fn find_logins(&self, session: &Session, text: &str) -> Result<Vec<User>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turn(session).await?;
        Ok(self.store().find_users(text, false, near(session), MAX_LOGINS).await?)
    }
}

/// The user whose rooms limit a search for users; None: no limit.
fn near(session: &Session) -> Option<UserId> {
    access::browse(actor(session)).is_err().then_some(session.user)
}

fn check_status(new: &NewStatus) -> Result<Status> {
    Status::new(new.emoji.as_deref(), &new.text, new.until, Timestamp::now())
}

pub(super) fn check_profile(
    name: Option<&str>,
    email: Option<&str>,
    birth: Option<&str>,
) -> Result<()> {
    if let Some(name) = name {
        check_display_name("name", name)?;
    }
    if let Some(email) = email {
        check_email("email", email)?;
    }
    if let Some(birth) = birth {
        check_birth("birth", birth, Timestamp::now())?;
    }
    Ok(())
}
