//! Many sockets in many rooms, which verify every message: none lost, none doubled, all in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::TEXT;
use super::server::Server;

/// Rooms of a crowd.
pub(super) const ROOMS: usize = 20;
/// Sockets in each room.
pub(super) const SOCKETS: usize = 250;
/// Users of a room: each has an equal part of its sockets.
const USERS: usize = 2;

/// A room and what was sent to it.
pub(super) struct Room {
    number: usize,
    pub(super) key: String,
    tokens: Vec<String>,
    /// Number of acknowledged messages, which is the number of the last one.
    pub(super) sent: AtomicU64,
    /// Number of senders that send nothing more.
    pub(super) ended: AtomicUsize,
}

impl Room {
    /// Creates the users and rooms of a crowd.
    pub(super) async fn several(server: &Server) -> Vec<Arc<Self>> {
        let mut rooms = Vec::new();
        for number in 0..ROOMS {
            let names: Vec<String> = (0..USERS).map(|n| format!("user{number}-{n}")).collect();
            let mut tokens = Vec::new();
            for name in &names {
                tokens.push(server.user(name).await);
            }
            let others: Vec<&str> = names[1..].iter().map(String::as_str).collect();
            let key = server.room_of(&tokens[0], &others).await;
            let (sent, ended) = (AtomicU64::new(0), AtomicUsize::new(0));
            rooms.push(Arc::new(Self { number, key, tokens, sent, ended }));
        }
        rooms
    }

    /// Returns the token of a socket's user.
    pub(super) fn token(&self, socket: usize) -> &str {
        &self.tokens[socket % USERS]
    }

    /// Returns the frame of a sender's n-th message; the text tells its origin and time.
    pub(super) fn message(&self, sender: usize, n: u32, at: Duration) -> String {
        let mark = format!("{} {sender} {n} {} ", self.number, at.as_micros());
        let filling = "x".repeat(TEXT - mark.len());
        format!(
            r#"{{"type":"chat_message","room_id":"{}","content":"{mark}{filling}","client_id":"{sender}-{n}"}}"#,
            self.key
        )
    }
}

/// What went wrong, and how long deliveries took.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) received: AtomicU64,
    pub(super) lost: AtomicU64,
    /// Received again, or after a later one.
    pub(super) doubled: AtomicU64,
    /// Not what was sent, or of another room.
    pub(super) altered: AtomicU64,
    /// Sockets that were closed without being told to.
    pub(super) closed: AtomicU64,
    pub(super) delays: Histogram,
}

impl Tally {
    /// Returns whether nothing went wrong.
    pub(super) fn is_clean(&self) -> bool {
        [&self.lost, &self.doubled, &self.altered, &self.closed]
            .iter()
            .all(|count| count.load(Ordering::Relaxed) == 0)
    }

    pub(super) fn faults(&self) -> String {
        let [lost, doubled, altered, closed] =
            [&self.lost, &self.doubled, &self.altered, &self.closed]
                .map(|count| count.load(Ordering::Relaxed));
        format!("lost {lost}, doubled {doubled}, altered {altered}, closed {closed}")
    }
}

/// Counts durations in steps of half a millisecond, up to ten seconds.
pub(super) struct Histogram(Vec<AtomicU64>);

impl Histogram {
    const STEP: u128 = 500;
    const STEPS: usize = 20_000;

    pub(super) fn add(&self, duration: Duration) {
        let step = usize::try_from(duration.as_micros() / Self::STEP).unwrap_or(usize::MAX);
        self.0[step.min(Self::STEPS)].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns a percentile in milliseconds, rounded up to the step.
    pub(super) fn percentile(&self, percent: u64) -> f64 {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let wanted = (counts.iter().sum::<u64>() * percent).div_ceil(100);
        let mut sum = 0;
        let step = counts.iter().position(|count| {
            sum += count;
            sum >= wanted
        });
        (step.unwrap_or_default() + 1) as f64 * Self::STEP as f64 / 1e3
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self((0..=Self::STEPS).map(|_| AtomicU64::new(0)).collect())
    }
}

/// What one socket has received.
pub(super) struct Check {
    pub(super) room: Arc<Room>,
    pub(super) tally: Arc<Tally>,
    /// When the time in the texts began.
    origin: Instant,
    /// Number of the last message in the room.
    pub(super) seq: u64,
    /// The room's latest revision.
    pub(super) rev: u64,
    /// Number of messages of each sender.
    of: Vec<u32>,
}

impl Check {
    pub(super) fn new(room: &Arc<Room>, tally: &Arc<Tally>, origin: Instant) -> Self {
        let (room, tally) = (Arc::clone(room), Arc::clone(tally));
        Self { room, tally, origin, seq: 0, rev: 0, of: vec![0; SOCKETS] }
    }

    /// Verifies a `chat_message` frame and notes how long it took; ignores other frames.
    pub(super) fn take(&mut self, frame: &[u8]) {
        if !frame.starts_with(br#"{"type":"chat_message""#) {
            return;
        }
        let text = after(frame, br#""content":""#).unwrap_or_default();
        let text = std::str::from_utf8(&text[..TEXT.min(text.len())]).unwrap_or_default();
        let seq = last_number(frame, br#""seq":"#).unwrap_or_default();
        let rev = last_number(frame, br#""rev":"#).unwrap_or_default();
        if let Some(sent) = self.verify(seq, rev, text) {
            self.tally.delays.add(self.origin.elapsed().saturating_sub(sent));
        }
    }

    /// Verifies that this is the next message; returns when it was sent.
    pub(super) fn verify(&mut self, seq: u64, rev: u64, text: &str) -> Option<Duration> {
        self.tally.received.fetch_add(1, Ordering::Relaxed);
        self.rev = self.rev.max(rev);
        if seq <= self.seq {
            self.tally.doubled.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let lost = seq - self.seq - 1;
        self.tally.lost.fetch_add(lost, Ordering::Relaxed);
        self.seq = seq;
        let mut fields = text.split(' ').map_while(|field| field.parse::<u64>().ok());
        let read = [fields.next(), fields.next(), fields.next(), fields.next()];
        let [Some(room), Some(sender), Some(n), Some(sent)] = read else {
            self.tally.altered.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let (sender, n) = (usize::try_from(sender).ok()?, u32::try_from(n).ok()?);
        let known = self.of.get(sender).copied().unwrap_or_default();
        // After a loss the numbers of senders have gaps too.
        if room != self.room.number as u64 || (lost == 0 && n != known + 1) {
            self.tally.altered.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(known) = self.of.get_mut(sender) {
            *known = n;
        }
        Some(Duration::from_micros(sent))
    }

    /// Counts what never arrived.
    pub(super) fn end(&self) {
        let missing = self.room.sent.load(Ordering::Acquire).saturating_sub(self.seq);
        self.tally.lost.fetch_add(missing, Ordering::Relaxed);
    }

    /// Whether everything that was sent has arrived.
    pub(super) fn is_complete(&self) -> bool {
        self.seq >= self.room.sent.load(Ordering::Acquire)
    }
}

/// Returns what follows the first of these keys.
fn after<'a>(frame: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = frame.windows(key.len()).position(|bytes| bytes == key)?;
    frame.get(at + key.len()..)
}

/// Returns the number that follows the last of these keys.
fn last_number(frame: &[u8], key: &[u8]) -> Option<u64> {
    let at = frame.windows(key.len()).rposition(|bytes| bytes == key)?;
    let digits = frame[at + key.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
