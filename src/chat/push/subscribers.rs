//! Who may have a subscription, in memory for a moment: most messages go to rooms in which nobody
//! has one, and must cost nothing then.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::UserId;
use crate::store::{Sessions, StoreError};

/// How long a list is used. Whoever has subscribed on this server is known at once, and on another
/// one after this time.
const KEPT: Duration = Duration::from_secs(2);

type Known = Arc<HashSet<UserId>>;

/// The users.
#[derive(Default)]
pub(super) struct Subscribers(Mutex<Listed>);

#[derive(Default)]
struct Listed {
    known: Option<(Instant, Known)>,
    /// Counts the times at which the list was forgotten.
    generation: u64,
}

impl Subscribers {
    /// Has the list read again for the next message.
    pub(super) fn forget(&self) {
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listed.known = None;
        listed.generation += 1;
    }

    /// Returns the users who may have a subscription.
    pub(super) async fn get(&self, sessions: &dyn Sessions) -> Result<Known, StoreError> {
        let generation = {
            let listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, known)) = &listed.known
                && since.elapsed() < KEPT
            {
                return Ok(Arc::clone(known));
            }
            listed.generation
        };
        let read = Instant::now();
        let known: Known = Arc::new(sessions.subscribers().await?.into_iter().collect());
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if listed.generation == generation {
            listed.known = Some((read, Arc::clone(&known)));
        }
        Ok(known)
    }
}
