//! Guesses at a secret: each is counted before it is checked, and the count is returned if the
//! guess was right, so that parallel guesses are limited like consecutive ones.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Gate, Notify};
use tokio::time::timeout;

use super::Chat;
use crate::model::{Error, Result};

/// How long failures count, unless a guess says otherwise.
const WINDOW: Duration = Duration::from_mins(1);
/// How long a guess waits for pending guesses with the same key.
const PATIENCE: Duration = Duration::from_secs(5);

/// Key of a counter, and its limit.
pub(super) type Limit = (String, u32);

/// Pending guesses by key.
#[derive(Default)]
pub(super) struct Undecided {
    keys: Mutex<HashMap<String, u32>>,
    /// Held while a guess is counted or its count returned, to tell a counter full of failures from
    /// one full of pending guesses.
    gate: Gate<()>,
    decided: Notify,
}

/// A counted guess. Dropping it keeps it counted.
pub(super) struct Guess<'a> {
    chat: &'a Chat,
    keys: Vec<String>,
}

impl Chat {
    /// Counts a guess. `RateLimited` once failures exhaust a limit; if pending guesses do, waits
    /// for them.
    pub(super) async fn guess(&self, limits: Vec<Limit>) -> Result<Guess<'_>> {
        self.guess_within(limits, WINDOW).await
    }

    /// Counts a guess as [`Chat::guess`] does, where failures count for this time.
    pub(super) async fn guess_within(
        &self,
        limits: Vec<Limit>,
        window: Duration,
    ) -> Result<Guess<'_>> {
        let mut guess = Guess { chat: self, keys: Vec::with_capacity(limits.len()) };
        for (key, limit) in limits {
            if let Err(refused) = self.count_guess(&key, limit, window).await {
                guess.was_right().await?;
                return Err(refused);
            }
            guess.keys.push(key);
        }
        Ok(guess)
    }

    async fn count_guess(&self, key: &str, limit: u32, window: Duration) -> Result<()> {
        let undecided = &self.0.undecided;
        let counted = async {
            loop {
                let mut decided = std::pin::pin!(undecided.decided.notified());
                // Registered before the check, so that a decision in between is not missed.
                decided.as_mut().enable();
                {
                    let _alone = undecided.gate.lock().await;
                    match self.attempt(key, limit, window).await {
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
    /// Returns the count: the guess was right, or could not be checked.
    pub(super) async fn was_right(self) -> Result<()> {
        let _alone = self.chat.0.undecided.gate.lock().await;
        for key in &self.keys {
            self.chat.give_back(key).await?;
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
        // The limit is exhausted by pending guesses: the third waits for one of them.
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
            "the refused guess did not count for the address"
        );
        assert!(chat.0.undecided.lock().is_empty());
    }
}
