//! What only the operator of the server does: to accounts and sessions of others, and reading a
//! room without being in it. Having an [`Operator`] is the permission.
//!
//! Everything else an operator does goes through the same functions as for users.

use tracing::info;

use super::accounts::{Registration, check_profile};
use super::{Chat, Operator};
use crate::model::{
    Account, Error, Message, Result, RoomCard, RoomId, Session, SessionId, User, UserId, Window,
    check_login, check_password, fold, with_single_spaces,
};
use crate::store::{Ended, RoomQuery, UserChange, UserKey, UserQuery};

/// What an administrator changes of an account; None stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Display name.
    pub name: Option<String>,
    /// Plain text. Ends all sessions.
    pub password: Option<String>,
    /// May not log in. Ends all sessions when set.
    pub disabled: Option<bool>,
    /// May administer the server.
    pub admin: Option<bool>,
    /// Is a program.
    pub bot: Option<bool>,
    /// Is kept to the rooms that they take part in; loses the roles that they have there.
    pub guest: Option<bool>,
}

impl Chat {
    /// An account with all that is known of it.
    pub async fn account_of(&self, _: &Operator, login: &str) -> Result<Account> {
        if check_login("name", login).is_err() {
            return Err(Error::UserNotFound);
        }
        self.store().account(UserKey::Folded(&fold(login))).await?.ok_or(Error::UserNotFound)
    }

    /// A page of all users, ascending by id.
    pub async fn all_users(
        &self,
        _: &Operator,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>> {
        Ok(self.store().users(UserQuery::After(after, limit)).await?)
    }

    /// A page of all rooms, ascending by id.
    pub async fn all_rooms(
        &self,
        _: &Operator,
        after: Option<RoomId>,
        limit: u32,
    ) -> Result<Vec<RoomCard>> {
        Ok(self.store().rooms(RoomQuery::After(after, limit)).await?)
    }

    /// Rooms of exactly this name, ascending by id.
    pub async fn rooms_named(&self, _: &Operator, name: &str, limit: u32) -> Result<Vec<RoomCard>> {
        Ok(self.store().rooms(RoomQuery::Named(name, limit)).await?)
    }

    /// Rooms of a user.
    pub async fn rooms_of(&self, _: &Operator, user: UserId) -> Result<Vec<RoomId>> {
        Ok(self.store().rooms_of(user).await?)
    }

    /// Makes an account, also where registration is closed.
    pub async fn create_account(
        &self,
        _: &Operator,
        new: Registration,
        admin: bool,
    ) -> Result<User> {
        let user = self.add_account(new, admin).await?;
        info!(user = user.login, "User created.");
        Ok(user)
    }

    /// Changes an account; sessions that end by it close their sockets within a second.
    pub async fn change_account(
        &self,
        operator: &Operator,
        login: &str,
        change: AccountChange,
    ) -> Result<User> {
        let account = self.account_of(operator, login).await?;
        check_profile(change.name.as_deref(), None, None)?;
        let password = match &change.password {
            None => None,
            Some(password) => {
                check_password("password", password, self.0.auth.password_min_length)?;
                Some(self.hash_password(password, None).await?)
            }
        };
        let user = &account.user;
        if change.admin.unwrap_or(user.admin) && change.guest.unwrap_or(user.guest) {
            return Err(Error::invalid("guest", "cannot be an administrator of the server"));
        }
        let AccountChange { name, disabled, admin, bot, guest, .. } = change;
        let name = name.map(|name| with_single_spaces(&name));
        let change =
            UserChange { name, password, disabled, admin, bot, guest, ..UserChange::default() };
        let user = self.store().change_user(account.user.id, change).await?;
        self.0.cache.forget_user(user.id);
        info!(user = user.login, "User changed by an administrator.");
        Ok(user)
    }

    /// Deletes an account: at once no log-in and a free name; then, room by room, its places.
    pub async fn delete_account(&self, operator: &Operator, login: &str) -> Result<User> {
        let user = self.account_of(operator, login).await?.user;
        self.store().remove_user(user.id).await?;
        self.0.cache.forget_user(user.id);
        info!(user = user.login, "User deleted by an administrator.");
        Ok(user)
    }

    /// Somebody's sessions, newest first.
    pub async fn sessions_of(&self, operator: &Operator, login: &str) -> Result<Vec<Session>> {
        let user = self.account_of(operator, login).await?.user;
        Ok(self.sessions().list(user.id).await?)
    }

    /// Ends one of somebody's sessions, or all. Answers how many ended.
    pub async fn end_sessions_of(
        &self,
        operator: &Operator,
        login: &str,
        which: Option<SessionId>,
    ) -> Result<u32> {
        let user = self.account_of(operator, login).await?.user;
        let ended = self.sessions().end(user.id, which.map_or(Ended::All, Ended::One)).await?;
        self.0.cache.forget_user(user.id);
        if ended == 0 && which.is_some() {
            return Err(Error::SessionNotFound);
        }
        info!(user = user.login, "{ended} sessions ended by an administrator.");
        Ok(ended)
    }

    /// How many files hang on messages of a room, and their bytes.
    pub async fn files_of(&self, _: &Operator, room: RoomId) -> Result<(u64, u64)> {
        Ok(self.store().files_of(room).await?)
    }

    /// Messages of any room. Logged: nobody reads unseen.
    pub async fn audit(
        &self,
        _: &Operator,
        room: RoomId,
        window: Window,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.facts(room).await?;
        Ok(self.store().messages(room, window, limit).await?)
    }
}
