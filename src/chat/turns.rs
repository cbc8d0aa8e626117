//! Turns: a user's expensive reads run one after the other, so that they do not slow down other
//! users.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Chat;
use crate::model::{Error, Result, Session, UserId};

/// Expensive reads of one user that run at the same time.
const AT_ONCE: usize = 1;
/// Expensive reads of one user that may run or wait; beyond it they are refused at once.
const MAX_WAITING: usize = 8;
/// Maximum time to wait for a turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// When a refused client may try again.
const AGAIN: Duration = Duration::from_secs(1);

/// The users with expensive reads running or waiting.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<UserId, Queue>>);

struct Queue {
    turn: Arc<Semaphore>,
    /// Number of reads that run or wait.
    length: usize,
}

/// Permission to read; the turn ends when it is dropped.
pub(super) struct Turn<'a> {
    _permit: OwnedSemaphorePermit,
    _place: Place<'a>,
}

/// A place in the queue of a user; released on drop, also if the caller disconnects while waiting.
struct Place<'a> {
    turns: &'a Turns,
    user: UserId,
}

impl Chat {
    /// Waits for this user's turn to make an expensive read: a search, a deep page, a long list.
    /// `RateLimited` if too many of them are waiting.
    pub(super) async fn turn(&self, session: &Session) -> Result<Turn<'_>> {
        self.0.turns.take(session.user).await
    }
}

impl Turns {
    /// Waits for the turn of a user. `RateLimited` if too much of theirs is waiting.
    pub(super) async fn take(&self, user: UserId) -> Result<Turn<'_>> {
        let turn = {
            let mut all = self.lock();
            let queue = all
                .entry(user)
                .or_insert_with(|| Queue { turn: Arc::new(Semaphore::new(AT_ONCE)), length: 0 });
            if queue.length >= MAX_WAITING {
                return Err(Error::RateLimited(AGAIN));
            }
            queue.length += 1;
            Arc::clone(&queue.turn)
        };
        let place = Place { turns: self, user };
        let permit =
            timeout(PATIENCE, turn.acquire_owned()).await.map_err(|_| Error::RateLimited(AGAIN))?;
        Ok(Turn { _permit: permit.map_err(|_| Error::Unavailable)?, _place: place })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut all = self.turns.lock();
        if let Some(queue) = all.get_mut(&self.user) {
            queue.length -= 1;
            if queue.length == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_user_has_one_turn_at_a_time_and_waits_for_nobody_else() {
        let turns = Turns::default();
        let (ann, ben) = (UserId(1), UserId(2));
        let first = turns.take(ann).await.unwrap();
        let mut second = Box::pin(turns.take(ann));
        assert!(second.as_mut().now_or_never().is_none(), "ann waits for herself");
        drop(turns.take(ben).now_or_never().expect("ben waits for nobody").unwrap());
        drop(first);
        drop(second.await.unwrap());
        assert!(turns.lock().is_empty());
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_who_has_gone_waits_no_longer() {
        let turns = Turns::default();
        let ann = UserId(1);
        let running = turns.take(ann).await.unwrap();
        let mut waiting: Vec<_> = (1..MAX_WAITING).map(|_| Box::pin(turns.take(ann))).collect();
        assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
        assert!(matches!(turns.take(ann).await, Err(Error::RateLimited(_))), "too many wait");
        drop(waiting.pop());
        assert!(turns.take(ann).now_or_never().is_none(), "there is a place again");
        drop((running, waiting));
        assert!(turns.lock().is_empty());
    }
}
