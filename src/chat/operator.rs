//! Operations of the operator only: on accounts and sessions of users, and reading rooms without
//! participating. Having an [`Operator`] is the permission.
//!
//! All other operations take the same functions as those of users.

use tracing::info;

use super::accounts::{Registration, check_profile};
use super::{Chat, Operator};
use crate::model::{
    Account, AuditEntry, AuditNote, Error, Message, Result, RoomCard, RoomId, Session, SessionId,
    Timestamp, User, UserId, Window, check_login, check_password, fold, with_single_spaces,
};
use crate::store::{AuditQuery, Ended, RoomQuery, UserChange, UserKey, UserQuery};

/// Changes of an account by an administrator; None leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Display name.
    pub name: Option<String>,
    /// E-mail address; `Some(None)` removes it.
    pub email: Option<Option<String>>,
    /// Password in plain text. Ends all sessions.
    pub password: Option<String>,
    /// Disables log-in. Ends all sessions when set.
    pub disabled: Option<bool>,
    /// Server administrator.
    pub admin: Option<bool>,
    /// The account belongs to a program.
    pub bot: Option<bool>,
    /// Guest: limited to their rooms; guests lose their roles there.
    pub guest: Option<bool>,
}

impl Chat {
    /// Returns an account with all its data.
    pub async fn account_of(&self, _: &Operator, login: &str) -> Result<Account> {
        if check_login("name", login).is_err() {
            return Err(Error::UserNotFound);
        }
        self.store().account(UserKey::Folded(&fold(login))).await?.ok_or(Error::UserNotFound)
    }

    /// Returns a page of all users, ascending by id.
    pub async fn all_users(
        &self,
        _: &Operator,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>> {
        Ok(self.store().users(UserQuery::After(after, limit)).await?)
    }

    /// Returns a page of all rooms, ascending by id.
    pub async fn all_rooms(
        &self,
        _: &Operator,
        after: Option<RoomId>,
        limit: u32,
    ) -> Result<Vec<RoomCard>> {
        Ok(self.store().rooms(RoomQuery::After(after, limit)).await?)
    }

    /// Returns the rooms of exactly this name, ascending by id.
    pub async fn rooms_named(&self, _: &Operator, name: &str, limit: u32) -> Result<Vec<RoomCard>> {
        Ok(self.store().rooms(RoomQuery::Named(name, limit)).await?)
    }

    /// Returns the rooms of a user.
    pub async fn rooms_of(&self, _: &Operator, user: UserId) -> Result<Vec<RoomId>> {
        Ok(self.store().rooms_of(user).await?)
    }

    /// Creates an account, also if registration is closed.
    pub async fn create_account(
        &self,
        operator: &Operator,
        new: Registration,
        admin: bool,
    ) -> Result<User> {
        let user = self.add_account(new, admin, operator.attribution()).await?;
        info!(user = user.login, "User created.");
        Ok(user)
    }

    /// Updates an account; sessions ended by this close their sockets within a second.
    pub async fn change_account(
        &self,
        operator: &Operator,
        login: &str,
        change: AccountChange,
    ) -> Result<User> {
        let account = self.account_of(operator, login).await?;
        let email = change.email.as_ref().and_then(Option::as_deref);
        check_profile(change.name.as_deref(), email, None)?;
        let password = match &change.password {
            None => None,
            Some(password) => {
                self.check_password_is_here(account.user.id).await?;
                check_password("password", password, self.config().auth.password_min_length)?;
                Some(self.hash_password(password, None).await?)
            }
        };
        let user = &account.user;
        if change.admin.unwrap_or(user.admin) && change.guest.unwrap_or(user.guest) {
            return Err(Error::invalid("guest", "cannot be an administrator of the server"));
        }
        let AccountChange { name, email, disabled, admin, bot, guest, .. } = change;
        let moves = email.is_some();
        let name = name.map(|name| with_single_spaces(&name));
        let change = UserChange {
            name,
            email,
            password,
            disabled,
            admin,
            bot,
            guest,
            ..UserChange::default()
        };
        let store = self.store_for(operator.attribution());
        let user = store.change_user(account.user.id, change).await?;
        if moves {
            self.end_mailed_links(user.id).await?;
        }
        self.0.cache.forget_user(user.id);
        // A new administrator, or a person who was a bot, may have to set up a second factor.
        self.end_unproven(user.id).await?;
        if user.status.is_some() && user.disabled != account.user.disabled {
            self.tell_status(&user).await;
        }
        info!(user = user.login, "User changed by an administrator.");
        Ok(user)
    }

    /// Deletes an account: log-in ends and the name is released at once, then the user is removed
    /// from each room.
    pub async fn delete_account(&self, operator: &Operator, login: &str) -> Result<User> {
        let user = self.account_of(operator, login).await?.user;
        self.store_for(operator.attribution()).remove_user(user.id).await?;
        self.0.cache.forget_user(user.id);
        info!(user = user.login, "User deleted by an administrator.");
        Ok(user)
    }

    /// Returns the log-ins of a user, newest first.
    pub async fn sessions_of(&self, operator: &Operator, login: &str) -> Result<Vec<Session>> {
        let user = self.account_of(operator, login).await?.user;
        let mut all = self.sessions().list(user.id).await?;
        all.retain(|session| session.grant.is_none());
        Ok(all)
    }

    /// Returns when each of these users last used a session, as far as that is known.
    pub async fn last_seen(
        &self,
        _: &Operator,
        users: &[UserId],
    ) -> Result<Vec<Option<Timestamp>>> {
        Ok(self.sessions().last_seen(users).await?)
    }

    /// Ends one or all of a user's sessions. Returns how many ended.
    pub async fn end_sessions_of(
        &self,
        operator: &Operator,
        login: &str,
        which: Option<SessionId>,
    ) -> Result<u32> {
        let user = self.account_of(operator, login).await?.user;
        let sessions = self.sessions_for(operator.attribution());
        let ended = sessions.end(user.id, which.map_or(Ended::All, Ended::One)).await?;
        self.0.cache.forget_user(user.id);
        if ended == 0 && which.is_some() {
            return Err(Error::SessionNotFound);
        }
        info!(user = user.login, "{ended} sessions ended by an administrator.");
        Ok(ended)
    }

    /// Returns the number of files attached to messages of a room, and their bytes.
    pub async fn files_of(&self, _: &Operator, room: RoomId) -> Result<(u64, u64)> {
        Ok(self.store().files_of(room).await?)
    }

    /// Returns the time of the newest message of a room, deleted or not.
    pub async fn last_message_of(&self, _: &Operator, room: RoomId) -> Result<Option<Timestamp>> {
        let newest = self.store().messages(room, Window::Latest, 1).await?;
        Ok(newest.first().map(|message| message.created))
    }

    /// Records something in the audit log that is not a change of the store.
    pub async fn record(&self, operator: &Operator, note: AuditNote) -> Result<()> {
        match operator.attribution() {
            Some(by) => Ok(self.store().record(by, note).await?),
            None => Ok(()),
        }
    }

    /// Returns a page of the audit log.
    pub async fn audit_log(&self, _: &Operator, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        Ok(self.store().audit(query).await?)
    }

    /// Returns messages of any room. Callers record it, so that nobody reads unnoticed.
    pub async fn messages_of(
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
