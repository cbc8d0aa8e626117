//! What follows from an entry: the account, its display name, e-mail address and administrator role,
//! and rooms. What an entry does not say stays as it is.

use tracing::{info, warn};

use super::super::Chat;
use super::super::external::{NoAccount, Terms};
use super::identity;
use crate::ldap::Person;
use crate::model::{
    Account, Client, Error, ExternalUser, Identity, Result, RoomId, User, check_display_name,
    with_single_spaces,
};
use crate::store::{RoomQuery, UserChange, UserKey};

impl Chat {
    /// Returns the account of an entry, created if it may be, after everything followed.
    pub(super) async fn account_of_entry(
        &self,
        identity: &Identity,
        person: &Person,
        create: bool,
        client: &Client,
    ) -> std::result::Result<Account, NoAccount> {
        let terms = Terms { create, ..Terms::default() };
        let account =
            self.account_of_external(&self.described(identity, person), &terms, client).await?;
        Ok(self.follow_rest(account, person).await?)
    }

    /// Makes a linked account what its entry says.
    pub(super) async fn follow_entry(
        &self,
        account: Account,
        identity: &Identity,
        person: &Person,
        client: &Client,
    ) -> Result<Account> {
        match self.account_of_entry(identity, person, false, client).await {
            Ok(account) => Ok(account),
            // It was unlinked meanwhile, which the end of the log-in notices.
            Err(NoAccount::Failed(error)) => Err(error),
            Err(_) => Ok(account),
        }
    }

    /// The person of an entry, as accounts of other systems are described.
    fn described(&self, identity: &Identity, person: &Person) -> ExternalUser {
        ExternalUser {
            identity: identity.clone(),
            login: person.login.clone(),
            name: display_name(person),
            email: person.email.clone(),
            // Whoever may write to the directory decides on it, and no account is found by it.
            email_verified: true,
            admin: self.role_of_entry(person),
        }
    }

    /// Applies the display name and the rooms of the groups.
    async fn follow_rest(&self, account: Account, person: &Person) -> Result<Account> {
        if account.user.disabled {
            return Ok(account);
        }
        let name = display_name(person).filter(|name| *name != account.user.name);
        let account = match name {
            None => account,
            Some(name) => {
                let change = UserChange { name: Some(name), ..UserChange::default() };
                let user = self.store().change_user(account.user.id, change).await?;
                self.0.cache.forget_user(user.id);
                info!(user = user.login, "Display name changed as the LDAP directory says.");
                Account { user, ..account }
            }
        };
        for room in self.rooms_of_entry(person) {
            self.enter_by_directory(&account.user, &room).await;
        }
        Ok(account)
    }

    /// Returns whether an entry belongs to an administrator; None: the directory does not decide.
    pub(super) fn role_of_entry(&self, person: &Person) -> Option<bool> {
        let config = self.config();
        let groups = &config.ldap.administrators;
        (!groups.is_empty()).then(|| groups.iter().any(|group| person.is_in(group)))
    }

    /// Returns the rooms of the groups of an entry, as they are configured.
    pub(super) fn rooms_of_entry(&self, person: &Person) -> Vec<String> {
        let config = self.config();
        let rooms = config.ldap.rooms_of_groups().filter(|(_, group)| person.is_in(group));
        rooms.map(|(room, _)| room.to_owned()).collect()
    }

    /// Adds a user to a room. A room that is missing holds up no log-in.
    async fn enter_by_directory(&self, user: &User, named: &str) {
        let entered = async {
            let room = self.room_named(named).await?;
            if self.facts(room).await?.participant(user.id).is_some() {
                return Ok(());
            }
            self.join_invited(user, room).await
        };
        if let Err(error) = entered.await {
            let user = &user.login;
            warn!(user, "A user was not added to the room {named:?} of [ldap] rooms: {error}.");
        }
    }

    /// Finds a room by its key, its number or its unique name.
    pub(super) async fn room_named(&self, named: &str) -> Result<RoomId> {
        if let Some(id) = RoomId::parse(named).or_else(|| named.parse().ok().map(RoomId))
            && self.store().room(id).await?.is_some()
        {
            return Ok(id);
        }
        let found = self.store().rooms(RoomQuery::Named(named, 2)).await?;
        match found.as_slice() {
            [one] => Ok(one.facts.room.id),
            _ => Err(Error::RoomNotFound),
        }
    }

    /// Returns the account that is linked to an entry.
    pub(super) async fn linked_to(&self, person: &Person) -> Result<Option<Account>> {
        Ok(self.store().account(UserKey::Identity(&identity(&person.id))).await?)
    }
}

/// Returns the display name of an entry, if it can be one.
fn display_name(person: &Person) -> Option<String> {
    let name = person.name.as_deref().map(with_single_spaces)?;
    check_display_name("name", &name).is_ok().then_some(name)
}
