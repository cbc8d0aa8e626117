//! Log lines that wait to be sent: bounded in number and in bytes, filled without waiting.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{counter, gauge};
use tokio::sync::{Notify, watch};

use super::super::line::Line;
use crate::config;

/// Maximum number of lines in one request.
const BATCH: usize = 512;
/// Size from which no further line is added to a request, in bytes.
const BATCH_BYTES: usize = 1 << 20;
/// Maximum size of all waiting lines, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// Why a line was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// Too many lines were waiting.
    Queue,
    /// The receiver refused the request for good.
    Refused,
    /// The receiver accepted the request without this line.
    Rejected,
    /// The server stopped, or shipping was turned off.
    Ended,
}

impl Dropped {
    /// All reasons.
    pub(super) const ALL: [Self; 4] = [Self::Queue, Self::Refused, Self::Rejected, Self::Ended];

    /// The label of the metric.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Ended => "ended",
        }
    }
}

/// The waiting lines. Clones share them.
#[derive(Clone)]
pub(in crate::logging) struct Waiting(Arc<Inner>);

struct Inner {
    lines: Mutex<Lines>,
    /// Notified when there are enough lines for a request.
    enough: Notify,
    ending: watch::Sender<bool>,
}

#[derive(Default)]
struct Lines {
    queue: VecDeque<Line>,
    /// Size of the queue.
    bytes: usize,
    /// Maximum length of the queue; 0: nothing is sent.
    most: usize,
    /// Lines taken that are neither sent nor dropped yet.
    in_hand: usize,
    /// Lines dropped that were not reported yet.
    dropped: u64,
    /// Why the receiver cannot be reached.
    problem: Option<String>,
}

impl Waiting {
    /// Collects lines as configured, before they can be sent.
    pub(in crate::logging) fn new(config: &config::Ship) -> Self {
        let lines = Lines { most: most(config), ..Lines::default() };
        let ending = watch::Sender::new(false);
        Self(Arc::new(Inner { lines: Mutex::new(lines), enough: Notify::new(), ending }))
    }

    /// Queues a line, or counts it as dropped.
    pub(in crate::logging) fn push(&self, line: &Line) {
        let mut lines = self.lock();
        if lines.most == 0 {
            return;
        }
        let bytes = line.bytes();
        if lines.queue.len() >= lines.most || lines.bytes.saturating_add(bytes) > MOST_BYTES {
            lines.drop_count(Dropped::Queue, 1);
            return;
        }
        let was_enough = lines.is_enough();
        lines.bytes += bytes;
        lines.queue.push_back(line.clone());
        if lines.is_enough() && !was_enough {
            self.0.enough.notify_one();
        }
    }

    /// Whether there are enough lines for a request.
    pub(super) fn is_enough(&self) -> bool {
        self.lock().is_enough()
    }

    /// Follows a changed configuration. Lines that wait are dropped if nothing is sent any more.
    pub(super) fn limit(&self, config: &config::Ship) {
        let mut lines = self.lock();
        lines.most = most(config);
        if lines.most == 0 {
            let left = lines.queue.len();
            (lines.queue, lines.bytes, lines.problem) = (VecDeque::new(), 0, None);
            lines.drop_count(Dropped::Ended, left);
        }
    }

