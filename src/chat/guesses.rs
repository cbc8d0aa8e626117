//! Guesses at a secret: each is counted before it is checked and given back when it was right, so
//! that many at once are no more than one after the other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Gate, Notify};
use tokio::time::timeout;

use super::Chat;
use crate::model::{Error, Result};

/// Failures count for so long.
const WINDOW: Duration = Duration::from_mins(1);
/// How long a guess waits for others of the same key to be decided.
const PATIENCE: Duration = Duration::from_secs(5);

/// A counter that a guess touches, and its limit.
pub(super) type Limit = (String, u32);

/// Guesses under way, by key.
#[derive(Default)]
pub(super) struct Undecided {
    keys: Mutex<HashMap<String, u32>>,
    /// Held while a guess is counted or given back, so that a full counter can be told from one
    /// full of guesses under way.
    gate: Gate<()>,
    decided: Notify,
}

/// A guess that has been counted. Dropped, it stays counted.
pub(super) struct Guess<'a> {
    chat: &'a Chat,
    keys: Vec<String>,
}

impl Chat {
    /// Counts a guess. `RateLimited` once a limit is used up by failures; where it is only so by
    /// guesses under way, those are waited for.
    pub(super) async fn guess(&self, limits: Vec<Limit>) -> Result<Guess<'_>> {
        let mut guess = Guess { chat: self, keys: Vec::with_capacity(limits.len()) };
        for (key, limit) in limits {
            if let Err(refused) = self.count_guess(&key, limit).await {
                guess.was_right().await?;
                return Err(refused);
            }
            guess.keys.push(key);
        }
        Ok(guess)
    }

    async fn count_guess(&self, key: &str, limit: u32) -> Result<()> {
        let undecided = &self.0.undecided;
        let counted = async {
            loop {
                let mut decided = std::pin::pin!(undecided.decided.notified());
                // Registered before asking, so that a decision in between is not missed.
                decided.as_mut().enable();
                {
                    let _alone = undecided.gate.lock().await;
                    match self.sessions().attempt(key, limit, WINDOW).await {
                        Ok(()) => {
                            undecided.begin(key);
                            return Ok(());
                        }
                        Err(wait) if !undecided.any(key) => return Err(Error::RateLimited(wait.0)),
                        Err(_) => (),
                    }
                }
                decided.await;
            }
        };
        timeout(PATIENCE, counted).await.unwrap_or(Err(Error::Unavailable))
    }
}

impl Guess<'_> {
    /// It was right, or could not be checked: it does not count.
    pub(super) async fn was_right(self) -> Result<()> {
        let _alone = self.chat.0.undecided.gate.lock().await;
        for key in &self.keys {
            self.chat.sessions().give_back(key).await?;
        }
        Ok(())
    }
}

impl Drop for Guess<'_> {
    fn drop(&mut self) {
        self.chat.0.undecided.end(&self.keys);
    }
}

impl Undecided {
    fn begin(&self, key: &str) {
        *self.lock().entry(key.to_owned()).or_default() += 1;
    }

    fn any(&self, key: &str) -> bool {
        self.lock().contains_key(key)
    }

    fn end(&self, ended: &[String]) {
        {
            let mut keys = self.lock();
            for key in ended {
                if let Some(count) = keys.get_mut(key) {
                    *count -= 1;
                    if *count == 0 {
                        keys.remove(key);
                    }
                }
            }
        }
        self.decided.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::chat::world::World;
    use crate::config::Config;

    fn limits() -> Vec<Limit> {
        vec![("account".to_owned(), 2), ("address".to_owned(), 3)]
    }

    #[tokio::test]
    async fn guesses_at_once_are_no_more_than_one_after_the_other() {
        let world = World::new(&Config::default()).await;
        let chat = &world.chat;
        let (first, second) =
            (chat.guess(limits()).await.unwrap(), chat.guess(limits()).await.unwrap());
        // The limit is full of guesses under way: the third waits for one of them.
        let mut third = Box::pin(chat.guess(limits()));
        assert!(third.as_mut().now_or_never().is_none());
        first.was_right().await.unwrap();
        let third = third.await.unwrap();
        drop((second, third));
        assert!(
            matches!(chat.guess(limits()).await, Err(Error::RateLimited(_))),
            "two have failed"
        );
        assert!(
            chat.guess(vec![("address".to_owned(), 3)]).await.is_ok(),
            "what was refused did not count for the address"
        );
        assert!(chat.0.undecided.lock().is_empty());
    }
}
