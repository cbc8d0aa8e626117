//! Sessions in memory. An ended session is removed, and is not added again by an outdated answer of
//! the store.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::{Hash32, Session, SessionId, UserId};

/// Maximum number of cached sessions.
const MAX_CACHED: usize = 100_000;

/// Recently checked sessions, so that a request needs no disk read. Sessions are removed when they
/// end.
#[derive(Default)]
pub(super) struct SessionCache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    sessions: HashMap<Hash32, (Session, Instant)>,
    /// Incremented with every removal: whatever was read from the store before may be outdated.
    generation: u64,
}

impl SessionCache {
    pub(super) fn get(&self, token: &Hash32, age: Duration) -> Option<Session> {
        self.lock()
            .sessions
            .get(token)
            .filter(|(_, checked)| checked.elapsed() < age)
            .map(|(session, _)| session.clone())
    }

    /// Returns the generation; must be taken before the store is asked.
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Adds an answer of the store asked at this generation, unless a session has ended since.
    pub(super) fn put(&self, session: &Session, generation: u64) {
        let mut cache = self.lock();
        if cache.generation != generation {
            return;
        }
        if cache.sessions.len() >= MAX_CACHED {
            cache.sessions.clear();
        }
        cache.sessions.insert(session.token, (session.clone(), Instant::now()));
    }

    /// Removes sessions after they were deleted from the store.
    pub(super) fn forget(&self, sessions: &[SessionId]) {
        self.lock().forget(|session| sessions.contains(&session.id));
    }

    /// Removes all sessions of a user after the user was changed in the store.
    pub(super) fn forget_user(&self, user: UserId) {
        self.lock().forget(|session| session.user == user);
    }

    /// Removes all sessions: ends or changes may have been missed.
    pub(super) fn clear(&self) {
        self.lock().forget(|_| true);
    }

    fn lock(&self) -> MutexGuard<'_, Cached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cached {
    fn forget(&mut self, which: impl Fn(&Session) -> bool) {
        self.generation += 1;
        self.sessions.retain(|_, (session, _)| !which(session));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::world::World;
    use crate::config::Config;
    use crate::model::{Error, Timestamp};

    #[tokio::test]
    async fn an_answer_that_was_asked_for_before_the_end_is_not_kept() {
        let world = World::new(&Config::default()).await;
        let ann = world.user("ann").await;
        let cache = &world.chat.0.cache;
        // The store answers that the session is valid …
        let generation = cache.generation();
        let found = world
            .chat
            .sessions()
            .find(ann.token, Timestamp::now(), Duration::from_hours(1))
            .await
            .unwrap()
            .unwrap();
        // … then it ends, and only then the answer arrives.
        world.chat.log_out(&ann).await.unwrap();
        cache.put(&found, generation);
        assert!(cache.get(&ann.token, Duration::from_hours(1)).is_none());
        assert_eq!(world.chat.check_still_open(&ann).await, Err(Error::BadSession));
        // The same if not the session but its user changes.
        let ben = world.user("ben").await;
        let generation = cache.generation();
        cache.forget_user(ben.user);
        cache.put(&ben, generation);
        assert!(cache.get(&ben.token, Duration::from_hours(1)).is_none());
        cache.put(&ben, cache.generation());
        assert!(cache.get(&ben.token, Duration::from_hours(1)).is_some());
    }
}
