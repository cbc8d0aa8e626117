//! Accounts by which messages and lists are named, kept in memory for a moment: a page names as many
//! users as it has messages.
//!
//! Decisions never rest on them. A change made by this server is seen at once, one of another server
//! when its event arrives, or after [`LIFE`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Cluster, users};
use crate::model::{User, UserId};
use crate::store::StoreError;

/// How long an account is known.
const LIFE: Duration = Duration::from_secs(5);
/// Beyond this number all are read again.
const MANY: usize = 20_000;

/// Returns whether a user is a bot, which has nothing unread.
pub(super) async fn is_bot(at: &Cluster, user: UserId) -> Result<bool, StoreError> {
    Ok(accounts(at, &[user]).await?.get(&user).is_some_and(|user| user.bot))
}

/// Accounts that were read.
#[derive(Default)]
pub(super) struct KnownUsers(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Accounts with the time of reading; None: deleted or unknown.
    users: HashMap<UserId, (Instant, Option<User>)>,
    /// Number of changes that were heard of: what was read before the last one may be older.
    changes: u64,
}

impl KnownUsers {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets an account that has changed.
    pub(super) fn forget(&self, user: UserId) {
        let mut known = self.lock();
        known.changes += 1;
        known.users.remove(&user);
    }

    /// Moves known accounts into `found`, and returns the other ids with the number of changes.
    fn find(&self, ids: &[UserId], found: &mut HashMap<UserId, User>) -> (Vec<UserId>, u64) {
        let (known, now) = (self.lock(), Instant::now());
        let mut missing = Vec::new();
        for id in ids {
            match known.users.get(id) {
                Some((read, user)) if now.duration_since(*read) < LIFE => {
                    found.extend(user.clone().map(|user| (*id, user)));
                }
                _ => missing.push(*id),
            }
        }
        (missing, known.changes)
    }

    /// Keeps what was read of these ids, unless an account has changed meanwhile.
    fn keep(&self, ids: &[UserId], read: &[User], (began, changes): (Instant, u64)) {
        let mut known = self.lock();
        if known.changes != changes {
            return;
        }
        if known.users.len() + ids.len() > MANY {
            known.users.clear();
        }
        for id in ids {
            let user = read.iter().find(|user| user.id == *id).cloned();
            known.users.insert(*id, (began, user));
        }
    }
}

/// Returns these users, except unknown and deleted ones.
pub(super) async fn accounts(
    at: &Cluster,
    ids: &[UserId],
) -> Result<HashMap<UserId, User>, StoreError> {
    let (known, began) = (&at.0.known_users, Instant::now());
    let mut found = HashMap::with_capacity(ids.len());
    let (missing, changes) = known.find(ids, &mut found);
    if !missing.is_empty() {
        let read = users::these(at, &missing).await?;
        known.keep(&missing, &read, (began, changes));
        found.extend(read.into_iter().map(|user| (user.id, user)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn user(id: i64, name: &str) -> User {
        User {
            id: UserId(id),
            login: name.to_owned(),
            name: name.to_owned(),
            email: None,
            birth: None,
            media: None,
            status: None,
            admin: false,
            disabled: false,
            bot: false,
            guest: false,
            second_factor: false,
            created: Timestamp(0),
        }
    }

    fn find(known: &KnownUsers, id: i64) -> (Option<String>, Vec<UserId>, u64) {
        let mut found = HashMap::new();
        let (missing, changes) = known.find(&[UserId(id)], &mut found);
        (found.remove(&UserId(id)).map(|user| user.name), missing, changes)
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_is_known_for_a_moment_and_not_after_a_change() {
        let known = KnownUsers::default();
        let (_, missing, changes) = find(&known, 1);
        assert_eq!(missing, [UserId(1)]);
        known.keep(&missing, &[user(1, "ann")], (Instant::now(), changes));
        assert_eq!(find(&known, 1), (Some("ann".to_owned()), Vec::new(), 0));
        tokio::time::advance(LIFE).await;
        assert_eq!(find(&known, 1), (None, missing.clone(), 0));
        known.keep(&missing, &[user(1, "ann")], (Instant::now(), 0));
        known.forget(UserId(1));
        assert_eq!(find(&known, 1), (None, missing.clone(), 1));
        // Read before the change, and perhaps older.
        known.keep(&missing, &[user(1, "ann")], (Instant::now(), 0));
        assert_eq!(find(&known, 1), (None, missing.clone(), 1));
        // A deleted user is known as well.
        known.keep(&missing, &[], (Instant::now(), 1));
        assert_eq!(find(&known, 1), (None, Vec::new(), 1));
    }

    #[tokio::test]
    async fn no_more_are_known_than_there_is_room_for() {
        let known = KnownUsers::default();
        let ids: Vec<UserId> = (1..i64::try_from(MANY).unwrap()).map(UserId).collect();
        known.keep(&ids, &[], (Instant::now(), 0));
        known.keep(&[UserId(-1), UserId(-2)], &[], (Instant::now(), 0));
        assert_eq!(known.lock().users.len(), 2);
    }
}
