//! What this server has published lately, to be repeated when it may not have arrived.
//!
//! Of a room only its newest rev is remembered: who is behind reads the store. Events of users and
//! of all servers have no rev, so they are kept as they were sent; they keep their number, by which
//! a server that has heard them recognizes them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::channel::Channel;
use crate::model::{Rev, RoomId};

/// How long is remembered while nothing is wrong.
pub(super) const KEPT: Duration = Duration::from_mins(1);
/// When everything is repeated after a return. Several times, because other servers may return
/// later.
const REPEATS: [Duration; 3] =
    [Duration::from_secs(3), Duration::from_secs(15), Duration::from_secs(45)];
/// Maximum number of rooms and of events.
const MOST: usize = 100_000;
/// Maximum size of the events.
const MOST_BYTES: usize = 64 << 20;

/// Commits and events of the last minute, or since something went wrong.
#[derive(Default)]
pub(super) struct Memory {
    heads: HashMap<RoomId, (Rev, Instant)>,
    events: VecDeque<Sent>,
    bytes: usize,
    /// Publishing fails: nothing is forgotten.
    failing: bool,
    /// When to repeat, in order.
    due: VecDeque<Instant>,
    /// Something was forgotten that may not have arrived.
    incomplete: bool,
}

/// An event as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Instant,
    pub(super) to: Channel,
    pub(super) bytes: Bytes,
}

/// What is to be repeated.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    pub(super) heads: Vec<(RoomId, Rev)>,
    pub(super) events: Vec<Sent>,
    /// Not everything is remembered: the others must read the store.
    pub(super) lost: bool,
}

impl Memory {
    /// Notes a commit.
    pub(super) fn committed(&mut self, room: RoomId, rev: Rev) {
        if self.heads.len() >= MOST && !self.heads.contains_key(&room) {
            self.incomplete |= self.is_troubled();
            self.heads.clear();
        }
        let head = self.heads.entry(room).or_insert((rev, Instant::now()));
        *head = (head.0.max(rev), Instant::now());
    }

    /// Notes an event that has no rev.
    pub(super) fn sent(&mut self, to: Channel, bytes: Bytes) {
        self.bytes += bytes.len();
        self.events.push_back(Sent { at: Instant::now(), to, bytes });
        while self.events.len() > MOST || self.bytes > MOST_BYTES {
            self.incomplete |= self.is_troubled();
            self.forget_oldest();
        }
    }

    /// Publishing has failed.
    pub(super) fn failed(&mut self) {
        self.failing = true;
    }

    /// Publishing works again, or this server has heard nothing for a while: what it published may
    /// not have arrived either.
    pub(super) fn returned(&mut self) {
        self.failing = false;
        let now = Instant::now();
        // A repetition that is already due soon takes place, however often the connection is lost.
        match self.due.front() {
            Some(soon) if *soon <= now + REPEATS[0] => self.due.truncate(1),
            _ => self.due = VecDeque::from([now + REPEATS[0]]),
        }
        self.due.extend(REPEATS[1..].iter().map(|span| now + *span));
    }

    /// Returns whether publishing fails.
    pub(super) fn is_failing(&self) -> bool {
        self.failing
    }

    /// Forgets what is old; returns what is to be repeated now.
    pub(super) fn tick(&mut self) -> Option<Repeated> {
        let now = Instant::now();
        if !self.is_troubled() {
            self.heads.retain(|_, (_, at)| now - *at < KEPT);
            while self.events.front().is_some_and(|sent| now - sent.at >= KEPT) {
                self.forget_oldest();
            }
            return None;
        }
        if self.failing || self.due.front().is_none_or(|due| now < *due) {
            return None;
        }
        self.due.pop_front();
        Some(Repeated {
            heads: self.heads.iter().map(|(room, (rev, _))| (*room, *rev)).collect(),
            events: self.events.iter().cloned().collect(),
            lost: std::mem::take(&mut self.incomplete),
        })
    }

    /// Returns the events of the last seconds.
    pub(super) fn since(&self, span: Duration) -> Vec<Bytes> {
        let now = Instant::now();
        let recent = self.events.iter().rev().take_while(|sent| now - sent.at <= span);
        let mut recent: Vec<Bytes> = recent.map(|sent| sent.bytes.clone()).collect();
        recent.reverse();
        recent
    }

    fn is_troubled(&self) -> bool {
        self.failing || !self.due.is_empty()
    }

    fn forget_oldest(&mut self) {
        if let Some(sent) = self.events.pop_front() {
            self.bytes -= sent.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_published_is_repeated_three_times_after_a_return() {
        let mut memory = Memory::default();
        memory.committed(RoomId(1), Rev(4));
        memory.failed();
        memory.committed(RoomId(1), Rev(5));
        memory.sent(Channel::All, bytes("a"));
        tokio::time::advance(KEPT * 10).await;
        assert!(memory.tick().is_none(), "nothing works yet, and nothing is forgotten");
        memory.returned();
        let mut times = Vec::new();
        for second in 0..60 {
            if let Some(repeated) = memory.tick() {
                assert_eq!(repeated.heads, [(RoomId(1), Rev(5))]);
                assert_eq!(repeated.events.len(), 1);
                assert!(!repeated.lost);
                times.push(second);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(times, [3, 15, 45]);
        assert!(memory.heads.is_empty() && memory.events.is_empty() && memory.bytes == 0);
    }

    #[tokio::test(start_paused = true)]
    async fn returns_at_short_intervals_do_not_put_off_the_repetition() {
        let mut memory = Memory::default();
        memory.committed(RoomId(1), Rev(1));
        let mut repeated = 0;
        for _ in 0..10 {
            memory.returned();
            repeated += usize::from(memory.tick().is_some());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!((2..=4).contains(&repeated), "{repeated}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_memory_that_is_full_says_so() {
        let mut memory = Memory::default();
        memory.failed();
        for _ in 0..=MOST {
            memory.sent(Channel::All, bytes("a"));
        }
        assert_eq!(memory.events.len(), MOST);
        memory.returned();
        tokio::time::advance(REPEATS[0]).await;
        assert!(memory.tick().unwrap().lost);
        tokio::time::advance(REPEATS[1]).await;
        assert!(!memory.tick().unwrap().lost, "said once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_was_deaf_is_told_the_events_of_that_time() {
        let mut memory = Memory::default();
        for text in ["a", "b", "c"] {
            memory.sent(Channel::All, bytes(text));
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        assert_eq!(memory.since(Duration::from_secs(25)), ["b", "c"].map(bytes));
    }
}
