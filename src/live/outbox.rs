//! The bounded queue between fan-out and one socket's task.
//!
//! Pushing never waits: a queue with too many frames or bytes marks the socket as too slow and
//! accepts nothing more. Its lock is the innermost of all (ARCHITECTURE.md, lock order) and is
//! never held across an await.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::CloseReason;

/// Frames queued for one socket.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    changed: Notify,
    max_frames: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Utf8Bytes>,
    bytes: usize,
    /// Number of frames ever pushed; position of the next one.
    pushed: u64,
    close: Option<CloseReason>,
}

impl Outbox {
    /// Creates an empty queue with these limits.
    pub fn new(max_frames: usize, max_bytes: usize) -> Self {
        Self { queue: Mutex::default(), changed: Notify::new(), max_frames, max_bytes }
    }

    /// Queues a frame. A full queue closes the socket with [`CloseReason::TooSlow`].
    pub fn push(&self, frame: Utf8Bytes) {
        let mut queue = self.lock();
        if queue.close.is_some() {
            return;
        }
        if queue.frames.len() >= self.max_frames || queue.bytes + frame.len() > self.max_bytes {
            queue.close = Some(CloseReason::TooSlow);
        } else {
            queue.bytes += frame.len();
            queue.pushed += 1;
            queue.frames.push_back(frame);
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Queues a hint (presence, typing, read marks): dropped if the queue is half full.
    pub fn push_hint(&self, frame: Utf8Bytes) {
        let half_full = {
            let queue = self.lock();
            queue.frames.len() * 2 >= self.max_frames || queue.bytes * 2 >= self.max_bytes
        };
        if !half_full {
            self.push(frame);
        }
    }

    /// Closes the socket after the queued frames; the first reason is kept.
    pub fn close(&self, reason: CloseReason) {
        self.lock().close.get_or_insert(reason);
        self.changed.notify_one();
    }

    /// Returns whether the socket is to close for this reason.
    pub fn is_closed_by(&self, reason: CloseReason) -> bool {
        self.lock().close == Some(reason)
    }

    /// Returns the number of frames ever pushed: a reply at this position is sent after exactly
    /// those.
    pub fn position(&self) -> u64 {
        self.lock().pushed
    }

    /// Moves waiting frames to `into`, only those before `position` if given; returns the close
    /// reason once everything is taken.
    pub fn take(&self, into: &mut Vec<Utf8Bytes>, position: Option<u64>) -> Option<CloseReason> {
        let mut queue = self.lock();
        let first = queue.pushed - queue.frames.len() as u64;
        let count = position.map_or(queue.frames.len(), |p| {
            usize::try_from(p.saturating_sub(first)).unwrap_or(usize::MAX).min(queue.frames.len())
        });
        for frame in queue.frames.drain(..count).collect::<Vec<_>>() {
            queue.bytes -= frame.len();
            into.push(frame);
        }
        if queue.frames.is_empty() { queue.close } else { None }
    }

    /// Waits until a frame is pushed or the socket is to close. Cancel safe.
    pub async fn changed(&self) {
        loop {
            {
                let queue = self.lock();
                if !queue.frames.is_empty() || queue.close.is_some() {
                    return;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Waits until the socket is too slow or its session ends, and returns the reason: then waiting
    /// frames need not be written. Cancel safe.
    pub async fn overflowed(&self) -> CloseReason {
        loop {
            let close = self.lock().close;
            if let Some(reason @ (CloseReason::TooSlow | CloseReason::SessionEnded)) = close {
                return reason;
            }
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_closes_the_socket_and_keeps_what_it_has() {
        let outbox = Outbox::new(2, 100);
        for text in ["a", "b", "c", "d"] {
            outbox.push(text.into());
        }
        let mut frames = Vec::new();
        assert_eq!(outbox.take(&mut frames, None), Some(CloseReason::TooSlow));
        assert_eq!(frames, ["a", "b"]);
    }

    #[test]
    fn bytes_count_too_and_are_given_back() {
        let outbox = Outbox::new(10, 10);
        let mut frames = Vec::new();
        for _ in 0..3 {
            outbox.push("12345678".into());
            assert_eq!(outbox.take(&mut frames, None), None);
        }
        outbox.push("12345678".into());
        outbox.push("123".into());
        assert_eq!(outbox.take(&mut frames, None), Some(CloseReason::TooSlow));
        assert_eq!(frames.len(), 4);
    }

    #[test]
    fn hints_are_left_out_when_half_full() {
        let outbox = Outbox::new(4, 1000);
        outbox.push("a".into());
        outbox.push_hint("hint".into());
        outbox.push_hint("left out".into());
        outbox.push("b".into());
        let mut frames = Vec::new();
        assert_eq!(outbox.take(&mut frames, None), None);
        assert_eq!(frames, ["a", "hint", "b"]);
    }

    #[test]
    fn a_position_divides_what_came_before_from_what_came_after() {
        let outbox = Outbox::new(10, 1000);
        outbox.push("before".into());
        let here = outbox.position();
        outbox.push("after".into());
        let mut frames = Vec::new();
        assert_eq!(outbox.take(&mut frames, Some(here)), None);
        assert_eq!(frames, ["before"]);
        outbox.close(CloseReason::GoingAway);
        assert_eq!(outbox.take(&mut frames, None), Some(CloseReason::GoingAway));
        assert_eq!(frames, ["before", "after"]);
    }
}