    /// Takes the lines of the next request, oldest first; empty if none wait.
    pub(super) fn take(&self) -> Vec<Line> {
        let mut lines = self.lock();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(line) = lines.queue.pop_front() else { break };
            bytes += line.bytes();
            batch.push(line);
        }
        lines.bytes -= bytes;
        lines.in_hand = batch.len();
        batch
    }

    /// Notes the end of the request with the lines taken last: how many were sent, and why the
    /// others were dropped.
    pub(super) fn done(&self, sent: usize, why: Dropped) {
        let mut lines = self.lock();
        counter!("chatctl_otlp_sent_total").increment(sent as u64);
        let lost = std::mem::take(&mut lines.in_hand).saturating_sub(sent);
        lines.drop_count(why, lost);
    }

    /// Drops everything, and returns how many lines were not sent.
    pub(super) fn give_up(&self) -> usize {
        let mut lines = self.lock();
        let left = lines.queue.len() + std::mem::take(&mut lines.in_hand);
        (lines.queue, lines.bytes, lines.most) = (VecDeque::new(), 0, 0);
        lines.drop_count(Dropped::Ended, left);
        left
    }

    /// Remembers why the receiver cannot be reached; None: it can.
    pub(super) fn set_problem(&self, problem: Option<String>) {
        gauge!("chatctl_otlp_failing").set(if problem.is_some() { 1.0 } else { 0.0 });
        self.lock().problem = problem;
    }

    /// Returns why the receiver cannot be reached, and the number of waiting lines.
    pub(in crate::logging) fn state(&self) -> (Option<String>, usize) {
        let lines = self.lock();
        (lines.problem.clone(), lines.queue.len() + lines.in_hand)
    }

    /// Returns the number of lines dropped since the last call.
    pub(super) fn take_dropped(&self) -> u64 {
        std::mem::take(&mut self.lock().dropped)
    }

    /// Completes when there are enough lines for a request.
    pub(super) async fn enough(&self) {
        self.0.enough.notified().await;
    }

    /// Announces that the process ends.
    pub(super) fn end(&self) {
        self.0.ending.send_replace(true);
    }

    /// Whether the process ends.
    pub(super) fn is_ending(&self) -> bool {
        *self.0.ending.borrow()
    }

    /// Completes when the process ends.
    pub(super) async fn ending(&self) {
        // The sender lives as long as this.
        drop(self.0.ending.subscribe().wait_for(|ending| *ending).await);
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn is_enough(&self) -> bool {
        self.queue.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn drop_count(&mut self, why: Dropped, count: usize) {
        if count > 0 {
            self.dropped += count as u64;
            counter!("chatctl_otlp_dropped_total", "reason" => why.reason())
                .increment(count as u64);
        }
    }
}

fn most(config: &config::Ship) -> usize {
    if config.otlp_endpoint.is_some() { config.queue } else { 0 }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::super::super::line::Fields;
    use super::*;

    fn waiting(queue: usize) -> Waiting {
        let otlp_endpoint = Some("http://127.0.0.1:1".to_owned());
        Waiting::new(&config::Ship { otlp_endpoint, queue, ..config::Ship::default() })
    }

    fn line(size: usize) -> Line {
        Line::now(Level::INFO, Fields::of("x".repeat(size)), false)
    }

    #[test]
    fn the_queue_is_bounded_in_lines_and_in_bytes() {
        let few = waiting(3);
        (0..5).for_each(|_| few.push(&line(1)));
        assert_eq!((few.state().1, few.take_dropped()), (3, 2));
        let many = waiting(usize::MAX);
        (0..40).for_each(|_| many.push(&line(1 << 20)));
        assert_eq!((many.state().1, many.take_dropped()), (15, 25));
        assert_eq!(many.take().len(), 1, "a large line is a request of its own");
        many.done(0, Dropped::Refused);
        many.push(&line(1 << 20));
        assert_eq!((many.state().1, many.take_dropped()), (15, 1), "its place is free again");
    }

    #[test]
    fn requests_are_bounded_and_in_order() {
        let waiting = waiting(2_000);
        (0..1_500).for_each(|size| waiting.push(&line(size)));
        let mut sizes = Vec::new();
        loop {
            let batch = waiting.take();
            if batch.is_empty() {
                break;
            }
            assert!(batch.len() <= BATCH);
            sizes.extend(batch.iter().map(Line::bytes));
            waiting.done(batch.len(), Dropped::Refused);
        }
        assert!(sizes.len() == 1_500 && sizes.is_sorted());
        assert_eq!((waiting.state().1, waiting.take_dropped()), (0, 0));
    }

    #[test]
    fn nothing_is_kept_without_a_receiver_or_after_the_end() {
        let off = Waiting::new(&config::Ship::default());
        off.push(&line(1));
        assert_eq!((off.state().1, off.take_dropped()), (0, 0));
        let on = waiting(10);
        (0..5).for_each(|_| on.push(&line(1)));
        on.limit(&config::Ship::default());
        assert_eq!((on.state().1, on.take_dropped()), (0, 5));
        let ends = waiting(1_000);
        (0..600).for_each(|_| ends.push(&line(1)));
        ends.take();
        assert_eq!((ends.give_up(), ends.state().1, ends.take_dropped()), (600, 0, 600));
    }
}
