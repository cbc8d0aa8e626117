//! What all clients share: where servers are, and what is to be done now.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::journal::{Entry, Journal, Kind};

/// After this time without an answer, a client believes that there will be none.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// They post.
    Posting,
    /// They only finish what they have begun, and stay connected.
    Settling,
    /// They wait for the messages that end each room.
    Ending,
    /// They wait no longer.
    Over,
}

/// State of the run.
pub(super) struct Shared {
    began: Instant,
    addresses: Mutex<Vec<String>>,
    phase: Mutex<Phase>,
    /// Number of clients that have finished what they had begun.
    pub(super) settled: AtomicUsize,
    pulse: Mutex<Pulse>,
    /// Time that clients let pass between two posts, on average, in milliseconds.
    pace: u64,
}

/// Acknowledgements of all clients since the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pulse {
    pub(super) count: usize,
    pub(super) longest: Duration,
    last: Instant,
}

impl Shared {
    pub(super) fn new(addresses: Vec<String>, pace: u64) -> Self {
        let began = Instant::now();
        let pulse = Mutex::new(Pulse { count: 0, longest: Duration::ZERO, last: began });
        Self {
            began,
            addresses: Mutex::new(addresses),
            phase: Mutex::new(Phase::Posting),
            settled: AtomicUsize::new(0),
            pulse,
            pace,
        }
    }

    /// Time since the run began.
    pub(super) fn time(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.lock().unwrap()
    }

    pub(super) fn enter(&self, phase: Phase) {
        *self.phase.lock().unwrap() = phase;
    }

    pub(super) fn address(&self, server: usize) -> String {
        self.addresses.lock().unwrap()[server].clone()
    }

    /// A server is now found elsewhere.
    pub(super) fn moved(&self, server: usize, address: &str) {
        address.clone_into(&mut self.addresses.lock().unwrap()[server]);
    }

    fn acknowledged(&self) {
        let mut pulse = self.pulse.lock().unwrap();
        let now = Instant::now();
        pulse.count += 1;
        pulse.longest = pulse.longest.max(now - pulse.last);
        pulse.last = now;
    }

    /// Number of acknowledgements since the last [`Self::take_pulse`].
    pub(super) fn count(&self) -> usize {
        self.pulse.lock().unwrap().count
    }

    /// Returns what has been acknowledged since the last call, and the longest pause.
    pub(super) fn take_pulse(&self) -> Pulse {
        let mut pulse = self.pulse.lock().unwrap();
        let now = Instant::now();
        pulse.longest = pulse.longest.max(now - pulse.last);
        std::mem::replace(&mut *pulse, Pulse { count: 0, longest: Duration::ZERO, last: now })
    }
}

/// A client, whatever its dialect.
pub(super) struct Member {
    pub(super) shared: std::sync::Arc<Shared>,
    pub(super) journal: Journal,
    pub(super) dice: Dice,
    sent: u32,
    settled: bool,
}

impl Member {
    pub(super) fn new(
        name: &str,
        kind: Kind,
        shared: &std::sync::Arc<Shared>,
        dice: &mut Dice,
    ) -> Self {
        Self {
            shared: std::sync::Arc::clone(shared),
            journal: Journal::new(name, kind),
            dice: dice.split(),
            sent: 0,
            settled: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.journal.client
    }

    pub(super) fn log(&mut self, entry: Entry) {
        self.journal.entries.push((self.shared.time(), entry));
    }

    pub(super) fn strange(&mut self, what: impl Into<String>) {
        self.log(Entry::Strange(what.into()));
    }

    /// A text that nobody has sent.
    pub(super) fn new_text(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}", self.name(), self.sent)
    }

    pub(super) fn acknowledged(&mut self, room: i64, text: &str, place: Option<(i64, i64)>) {
        self.log(Entry::Acknowledged { room, text: text.to_owned(), place });
        self.shared.acknowledged();
    }

    /// Any of the servers, and where it is.
    pub(super) fn any_server(&mut self) -> (usize, String) {
        let server = self.dice.below(super::world::SERVERS);
        (server, self.shared.address(server))
    }

    /// When to post again.
    pub(super) fn next_post(&mut self) -> Instant {
        let pace = self.shared.pace;
        Instant::now() + Duration::from_millis(self.dice.between(pace / 2, pace + pace / 2))
    }

    /// Nothing that it has begun is open any more.
    pub(super) fn settle(&mut self) {
        if !self.settled {
            self.settled = true;
            self.shared.settled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Whether a connection may end with this code.
pub(super) fn may_end_with(code: u16) -> bool {
    // Server stops, abrupt ends, something failed, client too slow.
    matches!(code, 1001 | 1005 | 1006 | 1011 | 1012 | 1013)
}
