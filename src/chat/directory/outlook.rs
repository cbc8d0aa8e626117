//! What would follow from a log-in with an entry, for administrators who set the directory up.

use super::super::{Chat, Operator};
use crate::ldap::Person;
use crate::model::{Result, check_login, fold};
use crate::store::UserKey;

/// The account with which an entry would log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountOutlook {
    /// This account is linked to it; whether it is disabled.
    Linked {
        /// Login name.
        login: String,
        /// Log-in is disabled.
        disabled: bool,
    },
    /// It would be created with this login name.
    Created(String),
    /// Only linked accounts can log in, and none is.
    NotLinked,
    /// The account of this name is not linked to it.
    Taken(String),
    /// The entry has no login name that an account can have; with what is wrong.
    Impossible(String),
}

/// What would follow from a log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The account.
    pub account: AccountOutlook,
    /// Whether it would be an administrator; None: the directory does not decide.
    pub admin: Option<bool>,
    /// The rooms that it would join, and whether they exist.
    pub rooms: Vec<(String, bool)>,
}

impl Chat {
    /// Returns what would follow from a log-in with an entry, and changes nothing.
    pub async fn directory_outlook(&self, _: &Operator, person: &Person) -> Result<Outlook> {
        let mut rooms = Vec::new();
        for room in self.rooms_of_entry(person) {
            let exists = self.room_named(&room).await.is_ok();
            rooms.push((room, exists));
        }
        let account = self.account_outlook(person).await?;
        Ok(Outlook { account, admin: self.role_of_entry(person), rooms })
    }

    async fn account_outlook(&self, person: &Person) -> Result<AccountOutlook> {
        if let Some(account) = self.linked_to(person).await? {
            let (login, disabled) = (account.user.login, account.user.disabled);
            return Ok(AccountOutlook::Linked { login, disabled });
        }
        let Some(login) = person.login.clone() else {
            let attribute = &self.config().ldap.login_attribute;
            return Ok(AccountOutlook::Impossible(format!("has no attribute {attribute}")));
        };
        if let Err(why) = check_login("login name", &login) {
            return Ok(AccountOutlook::Impossible(format!("cannot be used: {why}")));
        }
        match self.store().account(UserKey::Folded(&fold(&login))).await? {
            Some(account) if self.ldap_identity(account.user.id).await?.is_some() => {
                Ok(AccountOutlook::Impossible(format!(
                    "has the name {login:?} of an account that is linked to another entry"
                )))
            }
            Some(_) => Ok(AccountOutlook::Taken(login)),
            None if self.config().ldap.create_accounts => Ok(AccountOutlook::Created(login)),
            None => Ok(AccountOutlook::NotLinked),
        }
    }
}
