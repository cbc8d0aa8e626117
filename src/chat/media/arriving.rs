//! Uploads in progress: counted while they arrive, since the store does not know them yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::UserId;

/// Bytes received so far, by user.
#[derive(Clone, Default)]
pub(super) struct Arriving(Arc<Mutex<HashMap<UserId, u64>>>);

impl Arriving {
    /// Registers a new upload of a user.
    pub(super) fn begin(&self, user: UserId) -> Upload {
        Upload { all: self.clone(), user, bytes: 0 }
    }

    /// Bytes of all unfinished uploads of a user.
    pub(super) fn of(&self, user: UserId) -> u64 {
        self.lock().get(&user).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An unfinished upload; dropping it subtracts its bytes.
pub(super) struct Upload {
    all: Arriving,
    user: UserId,
    bytes: u64,
}

impl Upload {
    /// Adds received bytes.
    pub(super) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        *self.all.lock().entry(self.user).or_default() += bytes;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(sum) = all.get_mut(&self.user) {
            *sum = sum.saturating_sub(self.bytes);
            if *sum == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_no_longer_counted() {
        let all = Arriving::default();
        let (mut one, mut other, mut foreign) =
            (all.begin(UserId(1)), all.begin(UserId(1)), all.begin(UserId(2)));
        one.add(5);
        other.add(7);
        foreign.add(100);
        one.add(1);
        assert_eq!((all.of(UserId(1)), all.of(UserId(2)), all.of(UserId(3))), (13, 100, 0));
        drop(one);
        assert_eq!(all.of(UserId(1)), 7);
        drop((other, foreign));
        assert!(all.lock().is_empty());
    }
}
