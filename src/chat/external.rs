//! Accounts of people whom another system knows: found by their identity, linked by a verified
//! e-mail address, or created at their first log-in; and what such a log-in changes in them.
//!
//! The caller has had the other system prove who somebody is, and opens the session afterwards
//! (`log_in`).

use tracing::{Instrument, field, info, warn};

use super::hashing::unusable_password;
use super::{Chat, caller};
use crate::model::{
    Account, Attribution, Claim, Client, Error, ExternalUser, Result, RoomId, User, UserId,
    check_display_name, check_email, check_login, fold, with_single_spaces,
};
use crate::store::{
    Ended, NewPassword, NewUser, RoomQuery, StoreError, UserChange, UserKey, UserQuery,
};

/// The action of the audit log of what a log-in changes.
const LOGGED_IN: &str = "user.log_in";
/// Attempts to find or create an account that others create at the same time.
const TRIES: usize = 3;
/// Users read at once.
const PAGE: u32 = 500;

/// Which accounts follow from another system, as the operator has configured it.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// Create an account for people who have none.
    pub(super) create: bool,
    /// Link an existing account that has the same verified e-mail address.
    pub(super) link_by_email: bool,
    /// Keys or names of rooms that new accounts join.
    pub(super) rooms: Vec<String>,
}

/// Why a person whom the other system knows has no account here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAccount {
    /// There is none, and none is created.
    Unknown,
    /// The other system gives no login name for a new one.
    NoName,
    /// The login name is not valid here.
    InvalidName(String),
    /// The login name is another account's, or looks like it.
    NameTaken(String),
    /// The e-mail address is another account's.
    EmailTaken,
    /// It is not known.
    Failed(Error),
}

impl NoAccount {
    /// Returns the reason for the log; continues a sentence.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Unknown => "none is created",
            Self::NoName => "there is no login name for a new one",
            Self::InvalidName(_) => "the login name is not valid",
            Self::NameTaken(_) => "the login name is taken, or looks like another",
            Self::EmailTaken => "the e-mail address is another account's",
            Self::Failed(_) => "an error",
        }
    }
}

impl From<Error> for NoAccount {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for NoAccount {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Chat {
    /// Returns the account of a person, linked or created as the terms say, after what the other
    /// system decides was applied to it: the e-mail address and, if it decides that, the
    /// administrator role. It may be disabled.
    pub(super) async fn account_of_external(
        &self,
        who: &ExternalUser,
        terms: &Terms,
        client: &Client,
    ) -> std::result::Result<Account, NoAccount> {
        for _ in 0..TRIES {
            let found = self.store().account(UserKey::Identity(&who.identity)).await?;
            let found = match found {
                None if terms.link_by_email => self.link_by_email(who, client).await?,
                found => found,
            };
            match found {
                Some(account) => return Ok(self.follow_external(account, who, client).await?),
                None if !terms.create => return Err(NoAccount::Unknown),
                None => match self.create_external(who, terms, client).await {
                    // By another log-in of the same person, just now.
                    Err(NoAccount::Failed(Error::Taken(Claim::Identity))) => {}
                    // Its name and address are found to be taken before its identity is.
                    Err(taken @ (NoAccount::NameTaken(_) | NoAccount::EmailTaken)) => {
                        let key = UserKey::Identity(&who.identity);
                        if self.store().account(key).await?.is_none() {
                            return Err(taken);
                        }
                    }
                    created => return created,
                },
            }
        }
        Err(NoAccount::Failed(Error::Unavailable))
    }

    /// Links the account with the verified e-mail address of a person, if there is one that nobody
    /// else is linked to. Nobody has verified the address of the account: whoever has made it may
    /// not be its owner, so its password no longer counts, and its sessions and API tokens end.
    async fn link_by_email(&self, who: &ExternalUser, client: &Client) -> Result<Option<Account>> {
        let Some(email) = valid_email(who).filter(|_| who.email_verified) else { return Ok(None) };
        let Some(account) = self.store().account(UserKey::Email(email)).await? else {
            return Ok(None);
        };
        let linked = self.store().identities(account.user.id).await?;
        let of_another = linked.iter().any(|identity| identity.source == who.identity.source);
        if account.user.bot || of_another {
            return Ok(None);
        }
        let password = unusable_password().ok_or(Error::Internal)?;
        let change = UserChange {
            password: Some(NewPassword { password, md5: None, sha1: None, keep: None }),
            link: vec![who.identity.clone()],
            ..UserChange::default()
        };
        let store = self.store_for(Some(by(who, client)));
        match store.change_user(account.user.id, change).await {
            Ok(user) => {
                self.sessions().end(user.id, Ended::All).await?;
                self.0.cache.forget_user(user.id);
                info!(user = user.login, "Account linked by its e-mail address.");
            }
            // Another log-in of the same person has linked it.
            Err(StoreError::Taken(_)) => {}
            Err(other) => return Err(other.into()),
        }
        Ok(self.store().account(UserKey::Identity(&who.identity)).await?)
    }

