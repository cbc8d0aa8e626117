//! Limits how often the same problem is logged.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Minimum interval between log lines about the same problem: on a full disk every post fails, and
/// the log may be on the same disk.
const QUIET: Duration = Duration::from_mins(1);

/// Allows one log line per minute and counts the others.
pub(super) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    pub(super) const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Returns how many lines were omitted if the line may be logged now.
    pub(super) fn now(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_some_and(|said| said.elapsed() < QUIET) {
            state.1 += 1;
            return None;
        }
        state.0 = Some(Instant::now());
        Some(std::mem::take(&mut state.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_a_minute() {
        let said = Seldom::new();
        assert_eq!((said.now(), said.now(), said.now()), (Some(0), None, None));
        said.0.lock().unwrap().0 = Instant::now().checked_sub(QUIET);
        assert_eq!((said.now(), said.now()), (Some(2), None));
    }
}
