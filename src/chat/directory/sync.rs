//! Comparing the linked accounts with their entries, without a log-in: at intervals and on request.

use std::time::Duration;

use tracing::{error, info};

use super::super::{Chat, Operator};
use crate::ldap::{Found, Unavailable};
use crate::model::{Account, Client, Error, Identity, Result, User, UserId};
use crate::store::{Ended, UserKey, UserQuery};

/// Where changes come from, in the audit log.
const FROM: &str = "ldap";
/// Users among whom linked ones are compared over one connection.
const CHUNK: u32 = 100;
/// Accounts without an entry that are always believed; of more, at most half of all.
const USUAL: usize = 5;
/// Name of the lead among several servers.
const WORK: &str = "ldap sync";
/// How often the time is looked at.
const LOOK: Duration = Duration::from_mins(1);

/// An account that a comparison has changed, or would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// Login name.
    pub login: String,
    /// Whether the directory has an entry of it. Then display name, e-mail address or role have
    /// changed.
    pub found: bool,
    /// Number of sessions and tokens that ended.
    pub sessions_ended: u32,
}

/// Why nothing was compared, or only some accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// The directory cannot be asked.
    Directory(String),
    /// So many of so many accounts have no entry that the configuration is probably wrong; no
    /// session was ended.
    TooMany {
        /// Accounts without an entry.
        gone: usize,
        /// Linked accounts.
        all: usize,
    },
    /// The chat itself failed.
    Chat(Error),
}

impl From<Error> for Unsynced {
    fn from(error: Error) -> Self {
        Self::Chat(error)
    }
}

impl From<Unavailable> for Unsynced {
    fn from(why: Unavailable) -> Self {
        Self::Directory(why.to_string())
    }
}

impl std::fmt::Display for Unsynced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(why) => write!(f, "the LDAP directory cannot be asked: {why}"),
            Self::TooMany { gone, all } => write!(
                f,
                "{gone} of {all} linked accounts have no entry in the LDAP directory, so no \
                 session was ended; check base and user_filter in [ldap]"
            ),
            Self::Chat(why) => write!(f, "{why}"),
        }
    }
}

impl Chat {
    /// Compares the linked accounts with their entries at the interval of `[ldap] recheck_minutes`;
    /// of several servers, the one that leads. Never returns.
    pub async fn watch_directory(self) {
        let mut waited = Duration::ZERO;
        loop {
            tokio::time::sleep(LOOK).await;
            waited += LOOK;
            let ldap = self.config().ldap.clone();
            let interval = Duration::from_secs(ldap.recheck_minutes * 60);
            if !ldap.is_on() || interval.is_zero() || waited < interval {
                continue;
            }
            waited = Duration::ZERO;
            // So long that no other server compares in the same interval.
            if !matches!(self.store().lead(WORK, interval.saturating_sub(LOOK / 2)).await, Ok(true))
            {
                continue;
            }
            if let Err(why) = self.sync_directory(&Operator::server(FROM)).await {
                error!("Accounts were not compared with the LDAP directory: {why}.");
            }
        }
    }

    /// Compares the linked accounts with their entries: profile and role follow, and the sessions of
    /// accounts without an entry end. Returns what has changed.
    pub async fn sync_directory(&self, operator: &Operator) -> Result<Vec<Synced>, Unsynced> {
        let (mut done, mut gone, mut all) = (Vec::new(), Vec::new(), 0);
        let mut after: Option<UserId> = None;
        loop {
            let users = self.store().users(UserQuery::After(after, CHUNK)).await;
            let users = users.map_err(Error::from)?;
            let Some(last) = users.last().map(|user| user.id) else { break };
            let linked = self.linked_among(&users).await?;
            all += linked.len();
            for (account, identity, found) in self.entries_of(linked).await? {
                let before = account.user.clone();
                match found {
                    Found::One(person) => {
                        let client = Client::default();
                        let now = self.follow_entry(account, &identity, &person, &client).await?;
                        if now.user != before {
                            done.push(synced(&now.user, true, 0));
                        }
                    }
                    Found::Nobody => gone.push(before),
                    Found::Several => error!(
                        user = before.login,
                        "The LDAP directory has several entries of the same id."
                    ),
                }
            }
            after = Some(last);
        }
        if gone.len() > USUAL && gone.len() * 2 > all {
            return Err(Unsynced::TooMany { gone: gone.len(), all });
        }
        for user in gone {
            let ended = self.end_by_directory(operator, &user).await?;
            if ended > 0 {
                done.push(synced(&user, false, ended));
            }
        }
        Ok(done)
    }

    async fn end_by_directory(&self, operator: &Operator, user: &User) -> Result<u32> {
        let by = operator.doing("user.logout").attribution();
        let ended = self.sessions_for(by).end(user.id, Ended::All).await?;
        self.0.cache.forget_user(user.id);
        if ended > 0 {
            info!(
                user = user.login,
                "{ended} sessions ended: the LDAP directory has no entry of the user any more."
            );
        }
        Ok(ended)
    }

    /// Returns the accounts of those users who are linked to an entry.
    async fn linked_among(&self, users: &[User]) -> Result<Vec<(Account, Identity)>> {
        let mut linked = Vec::new();
        for user in users {
            if let Some(identity) = self.ldap_identity(user.id).await?
                && let Some(account) = self.store().account(UserKey::Id(user.id)).await?
            {
                linked.push((account, identity));
            }
        }
        Ok(linked)
    }

    /// Returns accounts with what the directory has of them.
    async fn entries_of(
        &self,
        linked: Vec<(Account, Identity)>,
    ) -> Result<Vec<(Account, Identity, Found)>, Unsynced> {
        if linked.is_empty() {
            return Ok(Vec::new());
        }
        let config = self.config();
        let ids = linked.iter().map(|(_, identity)| identity.subject.clone()).collect();
        let found = self.0.directories.directory.find_all(&config.ldap, ids).await?;
        let all = linked.into_iter().zip(found);
        Ok(all.map(|((account, identity), found)| (account, identity, found)).collect())
    }
}

fn synced(user: &User, found: bool, sessions_ended: u32) -> Synced {
    Synced { login: user.login.clone(), found, sessions_ended }
}