    /// Creates the account of a person, and joins the rooms.
    async fn create_external(
        &self,
        who: &ExternalUser,
        terms: &Terms,
        client: &Client,
    ) -> std::result::Result<Account, NoAccount> {
        let login = who.login.clone().ok_or(NoAccount::NoName)?;
        if check_login("userId", &login).is_err() {
            return Err(NoAccount::InvalidName(login));
        }
        let folded = fold(&login);
        let named = who.name.as_deref().filter(|name| check_display_name("name", name).is_ok());
        let new = NewUser {
            look_alike: self.look_alike(&folded),
            folded,
            name: named.map_or_else(|| login.clone(), with_single_spaces),
            email: valid_email(who).map(str::to_owned),
            birth: None,
            password: unusable_password().ok_or(Error::Internal)?,
            md5: None,
            sha1: None,
            admin: who.admin == Some(true),
            bot: false,
            guest: false,
            identity: Some(who.identity.clone()),
            login: login.clone(),
        };
        let (chat, by, rooms) = (self.clone(), by(who, client), terms.rooms.clone());
        let (source, ip) = (who.identity.source.as_str(), client.address);
        // In a task of its own: a caller who disconnects leaves no account outside of its rooms.
        let creating = async move {
            let user = chat.store_for(Some(by)).add_user(new).await?;
            let ip = ip.map(field::display);
            info!(user = user.login, ip, "User created by a first log-in through {source}.");
            chat.join_first_rooms(&user, &rooms).await;
            Ok::<_, StoreError>(user)
        };
        let created = tokio::spawn(creating.in_current_span()).await;
        let user = match created.map_err(|_| Error::Internal)? {
            Err(StoreError::Taken(Claim::Login)) => return Err(NoAccount::NameTaken(login)),
            Err(StoreError::Taken(Claim::Email)) => return Err(NoAccount::EmailTaken),
            created => created?,
        };
        let account = self.store().account(UserKey::Id(user.id)).await?;
        account.ok_or(NoAccount::Failed(Error::Unavailable))
    }

    /// Joins the rooms of new accounts. One that is missing or archived is skipped: the account
    /// exists, and its user can be added later.
    async fn join_first_rooms(&self, user: &User, rooms: &[String]) {
        for named in rooms {
            let joined = match self.first_room(named).await {
                Ok(Some(room)) => self.join_invited(user, room).await,
                Ok(None) => Err(Error::RoomNotFound),
                Err(error) => Err(error),
            };
            if let Err(error) = joined {
                let user = &user.login;
                warn!(user, room = named, "A new user was not added to a room: {error}.");
            }
        }
    }

    async fn first_room(&self, named: &str) -> Result<Option<RoomId>> {
        if let Some(id) = RoomId::parse(named)
            && self.store().room(id).await?.is_some()
        {
            return Ok(Some(id));
        }
        let found = self.store().rooms(RoomQuery::Named(named, 2)).await?;
        Ok(match found.as_slice() {
            [one] => Some(one.facts.room.id),
            _ => None,
        })
    }

    /// Applies what the other system decides, unless the account is disabled.
    async fn follow_external(
        &self,
        account: Account,
        who: &ExternalUser,
        client: &Client,
    ) -> Result<Account> {
        let user = &account.user;
        let admin = self.admin_change(user, who).await?;
        let email = valid_email(who).filter(|email| user.email.as_deref() != Some(email));
        if user.disabled || (admin.is_none() && email.is_none()) {
            return Ok(account);
        }
        let store = self.store_for(Some(by(who, client)));
        let email = email.map(|email| Some(email.to_owned()));
        let moves = email.is_some();
        let change = |email| UserChange { email, admin, ..UserChange::default() };
        match store.change_user(user.id, change(email)).await {
            Ok(_) if moves => self.end_mailed_links(user.id).await?,
            Ok(_) => {}
            Err(StoreError::Taken(_)) => {
                warn!(user = user.login, "The e-mail address of the log-in is another account's.");
                if admin.is_some() {
                    store.change_user(user.id, change(None)).await?;
                }
            }
            Err(other) => return Err(other.into()),
        }
        self.0.cache.forget_user(user.id);
        self.end_unproven(user.id).await?;
        if let Some(admin) = admin {
            let what = if admin { "made an administrator" } else { "no longer an administrator" };
            info!(user = user.login, "User {what} by a log-in.");
        }
        self.store().account(UserKey::Id(user.id)).await?.ok_or(Error::BadSession)
    }

    /// Returns how the administrator role of a user changes. The last administrator stays one.
    async fn admin_change(&self, user: &User, who: &ExternalUser) -> Result<Option<bool>> {
        let Some(admin) = who.admin.filter(|admin| *admin != user.admin) else { return Ok(None) };
        if admin && user.guest {
            warn!(user = user.login, "A guest is not made an administrator.");
            return Ok(None);
        }
        if !admin && !self.has_other_administrator(user.id).await? {
            let why = "The log-in takes away the administrator role, but there is no other \
                       administrator: it stays.";
            warn!(user = user.login, "{why}");
            return Ok(None);
        }
        Ok(Some(admin))
    }

    async fn has_other_administrator(&self, than: UserId) -> Result<bool> {
        let mut after = None;
        loop {
            let page = self.store().users(UserQuery::After(after, PAGE)).await?;
            if page.iter().any(|user| user.admin && !user.disabled && user.id != than) {
                return Ok(true);
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.id),
                _ => return Ok(false),
            }
        }
    }
}

fn valid_email(who: &ExternalUser) -> Option<&str> {
    who.email.as_deref().filter(|email| check_email("email", email).is_ok())
}

/// To whom the changes of a log-in are attributed: the other system.
fn by(who: &ExternalUser, client: &Client) -> Attribution {
    let name = who.identity.source.as_str();
    Attribution { actor: caller::other_system(name, client), action: LOGGED_IN.to_owned() }
}

#[cfg(test)]
mod tests;
