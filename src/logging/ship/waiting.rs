//! Log lines that wait to be sent: bounded in number and in bytes, filled without waiting.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use metrics::{counter, gauge};
use tokio::sync::{Notify, watch};

use super::super::line::Line;
use crate::config::{self, Config};

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

/// Lines that were not sent for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// The reason.
    pub(super) why: Dropped,
    /// What the receiver said, if it was the reason.
    pub(super) said: Option<String>,
    /// Number of lines.
    pub(super) count: u64,
}

/// Why the receiver does not get the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The cause.
    pub why: String,
    /// Whether the receiver refused a request for good, so that its records are lost.
    pub is_final: bool,
}

/// State of the receiver under the present configuration.
#[derive(Clone, Debug, Default)]
pub struct Shipped {
    /// Why the last request failed; None: it did not.
    pub problem: Option<Problem>,
    /// When a request succeeded last; None: none has since the configuration changed.
    pub succeeded: Option<Instant>,
    /// Number of records that wait.
    pub waiting: usize,
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

struct Lines {
    /// What the state below is about.
    settings: Settings,
    queue: VecDeque<Line>,
    /// Size of the queue.
    bytes: usize,
    /// Maximum length of the queue; 0: nothing is sent.
    most: usize,
    /// Lines taken that are neither sent nor dropped yet.
    in_hand: usize,
    /// Lines dropped that were not reported yet, one entry for each reason.
    dropped: Vec<Lost>,
    problem: Option<Problem>,
    succeeded: Option<Instant>,
}

/// The part of the configuration that shipping depends on.
type Settings = (config::Ship, config::Egress);

fn settings(config: &Config) -> Settings {
    (config.log_ship.clone(), config.egress.clone())
}

impl Waiting {
    /// Collects lines as configured, before they can be sent.
    pub(in crate::logging) fn new(config: &Config) -> Self {
        let lines = Lines {
            settings: settings(config),
            queue: VecDeque::new(),
            bytes: 0,
            most: most(&config.log_ship),
            in_hand: 0,
            dropped: Vec::new(),
            problem: None,
            succeeded: None,
        };
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
            lines.drop_count(Dropped::Queue, None, 1);
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
    pub(super) fn follow(&self, config: &Config) {
        let mut lines = self.lock();
        let new = settings(config);
        if lines.settings == new {
            return;
        }
        lines.settings = new;
        lines.most = most(&config.log_ship);
        (lines.problem, lines.succeeded) = (None, None);
        gauge!("chatctl_otlp_failing").set(0.0);
        if lines.most == 0 {
            let left = lines.queue.len();
            (lines.queue, lines.bytes) = (VecDeque::new(), 0);
            lines.drop_count(Dropped::Ended, None, left);
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
    /// others were dropped, with the words of the receiver.
    pub(super) fn done(&self, sent: usize, why: Dropped, said: Option<String>) {
        let mut lines = self.lock();
        counter!("chatctl_otlp_sent_total").increment(sent as u64);
        let lost = std::mem::take(&mut lines.in_hand).saturating_sub(sent);
        lines.drop_count(why, said, lost);
    }

    /// Drops everything, and returns how many lines were not sent.
    pub(super) fn give_up(&self) -> usize {
        let mut lines = self.lock();
        let left = lines.queue.len() + std::mem::take(&mut lines.in_hand);
        (lines.queue, lines.bytes, lines.most) = (VecDeque::new(), 0, 0);
        lines.drop_count(Dropped::Ended, None, left);
        left
    }

    /// Remembers how a request ended that was made with this configuration, unless that has
    /// changed meanwhile.
    pub(super) fn ended(&self, config: &Config, outcome: Result<(), Problem>) {
        let mut lines = self.lock();
        if lines.settings != settings(config) {
            return;
        }
        gauge!("chatctl_otlp_failing").set(if outcome.is_err() { 1.0 } else { 0.0 });
        if outcome.is_ok() {
            lines.succeeded = Some(Instant::now());
        }
        lines.problem = outcome.err();
    }

    /// Returns the state of the receiver, and the number of waiting lines.
    pub(in crate::logging) fn state(&self) -> Shipped {
        let lines = self.lock();
        Shipped {
            problem: lines.problem.clone(),
            succeeded: lines.succeeded,
            waiting: lines.queue.len() + lines.in_hand,
        }
    }

    /// Returns the lines dropped since the last call.
    pub(super) fn take_dropped(&self) -> Vec<Lost> {
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

    fn drop_count(&mut self, why: Dropped, said: Option<String>, count: usize) {
        if count == 0 {
            return;
        }
        let count = count as u64;
        counter!("chatctl_otlp_dropped_total", "reason" => why.reason()).increment(count);
        match self.dropped.iter_mut().find(|lost| lost.why == why) {
            Some(lost) => {
                lost.count += count;
                lost.said = said.or(lost.said.take());
            }
            None => self.dropped.push(Lost { why, said, count }),
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

    fn config(endpoint: &str, queue: usize) -> Config {
        let otlp_endpoint = Some(endpoint.to_owned());
        let log_ship = config::Ship { otlp_endpoint, queue, ..config::Ship::default() };
        Config { log_ship, ..Config::default() }
    }

    fn waiting(queue: usize) -> Waiting {
        Waiting::new(&config("http://127.0.0.1:1", queue))
    }

    /// Waiting lines, and those dropped since the last call.
    fn numbers(waiting: &Waiting) -> (usize, u64) {
        let dropped = waiting.take_dropped();
        (waiting.state().waiting, dropped.iter().map(|lost| lost.count).sum())
    }

    fn line(size: usize) -> Line {
        Line::now(Level::INFO, Fields::of("x".repeat(size)), false)
    }

    #[test]
    fn the_queue_is_bounded_in_lines_and_in_bytes() {
        let few = waiting(3);
        (0..5).for_each(|_| few.push(&line(1)));
        assert_eq!(numbers(&few), (3, 2));
        let many = waiting(usize::MAX);
        (0..40).for_each(|_| many.push(&line(1 << 20)));
        assert_eq!(numbers(&many), (15, 25));
        assert_eq!(many.take().len(), 1, "a large line is a request of its own");
        many.done(0, Dropped::Refused, None);
        many.push(&line(1 << 20));
        assert_eq!(numbers(&many), (15, 1), "its place is free again");
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
            waiting.done(batch.len(), Dropped::Refused, None);
        }
        assert!(sizes.len() == 1_500 && sizes.is_sorted());
        assert_eq!(numbers(&waiting), (0, 0));
    }

    #[test]
    fn nothing_is_kept_without_a_receiver_or_after_the_end() {
        let off = Waiting::new(&Config::default());
        off.push(&line(1));
        assert_eq!(numbers(&off), (0, 0));
        let on = waiting(10);
        (0..5).for_each(|_| on.push(&line(1)));
        on.follow(&Config::default());
        assert_eq!(numbers(&on), (0, 5));
        let ends = waiting(1_000);
        (0..600).for_each(|_| ends.push(&line(1)));
        ends.take();
        assert_eq!((ends.give_up(), numbers(&ends)), (600, (0, 600)));
    }

    #[test]
    fn the_state_is_about_the_present_configuration() {
        let [one, two] = ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(|url| config(url, 10));
        let waiting = Waiting::new(&one);
        let known = || (waiting.state().problem.is_some(), waiting.state().succeeded.is_some());
        let failure = || Err(Problem { why: "it answered 400".to_owned(), is_final: true });
        assert_eq!(known(), (false, false));
        waiting.ended(&one, Ok(()));
        assert_eq!(known(), (false, true));
        waiting.ended(&one, failure());
        assert_eq!(known(), (true, true));
        waiting.follow(&one);
        assert_eq!(known(), (true, true), "nothing has changed");
        waiting.follow(&two);
        assert_eq!(known(), (false, false));
        waiting.ended(&one, Ok(()));
        waiting.ended(&one, failure());
        assert_eq!(known(), (false, false), "a late answer to the previous configuration");
    }

    #[test]
    fn what_is_lost_is_counted_for_each_reason() {
        let waiting = waiting(2);
        (0..5).for_each(|_| waiting.push(&line(1)));
        waiting.take();
        waiting.done(0, Dropped::Refused, Some("it answered 400".to_owned()));
        let lost =
            |why, said: Option<&str>, count| Lost { why, said: said.map(str::to_owned), count };
        let wanted =
            [lost(Dropped::Queue, None, 3), lost(Dropped::Refused, Some("it answered 400"), 2)];
        assert_eq!(waiting.take_dropped(), wanted);
        assert_eq!(waiting.take_dropped(), []);
    }
}
