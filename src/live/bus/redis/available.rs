//! How available users are on each server.
//!
//! Each server tells the others what changes, under a number that grows by one, and repeats the
//! number from time to time. Who has missed something, or has just started, asks for everything.
//! Redis itself keeps nothing of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::live::bus::wire::Told;
use crate::model::{Availability, UserId};

/// Time for which users of a server stay after its last sign of life has expired: when Redis has
/// lost everything, the others have yet to repeat theirs.
const GRACE: Duration = Duration::from_secs(3);
/// Time after which a server that has not answered is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// The users of this server, and what others have told.
#[derive(Default)]
pub(super) struct Available(Mutex<Servers>);

#[derive(Default)]
struct Servers {
    version: u64,
    own: Users,
    others: HashMap<u64, Server>,
}

/// Users who are not offline.
type Users = HashMap<UserId, Availability>;

struct Server {
    version: u64,
    /// Nothing is missing.
    complete: bool,
    users: Users,
    /// When it was known to live.
    seen: Instant,
    asked: Option<Instant>,
}

impl Server {
    fn new() -> Self {
        Self { version: 0, complete: false, users: Users::new(), seen: Instant::now(), asked: None }
    }
}

impl Available {
    /// Notes users of this server; returns what must be told, None: nothing has changed.
    pub(super) fn changed(&self, users: &[(UserId, Availability)]) -> Option<Told> {
        let mut servers = self.lock();
        let new = users.iter().filter(|(user, now)| set(&mut servers.own, *user, *now));
        let users: Vec<_> = new.copied().collect();
        if users.is_empty() {
            return None;
        }
        servers.version += 1;
        Some(Told { version: servers.version, whole: false, users })
    }

    /// Returns all users of this server.
    pub(super) fn whole(&self) -> Told {
        let servers = self.lock();
        let users = servers.own.iter().map(|(user, now)| (*user, *now)).collect();
        Told { version: servers.version, whole: true, users }
    }

    /// Forgets all users of this server, which is being stopped; returns what must be told.
    pub(super) fn clear(&self) -> Told {
        let mut servers = self.lock();
        servers.own.clear();
        servers.version += 1;
        Told { version: servers.version, whole: true, users: Vec::new() }
    }

    /// Returns the number of the last change, which others compare with what they have heard.
    pub(super) fn version(&self) -> Told {
        Told { version: self.lock().version, whole: false, users: Vec::new() }
    }

    /// Notes what another server tells; returns the users who may have changed.
    pub(super) fn told(&self, server: u64, told: Told) -> Vec<UserId> {
        let mut servers = self.lock();
        let known = servers.others.entry(server).or_insert_with(Server::new);
        known.seen = Instant::now();
        let Told { version, whole, users } = told;
        if whole {
            if known.complete && version < known.version {
                return Vec::new();
            }
            let before = std::mem::replace(&mut known.users, users.into_iter().collect());
            (known.version, known.complete, known.asked) = (version, true, None);
            let all: HashSet<&UserId> = before.keys().chain(known.users.keys()).collect();
            let new = all.into_iter().filter(|user| before.get(user) != known.users.get(user));
            return new.copied().collect();
        }
        // Changes that are missing leave what is told now right, and the rest as it was.
        let expected = known.version + u64::from(!users.is_empty());
        known.complete &= version == expected;
        known.version = version;
        let new = users.into_iter().filter(|(user, now)| set(&mut known.users, *user, *now));
        new.map(|(user, _)| user).collect()
    }

    /// Something may have been missed of every server.
    pub(super) fn lost(&self) {
        for server in self.lock().others.values_mut() {
            server.complete = false;
        }
    }

