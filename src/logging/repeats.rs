//! Limits repeated lines: a few per minute are written and the rest is counted, so that one fault,
//! or one client, cannot fill the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;

/// The period in which repetitions are counted.
const MINUTE: Duration = Duration::from_mins(1);
/// Limit of ERROR lines from one place in the code that only differ in user, room and fields.
const SAME: u32 = 1;
/// Limit of all ERROR lines from one place in the code.
const SAME_PLACE: u32 = 10;
/// Limit of lines about refused credentials from one address.
const SAME_ADDRESS: u32 = 10;
/// Limit of all stack traces.
const TRACES: u32 = 10;
/// Maximum number of kinds; beyond it all counts are removed.
const MAX_KINDS: usize = 10_000;

/// Kind of lines counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The same message from the same place in the code.
    Message(Identifier, String),
    /// Any message from the same place in the code.
    Place(Identifier),
    /// Refused credentials of one client; None: through a Unix socket.
    Refusals(Option<IpAddr>),
    /// Stack traces.
    Traces,
}

impl Kind {
    fn limit(&self) -> u32 {
        match self {
            Self::Message(..) => SAME,
            Self::Place(_) => SAME_PLACE,
            Self::Refusals(_) => SAME_ADDRESS,
            Self::Traces => TRACES,
        }
    }
}

/// Lines omitted in one minute: their number and the last one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeftOut<S> {
    pub(super) times: u32,
    pub(super) last: S,
}

/// Counts of the current minutes; `S` is what is kept of an omitted line.
pub(super) struct Repeats<S>(HashMap<Kind, Window<S>>);

struct Window<S> {
    since: Instant,
    count: u32,
    left_out: Option<LeftOut<S>>,
}

impl<S> Default for Repeats<S> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<S> Repeats<S> {
    /// Counts a line; returns whether its limit allows it. Call [`due`](Self::due) first.
    pub(super) fn admit(&mut self, kind: Kind, now: Instant) -> bool {
        if self.0.len() >= MAX_KINDS && !self.0.contains_key(&kind) {
            self.0.clear();
        }
        let limit = kind.limit();
        let window = self.0.entry(kind).or_insert(Window { since: now, count: 0, left_out: None });
        if now.duration_since(window.since) >= MINUTE {
            *window = Window { since: now, count: 0, left_out: None };
        }
        window.count = window.count.saturating_add(1);
        window.count <= limit
    }

    /// Records an omitted line, to be reported at the end of its minute.
    pub(super) fn leave_out(&mut self, kind: &Kind, line: S) {
        if let Some(window) = self.0.get_mut(kind) {
            let times = window.left_out.as_ref().map_or(0, |left_out| left_out.times);
            window.left_out = Some(LeftOut { times: times.saturating_add(1), last: line });
        }
    }

    /// Returns the lines omitted in past minutes.
    pub(super) fn due(&mut self, now: Instant) -> Vec<LeftOut<S>> {
        let over = self.0.extract_if(|_, window| now.duration_since(window.since) >= MINUTE);
        over.filter_map(|(_, window)| window.left_out).collect()
    }

    /// Returns all omitted lines that were not reported yet.
    pub(super) fn all(&mut self) -> Vec<LeftOut<S>> {
        self.0.drain().filter_map(|(_, window)| window.left_out).collect()
    }

    /// Returns when the next omitted lines are due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0
            .values()
            .filter(|window| window.left_out.is_some())
            .map(|window| window.since + MINUTE)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Kind {
        Kind::Refusals(text.parse().ok())
    }

    #[test]
    fn each_kind_has_its_share_of_a_minute_and_the_rest_is_counted() {
        let (mut repeats, begin) = (Repeats::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut written = 0;
        for n in 0..30 {
            if repeats.admit(address("192.0.2.1"), at(n)) {
                written += 1;
            } else {
                repeats.leave_out(&address("192.0.2.1"), n);
            }
        }
        assert_eq!(written, 10);
        assert!(repeats.admit(address("192.0.2.2"), at(30)), "another address has its own share");
        assert_eq!((repeats.next_due(), repeats.due(at(59))), (Some(at(60)), vec![]));
        assert_eq!(repeats.due(at(60)), [LeftOut { times: 20, last: 29 }]);
        assert_eq!((repeats.next_due(), repeats.all()), (None, vec![]), "reported once");
        assert!(repeats.admit(address("192.0.2.1"), at(61)), "a new minute, a new share");
    }

    #[test]
    fn what_was_left_out_is_not_lost_at_the_end() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        for n in 0..12 {
            if !repeats.admit(Kind::Traces, now) {
                repeats.leave_out(&Kind::Traces, n);
            }
        }
        assert_eq!(repeats.all(), [LeftOut { times: 2, last: 11 }]);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut repeats, now) = (Repeats::<()>::default(), Instant::now());
        for n in 0..3 * u32::try_from(MAX_KINDS).unwrap() {
            assert!(repeats.admit(Kind::Refusals(Some(IpAddr::V4(n.into()))), now));
        }
        assert!(repeats.0.len() <= MAX_KINDS);
    }
}
