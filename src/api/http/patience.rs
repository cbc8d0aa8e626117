//! How long to wait for the remote end of a connection: a time budget that waiting uses up and
//! transferred bytes refill.
//!
//! So a stalled peer is waited for once, and a trickling one not forever.

use std::time::{Duration, Instant};

/// Minimum transfer rate in bytes per second.
const LEAST_RATE: u32 = 1024;

/// Time left to wait for a peer.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Patience {
    most: Duration,
    left: Duration,
    since: Option<Instant>,
}

impl Patience {
    /// Waits at most this time for a stalled peer.
    pub(in crate::api) fn new(most: Duration) -> Self {
        Self { most, left: most, since: None }
    }

    /// Changes how long to wait for a stalled peer; time that was used up stays so.
    pub(in crate::api) fn limit_to(&mut self, most: Duration) {
        self.left = (self.left + most).saturating_sub(self.most);
        self.most = most;
    }

    /// Returns until when to wait, if nothing is transferred now.
    pub(in crate::api) fn wait(&mut self, now: Instant) -> Instant {
        *self.since.get_or_insert(now) + self.left
    }

    /// Refills the budget with transferred bytes.
    pub(in crate::api) fn went_on(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now.duration_since(since));
        }
        let earned = Duration::from_secs(1)
            .saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX))
            / LEAST_RATE;
        self.left = (self.left + earned).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(30);

    /// Simulates a peer that transfers `bytes` after each pause: returns after how many seconds it
    /// is given up, if within a day.
    fn lasts(bytes: usize, pause: u64) -> Option<u64> {
        let (mut patience, begin) = (Patience::new(MOST), Instant::now());
        let mut now = begin;
        while now.duration_since(begin) < Duration::from_hours(24) {
            let deadline = patience.wait(now);
            let next = now + Duration::from_secs(pause);
            if deadline < next {
                return Some(deadline.duration_since(begin).as_secs());
            }
            patience.went_on(bytes, next);
            now = next;
        }
        None
    }

    #[test]
    fn a_peer_that_stands_still_or_trickles_is_left_and_a_slow_one_is_not() {
        assert_eq!(lasts(0, 86_400), Some(30));
        assert_eq!(lasts(1, 29), Some(30), "a byte just before the end");
        assert_eq!(lasts(1, 1), Some(30));
        assert_eq!(lasts(512, 1), Some(59), "half of the least rate");
        assert_eq!(lasts(1024, 1), None);
        assert_eq!(lasts(64 * 1024, 29), None, "large pieces with long pauses");
    }

    #[test]
    fn a_changed_limit_counts_the_time_that_was_used_up() {
        let (mut patience, begin) = (Patience::new(MOST), Instant::now());
        assert_eq!(patience.wait(begin), begin + MOST);
        for seconds in [60, 5, 30] {
            patience.limit_to(Duration::from_secs(seconds));
            assert_eq!(patience.wait(begin), begin + Duration::from_secs(seconds));
        }
    }

    #[test]
    fn what_went_well_gives_no_more_than_the_first_time() {
        let (mut patience, begin) = (Patience::new(MOST), Instant::now());
        patience.went_on(usize::MAX, begin);
        assert_eq!(patience.wait(begin), begin + MOST);
        assert_eq!(patience.wait(begin + MOST), begin + MOST, "asked again");
    }
}
