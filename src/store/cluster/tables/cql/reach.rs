//! Whether the nodes respond: says so once when they no longer do, and once when they do again.
//! Measures what they are asked.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::error::Action;

/// Failures, one after the other, after which the nodes count as away. Fewer are no more than a
/// node that stops, which others stand in for.
const AWAY: u32 = 3;
/// The nodes are said to be away at most once in this time, and single failures as well.
const QUIET: Duration = Duration::from_mins(1);

/// Whether the nodes respond. What is asked while they do costs no lock.
pub(super) struct Reach {
    /// Failures since the last success.
    failures: AtomicU32,
    state: Mutex<State>,
    failing: Gauge,
    /// By action.
    requests: [(Histogram, Counter); Action::ALL.len()],
}

#[derive(Default)]
struct State {
    /// Since when the nodes are away, and whether that was said.
    away: Option<(Instant, bool)>,
    /// When something was said last.
    said: Option<Instant>,
    /// Failures that nothing was said of.
    unsaid: u64,
}

/// What is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Say {
    Nothing,
    /// The nodes are away.
    Away,
    /// The nodes are back after this time.
    Back(Duration),
    /// So many requests failed, while others did not.
    Some(u64),
}

impl State {
    fn failed(&mut self, failures: u32, now: Instant) -> Say {
        self.unsaid += 1;
        if self.away.is_some() || failures < AWAY {
            return Say::Nothing;
        }
        let loud = self.speaks(now);
        self.away = Some((now, loud));
        if loud { Say::Away } else { Say::Nothing }
    }

    fn succeeded(&mut self, now: Instant) -> Say {
        match self.away.take() {
            Some((since, told)) => {
                self.unsaid = 0;
                if told { Say::Back(now.duration_since(since)) } else { Say::Nothing }
            }
            None if self.unsaid > 0 && self.speaks(now) => {
                Say::Some(std::mem::take(&mut self.unsaid))
            }
            None => Say::Nothing,
        }
    }

    fn speaks(&mut self, now: Instant) -> bool {
        let speaks = self.said.is_none_or(|said| now.duration_since(said) >= QUIET);
        if speaks {
            self.said = Some(now);
        }
        speaks
    }
}

impl Reach {
    /// The nodes have just been connected to.
    pub(super) fn new() -> Self {
        let failing = gauge!("chatctl_store_failing");
        failing.set(0.0);
        let requests = Action::ALL.map(|action| {
            let name = action.name();
            let failed = counter!("chatctl_cluster_request_failures_total", "operation" => name);
            failed.absolute(0);
            (histogram!("chatctl_cluster_request_seconds", "operation" => name), failed)
        });
        Self { failures: AtomicU32::new(0), state: Mutex::default(), failing, requests }
    }

    /// Takes note of the time that a request took, whatever became of it.
    pub(super) fn took(&self, action: Action, time: Duration) {
        self.requests[action as usize].0.record(time.as_secs_f64());
    }

    /// Takes note of a request that failed.
    pub(super) fn failed(&self, action: Action, cause: &str) {
        self.requests[action as usize].1.increment(1);
        let failures = self.failures.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        if failures >= AWAY {
            self.failing.set(1.0);
        }
        if self.state().failed(failures, Instant::now()) == Say::Away {
            tracing::warn!(
                store.error = cause,
                "The database of the cluster does not respond: requests are refused until it does."
            );
        } else {
            tracing::debug!(store.error = cause, "A request to the database of the cluster failed");
        }
    }

    /// Takes note of a request that succeeded.
    pub(super) fn succeeded(&self) {
        if self.failures.load(Ordering::Acquire) == 0 {
            return;
        }
        self.failures.store(0, Ordering::Release);
        self.failing.set(0.0);
        match self.state().succeeded(Instant::now()) {
            Say::Back(after) => tracing::info!(
                "The database of the cluster responds again, after {} s.",
                after.as_secs()
            ),
            Say::Some(failures) => tracing::warn!(
                store.failures = failures,
                "Requests to the database of the cluster failed; others were answered."
            ),
            Say::Nothing | Say::Away => {}
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_and_a_return_are_said_once() {
        let (mut state, begin) = (State::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!([1, 2].map(|n| state.failed(n, at(0))), [Say::Nothing; 2]);
        assert_eq!(state.failed(3, at(1)), Say::Away);
        assert_eq!([4, 500].map(|n| state.failed(n, at(100))), [Say::Nothing; 2]);
        assert_eq!(state.succeeded(at(121)), Say::Back(Duration::from_mins(2)));
        assert_eq!(state.succeeded(at(122)), Say::Nothing);
    }

    #[test]
    fn what_comes_and_goes_is_said_once_a_minute() {
        let (mut state, begin) = (State::default(), Instant::now());
        let mut said = 0;
        for second in 0..120 {
            let at = begin + Duration::from_secs(second);
            said += usize::from(state.failed(AWAY, at) != Say::Nothing);
            said += usize::from(state.succeeded(at) != Say::Nothing);
        }
        assert_eq!(said, 4, "two losses and two returns");
    }

    #[test]
    fn single_failures_are_counted_and_said_once_a_minute() {
        let (mut state, begin) = (State::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut once = |second| {
            state.failed(1, at(second));
            state.succeeded(at(second))
        };
        assert_eq!(once(0), Say::Some(1));
        assert_eq!([1, 2, 3].map(&mut once), [Say::Nothing; 3]);
        assert_eq!(once(60), Say::Some(4));
    }
}
