//! An LDAP directory that knows people and checks their passwords.
//!
//! A leaf that knows the protocol and its section of the configuration, and nothing of the chat;
//! `chat/directory/` decides what follows. Each conversation is a connection of its own, in a task
//! of its own, limited in time.

mod ask;
mod connection;
mod dn;
mod explain;
mod filter;
mod person;
mod probe;
mod tls;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use ask::Bound;
use connection::contained;

pub use person::Person;
pub use probe::{Probe, Step, probe};

use crate::config::Ldap;

/// Conversations that may wait for a connection, for each connection.
const WAITING: usize = 8;

/// The directory cannot be asked, or its answer is none. The text is for administrators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(String);

impl Unavailable {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Whose entry is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By the name that was typed at log-in.
    Login(String),
    /// By [`Person::id`].
    Id(String),
}

/// The result of a search for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No entry matches.
    Nobody,
    /// One entry.
    One(Person),
    /// More than one entry.
    Several,
}

/// The result of checking a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The password is right.
    Right(Person),
    /// The directory refuses it; with its reason, for administrators.
    Wrong(String),
    /// No entry matches.
    Nobody,
    /// More than one entry matches; the password was not checked.
    Several,
}

/// The connections to the directory, of which there are only so many.
#[derive(Default)]
pub struct Directory(Mutex<Places>);

struct Places {
    connections: usize,
    open: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self::new(Ldap::default().max_connections)
    }
}

impl Places {
    fn new(connections: usize) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { connections, open: places(connections), waiting: places(connections * WAITING) }
    }
}

impl Directory {
    /// Checks the password of a person. An empty password is always wrong.
    pub async fn check(
        &self,
        ldap: &Ldap,
        who: Who,
        password: &str,
    ) -> Result<Checked, Unavailable> {
        if password.is_empty() {
            return Ok(Checked::Wrong("an empty password".to_owned()));
        }
        let _place = self.place(ldap).await?;
        let (config, password) = (ldap.clone(), password.to_owned());
        contained(ldap.patience(), async move { check(&config, &who, &password).await }).await
    }

    /// Looks for a person, with their groups.
    pub async fn find(&self, ldap: &Ldap, who: Who) -> Result<Found, Unavailable> {
        let _place = self.place(ldap).await?;
        let config = ldap.clone();
        contained(ldap.patience(), async move {
            let mut connection = connection::open(&config).await?;
            connection.bind_as_service(&config).await?;
            let mut found = connection.find(&config, &who).await?;
            if let Found::One(person) = &mut found {
                connection.find_groups(&config, person).await?;
            }
            Ok(found)
        })
        .await
    }

    /// Looks for people by their ids, over one connection; the result has as many.
    pub async fn find_all(&self, ldap: &Ldap, ids: Vec<String>) -> Result<Vec<Found>, Unavailable> {
        let _place = self.place(ldap).await?;
        let (config, patience) = (ldap.clone(), ldap.patience());
        let longest = patience * u32::try_from(ids.len() + 1).unwrap_or(u32::MAX);
        contained(longest, async move {
            let late = |_| Unavailable::new("it did not answer in time");
            let mut connection = timeout(patience, async {
                let mut connection = connection::open(&config).await?;
                connection.bind_as_service(&config).await?;
                Ok::<_, Unavailable>(connection)
            })
            .await
            .map_err(late)??;
            let mut all = Vec::with_capacity(ids.len());
            for id in ids {
                let finding = async {
                    let mut found = connection.find(&config, &Who::Id(id)).await?;
                    if let Found::One(person) = &mut found {
                        connection.find_groups(&config, person).await?;
                    }
                    Ok::<_, Unavailable>(found)
                };
                all.push(timeout(patience, finding).await.map_err(late)??);
            }
            Ok(all)
        })
        .await
    }

    /// Waits for a place among the connections.
    async fn place(&self, ldap: &Ldap) -> Result<OwnedSemaphorePermit, Unavailable> {
        let busy = || Unavailable::new("too many log-ins wait for it; see max_connections");
        let (open, waiting) = {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if places.connections != ldap.max_connections {
                *places = Places::new(ldap.max_connections);
            }
            (Arc::clone(&places.open), Arc::clone(&places.waiting))
        };
        let _waiting = waiting.try_acquire_owned().map_err(|_| busy())?;
        timeout(ldap.patience(), open.acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())
    }
}

async fn check(ldap: &Ldap, who: &Who, password: &str) -> Result<Checked, Unavailable> {
    let mut connection = connection::open(ldap).await?;
    connection.bind_as_service(ldap).await?;
    let mut person = match connection.find(ldap, who).await? {
        Found::One(person) => person,
        Found::Several => return Ok(Checked::Several),
        Found::Nobody => {
            // As many requests as for others, so that the time does not tell who has an entry.
            let nobody = format!("cn=nobody,{}", ldap.base.as_deref().unwrap_or_default());
            connection.bind_as(&nobody, password).await?;
            return Ok(Checked::Nobody);
        }
    };
    match connection.bind_as(&person.dn, password).await? {
        Bound::No(why) => Ok(Checked::Wrong(why)),
        Bound::Yes => {
            if ldap.group_filter.is_some() && ldap.needs_groups() {
                connection.bind_as_service(ldap).await?;
                connection.find_groups(ldap, &mut person).await?;
            }
            Ok(Checked::Right(person))
        }
    }
}

#[cfg(test)]
mod tests;
