//! Counts attempts by key, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::RetryAfter;

/// Maximum number of keys. Beyond it expired keys are removed, then the quarter without attempts
/// for the longest time.
const MAX_KEYS: usize = 50_000;
/// Attempts within this part of the window are counted together.
const PARTS: u64 = 60;

/// Attempts by key.
pub(in crate::store) struct Attempts {
    start: Instant,
    keys: Mutex<HashMap<String, Counted>>,
}

/// Attempts with one key.
struct Counted {
    /// Milliseconds for which an attempt counts.
    window: u64,
    /// Milliseconds since the start of an attempt, and the number of attempts within one
    /// [`PARTS`]th of the window from then; so the number of entries is at most the limit and at
    /// most `PARTS`.
    times: VecDeque<(u64, u32)>,
}

impl Counted {
    fn newest(&self) -> u64 {
        self.times.back().map_or(0, |(at, _)| *at)
    }
}

impl Default for Attempts {
    fn default() -> Self {
        Self { start: Instant::now(), keys: Mutex::default() }
    }
}

impl Attempts {
    /// Counts an attempt, unless the key has reached its limit.
    pub(in crate::store) fn attempt(
        &self,
        key: &str,
        limit: u32,
        window: Duration,
        now: Instant,
    ) -> Result<(), RetryAfter> {
        let (now, window) =
            (millis(now.saturating_duration_since(self.start)), millis(window).max(1));
        if limit == 0 {
            return Err(RetryAfter(whole_seconds(window)));
        }
        let mut keys = self.lock();
        if let Some(known) = keys.get_mut(key) {
            known.window = window;
            known.times.retain(|(at, _)| at + window > now);
            // Starting with the newest: the attempt that reaches the limit has to expire first.
            let mut left = limit;
            for (at, count) in known.times.iter().rev() {
                if *count >= left {
                    return Err(RetryAfter(whole_seconds((at + window).saturating_sub(now))));
                }
                left -= count;
            }
            match known.times.back_mut() {
                Some((at, count)) if now.saturating_sub(*at) < window / PARTS => *count += 1,
                _ => known.times.push_back((now, 1)),
            }
        } else {
            if keys.len() >= MAX_KEYS {
                make_room(&mut keys, now);
            }
            keys.insert(key.to_owned(), Counted { window, times: VecDeque::from([(now, 1)]) });
        }
        Ok(())
    }

    /// Removes the newest attempt of the key.
    pub(in crate::store) fn give_back(&self, key: &str) {
        let mut keys = self.lock();
        let Some(known) = keys.get_mut(key) else { return };
        match known.times.back_mut() {
            Some((_, count)) if *count > 1 => *count -= 1,
            _ => drop(known.times.pop_back()),
        }
        if known.times.is_empty() {
            keys.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Counted>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees at least a quarter of the entries, so that a flood of new keys does not scan all of them
/// each time.
fn make_room(keys: &mut HashMap<String, Counted>, now: u64) {
    keys.retain(|_, counted| counted.newest() + counted.window > now);
    let keep = MAX_KEYS / 4 * 3;
    if keys.len() > keep {
        let mut newest: Vec<u64> = keys.values().map(Counted::newest).collect();
        let (_, border, _) = newest.select_nth_unstable(keys.len() - keep);
        let border = *border;
        let mut surplus = keys.len() - keep;
        keys.retain(|_, counted| {
            let goes = surplus > 0 && counted.newest() <= border;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Rounded up, at least one.
fn whole_seconds(millis: u64) -> Duration {
    Duration::from_secs(millis.div_ceil(1000).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn the_limit_holds_for_its_window_and_slides() {
        let attempts = Attempts::default();
        let at = |seconds| attempts.start + Duration::from_secs(seconds);
        for second in [0, 10, 20] {
            assert_eq!(attempts.attempt("a", 3, MINUTE, at(second)), Ok(()));
        }
        assert_eq!(
            attempts.attempt("a", 3, MINUTE, at(30)),
            Err(RetryAfter(Duration::from_secs(30)))
        );
        assert_eq!(attempts.attempt("b", 3, MINUTE, at(30)), Ok(()));
        assert_eq!(attempts.attempt("a", 3, MINUTE, at(61)), Ok(()));
        assert_eq!(
            attempts.attempt("a", 3, MINUTE, at(62)),
            Err(RetryAfter(Duration::from_secs(8)))
        );
        assert_eq!(attempts.attempt("a", 0, MINUTE, at(200)), Err(RetryAfter(MINUTE)));
        let hour = Duration::from_hours(1);
        assert_eq!(attempts.attempt("h", 1, hour, at(0)), Ok(()));
        assert_eq!(
            attempts.attempt("h", 1, hour, at(3000)),
            Err(RetryAfter(Duration::from_mins(10)))
        );
    }

    #[test]
    fn short_windows_are_exact() {
        let attempts = Attempts::default();
        let two = Duration::from_secs(2);
        let at = |millis| attempts.start + Duration::from_millis(millis);
        assert_eq!(attempts.attempt("a", 1, two, at(950)), Ok(()));
        assert_eq!(
            attempts.attempt("a", 1, two, at(2940)),
            Err(RetryAfter(Duration::from_secs(1)))
        );
        assert_eq!(attempts.attempt("a", 1, two, at(2950)), Ok(()));
    }

    #[test]
    fn what_is_refused_is_not_counted_and_what_is_given_back_is_free_again() {
        let attempts = Attempts::default();
        let now = attempts.start;
        for _ in 0..2 {
            assert_eq!(attempts.attempt("a", 2, MINUTE, now), Ok(()));
        }
        for _ in 0..5 {
            assert!(attempts.attempt("a", 2, MINUTE, now).is_err());
        }
        attempts.give_back("a");
        assert_eq!(attempts.attempt("a", 2, MINUTE, now), Ok(()));
        assert!(attempts.attempt("a", 2, MINUTE, now).is_err());
        for _ in 0..5 {
            attempts.give_back("a");
        }
        assert!(attempts.lock().is_empty(), "nothing is kept of a key without attempts");
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_keys_does_not_forget_a_busy_one() {
        let attempts = Attempts::default();
        for n in 0..MAX_KEYS * 2 {
            let now = attempts.start + Duration::from_millis(n as u64);
            attempts.attempt(&n.to_string(), 5, MINUTE, now).unwrap();
            attempts.attempt("again", u32::MAX, MINUTE, now).unwrap();
            assert!(attempts.lock().len() <= MAX_KEYS);
        }
        assert!(
            attempts
                .attempt(
                    "again",
                    5,
                    MINUTE,
                    attempts.start + Duration::from_millis(MAX_KEYS as u64 * 2)
                )
                .is_err()
        );
    }
}