    /// Notes which other servers live. Returns the users of those that have stopped, and the
    /// servers to ask for everything.
    pub(super) fn living(&self, living: &[u64]) -> (Vec<UserId>, Vec<u64>) {
        let mut servers = self.lock();
        for id in living {
            let server = servers.others.entry(*id).or_insert_with(Server::new);
            server.seen = Instant::now();
        }
        let mut gone = Vec::new();
        servers.others.retain(|_, server| {
            let stays = server.seen.elapsed() <= GRACE;
            if !stays {
                gone.extend(server.users.keys());
            }
            stays
        });
        let mut ask = Vec::new();
        for (id, server) in &mut servers.others {
            let waits = server.asked.is_some_and(|at| at.elapsed() < ASK_AGAIN);
            if !server.complete && !waits {
                server.asked = Some(Instant::now());
                ask.push(*id);
            }
        }
        (gone, ask)
    }

    /// Returns how available users are on other servers.
    pub(super) fn of(&self, users: &[UserId]) -> Vec<Availability> {
        let servers = self.lock();
        let on = |user| servers.others.values().filter_map(move |known| known.users.get(user));
        users.iter().map(|user| on(user).max().copied().unwrap_or_default()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Servers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether this changes something.
fn set(users: &mut Users, user: UserId, now: Availability) -> bool {
    let before = match now {
        Availability::Offline => users.remove(&user),
        Availability::Away | Availability::Online => users.insert(user, now),
    };
    before.unwrap_or_default() != now
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const AWAY: Availability = Availability::Away;
    const ONLINE: Availability = Availability::Online;
    const OFFLINE: Availability = Availability::Offline;

    #[tokio::test]
    async fn the_most_available_device_counts_wherever_it_is() {
        let (here, one, two) = (Available::default(), Available::default(), Available::default());
        let told = one.changed(&[(ANN, AWAY), (BOB, OFFLINE)]).unwrap();
        assert_eq!(told.users, [(ANN, AWAY)], "who was offline is so still");
        assert_eq!(here.told(1, told), [ANN]);
        assert_eq!(here.told(2, two.changed(&[(ANN, ONLINE)]).unwrap()), [ANN]);
        assert_eq!(here.of(&[BOB, ANN]), [OFFLINE, ONLINE]);
        assert!(two.changed(&[(ANN, ONLINE)]).is_none());
        assert_eq!(here.told(2, two.clear()), [ANN]);
        assert_eq!(here.of(&[ANN]), [AWAY]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_misses_a_change_asks_for_everything_until_it_comes() {
        let (here, other) = (Available::default(), Available::default());
        assert_eq!(here.living(&[7]), (vec![], vec![7]), "it is new");
        assert_eq!(here.living(&[7]), (vec![], vec![]), "it was asked just now");
        here.told(7, other.whole());
        drop(other.changed(&[(ANN, ONLINE)]));
        tokio::time::advance(ASK_AGAIN).await;
        assert_eq!(here.living(&[7]), (vec![], vec![]));
        here.told(7, other.version());
        assert_eq!(here.living(&[7]).1, [7], "a change was missed");
        here.told(7, other.changed(&[(BOB, AWAY)]).unwrap());
        tokio::time::advance(ASK_AGAIN).await;
        assert_eq!(here.living(&[7]).1, [7], "the answer as well");
        assert_eq!(here.told(7, other.whole()), [ANN], "what was known is not told again");
        tokio::time::advance(ASK_AGAIN).await;
        here.told(7, other.version());
        assert_eq!(here.living(&[7]), (vec![], vec![]));
        here.lost();
        assert_eq!(here.living(&[7]).1, [7]);
    }

    #[tokio::test(start_paused = true)]
    async fn users_of_a_server_that_has_stopped_are_gone_after_a_while() {
        let (here, other) = (Available::default(), Available::default());
        here.told(7, other.changed(&[(ANN, ONLINE)]).unwrap());
        here.told(7, other.whole());
        assert_eq!(here.living(&[]).0, []);
        assert_eq!(here.of(&[ANN]), [ONLINE]);
        tokio::time::advance(GRACE * 2).await;
        assert_eq!(here.living(&[]).0, [ANN]);
        assert_eq!(here.of(&[ANN]), [OFFLINE]);
    }
}
