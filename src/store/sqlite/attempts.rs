//! Counts attempts of the last minute, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::RetryAfter;

/// The minute that slides.
const SPAN: u64 = 60;
/// Beyond this many keys those of the past minutes are forgotten, and if that is not enough the one that was quiet longest.
const MAX_KEYS: usize = 50_000;

/// Attempts by key.
pub(super) struct Attempts {
    start: Instant,
    keys: Mutex<HashMap<String, Seconds>>,
}

/// Seconds since the start in which there was an attempt, and how many; never more than a minute of them.
type Seconds = VecDeque<(u64, u32)>;

impl Default for Attempts {
    fn default() -> Self {
        Self { start: Instant::now(), keys: Mutex::default() }
    }
}

impl Attempts {
    /// Err while the key has reached its limit.
    pub(super) fn allowed(&self, key: &str, per_minute: u32, now: Instant) -> Result<(), RetryAfter> {
        let second = self.second(now);
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = keys.get(key).map(|seconds| seconds.iter().filter(move |(at, _)| at + SPAN > second)).into_iter().flatten();
        // From the newest back: the attempt that fills the limit has to leave the minute first.
        let mut left = per_minute;
        for (at, count) in recent.collect::<Vec<_>>().into_iter().rev() {
            if *count >= left {
                return Err(RetryAfter(Duration::from_secs((at + SPAN).saturating_sub(second).max(1))));
            }
            left -= count;
        }
        if per_minute == 0 { Err(RetryAfter(Duration::from_secs(SPAN))) } else { Ok(()) }
    }

    /// Counts one.
    pub(super) fn count(&self, key: &str, now: Instant) {
        let second = self.second(now);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_KEYS && !keys.contains_key(key) {
            make_room(&mut keys, second);
        }
        let seconds = keys.entry(key.to_owned()).or_default();
        seconds.retain(|(at, _)| at + SPAN > second);
        match seconds.back_mut() {
            Some((at, count)) if *at == second => *count = count.saturating_add(1),
            _ => seconds.push_back((second, 1)),
        }
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs()
    }
}

fn make_room(keys: &mut HashMap<String, Seconds>, second: u64) {
    let last = |seconds: &Seconds| seconds.back().map_or(0, |(at, _)| *at);
    keys.retain(|_, seconds| last(seconds) + SPAN > second);
    if keys.len() >= MAX_KEYS {
        let quiet = keys.iter().min_by_key(|(_, seconds)| last(seconds)).map(|(key, _)| key.clone());
        quiet.map(|key| keys.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_for_a_minute_and_slides() {
        let attempts = Attempts::default();
        let at = |seconds| attempts.start + Duration::from_secs(seconds);
        for second in [0, 10, 20] {
            assert_eq!(attempts.allowed("a", 3, at(second)), Ok(()));
            attempts.count("a", at(second));
        }
        assert_eq!(attempts.allowed("a", 3, at(30)), Err(RetryAfter(Duration::from_secs(30))));
        assert_eq!(attempts.allowed("b", 3, at(30)), Ok(()));
        assert_eq!(attempts.allowed("a", 3, at(60)), Ok(()));
        attempts.count("a", at(61));
        assert_eq!(attempts.allowed("a", 3, at(62)), Err(RetryAfter(Duration::from_secs(8))));
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        for n in 0..MAX_KEYS + 10 {
            attempts.count(&n.to_string(), attempts.start);
            attempts.count("again", attempts.start + Duration::from_secs(1));
        }
        assert!(attempts.keys.lock().unwrap().len() <= MAX_KEYS);
        assert!(attempts.allowed("again", 5, attempts.start + Duration::from_secs(2)).is_err());
    }
}
