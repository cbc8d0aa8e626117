//! Limits requests without a session per address before any work is done for them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Limit of [`Strangers`] that stands for none: a configured limit is at least 1.
const UNLIMITED: u32 = 0;
const MINUTE: Duration = Duration::from_mins(1);
/// Maximum number of counted addresses. Beyond it those of past minutes are removed, then all.
const MAX_ADDRESSES: usize = 50_000;

/// Requests counted separately, so that a flood of one kind does not affect the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::api) enum Lane {
    /// `/health`, used by monitoring.
    Health,
    /// All other requests.
    Rest,
}

/// Counters of the current minute.
#[derive(Debug)]
pub(in crate::api) struct Strangers {
    /// Requests per minute; 0: unlimited.
    limit: AtomicU32,
    counts: Mutex<HashMap<(IpAddr, Lane), Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    since: Instant,
    requests: u32,
}

impl Strangers {
    pub(in crate::api) fn new(limit: Option<u32>) -> Self {
        Self { limit: AtomicU32::new(limit.unwrap_or(UNLIMITED)), counts: Mutex::default() }
    }

    /// Changes the limit. Counts continue.
    pub(in crate::api) fn limit_to(&self, limit: Option<u32>) {
        self.limit.store(limit.unwrap_or(UNLIMITED), Ordering::Relaxed);
    }

    fn limit(&self) -> Option<u32> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|limit| *limit != UNLIMITED)
    }

    /// Counts a request. Err: the limit is exceeded for this remaining time of the minute.
    pub(in crate::api) fn count(
        &self,
        address: IpAddr,
        lane: Lane,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(limit) = self.limit() else { return Ok(()) };
        let mut counts = self.lock();
        if counts.len() >= MAX_ADDRESSES && !counts.contains_key(&(address, lane)) {
            counts.retain(|_, count| count.left(now).is_some());
            if counts.len() >= MAX_ADDRESSES {
                counts.clear();
            }
        }
        let count = counts.entry((address, lane)).or_insert(Count { since: now, requests: 0 });
        if count.left(now).is_none() {
            *count = Count { since: now, requests: 0 };
        }
        count.requests = count.requests.saturating_add(1);
        if count.requests > limit { Err(count.left(now).unwrap_or(MINUTE)) } else { Ok(()) }
    }

    /// Returns whether an address is below its limit, without counting.
    pub(in crate::api) fn allows(
        &self,
        address: IpAddr,
        lane: Lane,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(limit) = self.limit() else { return Ok(()) };
        match self.lock().get(&(address, lane)) {
            Some(count) if count.requests >= limit => count.left(now).map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(IpAddr, Lane), Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    /// Remaining time of its minute.
    fn left(&self, now: Instant) -> Option<Duration> {
        MINUTE.checked_sub(now.duration_since(self.since)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_requests_a_minute_and_health_its_own() {
        let (strangers, begin) = (Strangers::new(Some(3)), Instant::now());
        let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let at = |seconds| begin + Duration::from_secs(seconds);
        for second in 0..3 {
            assert_eq!(strangers.allows(one, Lane::Rest, at(second)), Ok(()));
            assert_eq!(strangers.count(one, Lane::Rest, at(second)), Ok(()));
        }
        assert_eq!(strangers.count(one, Lane::Rest, at(20)), Err(Duration::from_secs(40)));
        assert_eq!(strangers.allows(one, Lane::Rest, at(30)), Err(Duration::from_secs(30)));
        assert_eq!(strangers.count(one, Lane::Health, at(30)), Ok(()));
        assert_eq!(strangers.count(two, Lane::Rest, at(30)), Ok(()));
        assert_eq!(strangers.allows(one, Lane::Rest, at(60)), Ok(()));
        assert_eq!(strangers.count(one, Lane::Rest, at(60)), Ok(()));
        let free = Strangers::new(None);
        assert!((0..1000).all(|_| free.count(one, Lane::Rest, begin).is_ok()));
    }

    #[test]
    fn many_addresses_take_no_more_memory() {
        let (strangers, now) = (Strangers::new(Some(3)), Instant::now());
        for number in 0..2 * u32::try_from(MAX_ADDRESSES).unwrap() + 10 {
            strangers.count(IpAddr::from(number.to_be_bytes()), Lane::Rest, now).unwrap();
            assert!(strangers.lock().len() <= MAX_ADDRESSES);
        }
    }
}
