//! Metrics of commits to rooms.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::store::cluster::tables::{Outcome, TableError};

const COMMITS: &str = "chatctl_room_commits_total";
const FORWARDED: &str = "chatctl_forwarded_posts_total";

/// Makes the counters known, so that they begin with 0.
pub(in crate::store::cluster) fn declare() {
    for result in ["made", "lost", "unavailable", "unknown"] {
        counter!(COMMITS, "result" => result).absolute(0);
    }
    for result in ["answered", "unanswered"] {
        counter!(FORWARDED, "result" => result).absolute(0);
    }
}

/// Counts a conditional write, by what its first answer says.
pub(super) fn committed(outcome: Result<Outcome, TableError>) {
    let result = match outcome {
        Ok(Outcome::Applied) => "made",
        Ok(Outcome::Refused) => "lost",
        Err(TableError::Unavailable) => "unavailable",
        Err(TableError::Unknown) => "unknown",
    };
    counter!(COMMITS, "result" => result).increment(1);
}

/// Counts posts that another server was asked to write.
pub(super) fn forwarded(answered: usize, unanswered: usize) {
    counter!(FORWARDED, "result" => "answered").increment(answered as u64);
    counter!(FORWARDED, "result" => "unanswered").increment(unanswered as u64);
}

/// Metrics of commits to rooms.
pub(super) struct Figures {
    operations: Histogram,
    seconds: Histogram,
    failures: Counter,
    waiting: Gauge,
    settled: [Counter; Settled::ALL.len()],
}

/// What became of a commit whose outcome was unknown.
#[derive(Clone, Copy)]
pub(super) enum Settled {
    /// It had been made.
    Made,
    /// It was not.
    Lost,
    /// Nobody knows yet.
    Unsettled,
}

impl Settled {
    const ALL: [Self; 3] = [Self::Made, Self::Lost, Self::Unsettled];

    fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Lost => "lost",
            Self::Unsettled => "unsettled",
        }
    }
}

impl Default for Figures {
    fn default() -> Self {
        let zero = |counter: Counter| {
            counter.absolute(0);
            counter
        };
        let waiting = gauge!("chatctl_store_queue");
        waiting.set(0.0);
        Self {
            operations: histogram!("chatctl_commit_operations"),
            seconds: histogram!("chatctl_commit_seconds"),
            failures: zero(counter!("chatctl_commit_failures_total")),
            waiting,
            settled: Settled::ALL.map(|settled| {
                zero(counter!("chatctl_cluster_unknown_total", "outcome" => settled.name()))
            }),
        }
    }
}

impl Figures {
    /// So many operations were committed in this time.
    pub(super) fn committed(&self, operations: usize, time: Duration) {
        self.operations.record(u32::try_from(operations).unwrap_or(u32::MAX));
        self.seconds.record(time.as_secs_f64());
    }

    /// A commit failed, or its outcome stays unknown.
    pub(super) fn failed(&self) {
        self.failures.increment(1);
    }

    /// An unknown outcome was looked for.
    pub(super) fn settled(&self, outcome: Settled) {
        self.settled[outcome as usize].increment(1);
    }

    /// Counts an operation that waits, until what is returned is dropped.
    pub(super) fn waits(&self) -> Waits {
        self.waiting.increment(1.0);
        Waits(self.waiting.clone())
    }
}

/// An operation that waits.
pub(super) struct Waits(Gauge);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
