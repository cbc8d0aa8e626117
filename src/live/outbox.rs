//! What is to be written to one socket, in order: answers, and the frames of its rooms.
//!
//! Pushing never waits. While nothing is queued, the fan-out writes to the connection itself; what
//! the system does not accept, and everything after it, is queued for the socket's task. So a queue
//! exists only where the peer is slow, or where the connection belongs to the task (TLS). A queue
//! with too many frames or bytes borrows from the [`Backlog`] of the server; if that has nothing
//! left, the socket is marked as too slow and accepts nothing more.
//!
//! The lock is the innermost of all (ARCHITECTURE.md, lock order) and is never held across an
//! await.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use super::backlog::{Backlog, Place};
use super::{CloseReason, Frames};

/// Maximum number of queued chunks in one write.
const SLICES: usize = 32;

/// A connection that can be written without its task.
pub trait TryWrite: Debug + Send + Sync {
    /// Writes what the system accepts now, without waiting; `WouldBlock` if that is nothing.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes several parts in the same way.
    fn try_write_vectored(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// Frames to be written to one socket.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    changed: Notify,
    max_frames: usize,
    max_bytes: usize,
    backlog: Arc<Backlog>,
}

/// What the socket's task must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Write queued frames.
    Write,
    /// Close the socket: everything before is written, or need not be.
    Close(CloseReason),
}

/// Frames in the queue.
#[derive(Debug)]
struct Waiting {
    frames: Frames,
    /// Whether they were pushed: only those count against the limits, because the task reads no
    /// commands while answers wait.
    pushed: bool,
    /// Its place, if the queue had none left.
    _borrowed: Option<Place>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Frames that belong after an answer which is being prepared; None: no answer is.
    held: Option<VecDeque<Waiting>>,
    /// Number and bytes of the pushed frames of both.
    frames: usize,
    bytes: usize,
    /// Bytes of the answers.
    answers: usize,
    /// Bytes ever written from the queue.
    written: u64,
    /// Whether the first of `waiting` is partly written, so that the rest of it must follow.
    begun: bool,
    direct: Option<Arc<dyn TryWrite>>,
    close: Option<CloseReason>,
}

impl Outbox {
    /// Creates an empty queue with these limits.
    pub(super) fn new(max_frames: usize, max_bytes: usize, backlog: Arc<Backlog>) -> Self {
        Self { queue: Mutex::default(), changed: Notify::new(), max_frames, max_bytes, backlog }
    }

    /// Returns what this queue may borrow from.
    pub(super) fn backlog(&self) -> &Arc<Backlog> {
        &self.backlog
    }

    /// Lets the fan-out write to the connection itself; None ends that.
    pub fn write_directly(&self, connection: Option<Arc<dyn TryWrite>>) {
        self.lock().direct = connection;
    }

    /// Writes frames of a room, or queues them. A full queue that cannot borrow closes the socket
    /// with [`CloseReason::TooSlow`].
    pub fn push(&self, frames: &Frames) {
        let mut queue = self.lock();
        if queue.close.is_some() {
            return;
        }
        let written = queue.pass_on(frames);
        if written == frames.bytes.len() {
            return;
        }
        let rest = Frames { bytes: frames.bytes.slice(written..), ..*frames };
        let (count, bytes) = (queue.frames + rest.count, queue.bytes + rest.bytes.len());
        let too_much = count > self.max_frames || bytes > self.max_bytes;
        // A queue that is empty takes any chunk: its size says nothing about the peer.
        let full = too_much && queue.frames > 0;
        let borrowed = if full && rest.shared { self.backlog.borrow() } else { None };
        if full && borrowed.is_none() {
            queue.end(CloseReason::TooSlow);
        } else {
            queue.add(rest, borrowed);
            // The rest of a frame must follow.
            queue.begun |= written > 0;
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Pushes a hint (presence, typing, read marks): dropped if the queue is half full.
    pub fn push_hint(&self, frames: &Frames) {
        let half_full = {
            let queue = self.lock();
            queue.frames * 2 >= self.max_frames || queue.bytes * 2 >= self.max_bytes
        };
        if !half_full {
            self.push(frames);
        }
    }

    /// Queues an answer, or another frame of the socket's own task, which writes it.
    pub fn answer(&self, frames: Frames) {
        let mut queue = self.lock();
        queue.answers += frames.bytes.len();
        queue.waiting.push_back(Waiting { frames, pushed: false, _borrowed: None });
    }

    /// Queues the first frame of the socket before those pushed since it was registered. Nothing
    /// may have been written yet.
    pub fn greet(&self, frames: Frames) {
        let mut queue = self.lock();
        debug_assert!(
            queue.written == 0 && queue.direct.is_none(),
            "it is the first to be written"
        );
        queue.answers += frames.bytes.len();
        queue.waiting.push_front(Waiting { frames, pushed: false, _borrowed: None });
    }

    /// Returns whether so many answers wait that no more commands should be read.
    pub fn has_many_answers(&self) -> bool {
        self.lock().answers > self.max_bytes
    }

    /// Returns the number of bytes ever written from the queue, and what it will be once everything
    /// that waits now is written.
    pub fn progress(&self) -> (u64, u64) {
        let queue = self.lock();
        let waiting: usize = queue.waiting.iter().map(|waiting| waiting.frames.bytes.len()).sum();
        (queue.written, queue.written + waiting as u64)
    }

    /// Keeps back all frames that are pushed from now on, until [`Outbox::release`]: they belong
    /// after an answer that describes the room as it is now.
    pub fn hold(&self) {
        self.lock().held.get_or_insert_default();
    }

    /// Queues the frames kept back behind the answers given meanwhile.
    pub fn release(&self) {
        let mut queue = self.lock();
        if let Some(held) = queue.held.take() {
            queue.waiting.extend(held);
        }
    }

    /// Closes the socket after the queued frames; the first reason is kept.
    pub fn close(&self, reason: CloseReason) {
        self.lock().end(reason);
        self.changed.notify_one();
    }

    /// Returns whether the socket is to close for this reason.
    pub fn is_closed_by(&self, reason: CloseReason) -> bool {
        self.lock().close == Some(reason)
    }

    /// Returns what the socket's task must do.
    pub fn due(&self) -> Due {
        self.lock().due()
    }

    /// Waits until the task has something to do. Cancel safe.
    pub async fn changed(&self) {
        while self.due() == Due::Nothing {
            self.changed.notified().await;
        }
    }

    /// Waits until the socket is too slow or its session ends, and returns the reason: then waiting
    /// frames need not be written. Cancel safe.
    pub async fn overflowed(&self) -> CloseReason {
        loop {
            let close = self.lock().close;
            if let Some(reason) = close.filter(|reason| reason.is_at_once()) {
                return reason;
            }
            self.changed.notified().await;
        }
    }

    /// Writes what waits, at least up to this number of bytes of [`Outbox::progress`], and flushes.
    pub fn poll_drain<S: AsyncWrite>(
        &self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
        goal: u64,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut queue = self.lock();
            if queue.waiting.is_empty() || queue.written >= goal {
                break;
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = queue.slices(&mut slices);
            match ready!(stream.as_mut().poll_write_vectored(cx, &slices[..count]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => queue.written(written),
            }
        }
        stream.poll_flush(cx)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Writes to the connection what can be written without waiting: what is queued, then these
    /// frames. Returns how many bytes of them are written; if some are, nothing is queued.
    fn pass_on(&mut self, frames: &Frames) -> usize {
        let Some(direct) = self.direct.take() else { return 0 };
        let written = if self.held.is_none() { self.write_to(&*direct, frames) } else { 0 };
        self.direct = Some(direct);
        written
    }

    fn write_to(&mut self, direct: &dyn TryWrite, frames: &Frames) -> usize {
        while !self.waiting.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.slices(&mut slices);
            match direct.try_write_vectored(&slices[..count]) {
                Ok(written) if written > 0 => self.written(written),
                // A broken connection is found by its task.
                _ => return 0,
            }
        }
        direct.try_write(&frames.bytes).unwrap_or(0)
    }

    fn add(&mut self, frames: Frames, borrowed: Option<Place>) {
        self.frames += frames.count;
        self.bytes += frames.bytes.len();
        let waiting = Waiting { frames, pushed: true, _borrowed: borrowed };
        self.held.as_mut().unwrap_or(&mut self.waiting).push_back(waiting);
    }

    fn slices<'a>(&'a self, into: &mut [IoSlice<'a>; SLICES]) -> usize {
        for (slice, waiting) in into.iter_mut().zip(&self.waiting) {
            *slice = IoSlice::new(&waiting.frames.bytes);
        }
        self.waiting.len().min(SLICES)
    }

    /// Removes bytes that have been written.
    fn written(&mut self, mut count: usize) {
        self.written += count as u64;
        while let Some(first) = self.waiting.front_mut() {
            let part = count.min(first.frames.bytes.len());
            if first.pushed {
                self.bytes -= part;
            } else {
                self.answers -= part;
            }
            if first.frames.bytes.len() > count {
                first.frames.bytes.advance(count);
                self.begun |= count > 0;
                return;
            }
            count -= part;
            if first.pushed {
                self.frames -= first.frames.count;
            }
            self.begun = false;
            self.waiting.pop_front();
        }
        // What a burst has needed is given back.
        if self.waiting.capacity() > SLICES {
            self.waiting = VecDeque::new();
        }
    }

    /// Sets the reason for the close; frames that need not be written are dropped.
    fn end(&mut self, reason: CloseReason) {
        if *self.close.get_or_insert(reason) == reason && reason.is_at_once() {
            self.waiting.truncate(usize::from(self.begun));
            self.held = None;
            self.count();
        }
    }

    /// Counts what is queued.
    fn count(&mut self) {
        (self.frames, self.bytes, self.answers) = (0, 0, 0);
        for waiting in self.waiting.iter().chain(self.held.iter().flatten()) {
            if waiting.pushed {
                self.frames += waiting.frames.count;
                self.bytes += waiting.frames.bytes.len();
            } else {
                self.answers += waiting.frames.bytes.len();
            }
        }
    }

    fn due(&self) -> Due {
        match self.close {
            Some(reason) if reason.is_at_once() => Due::Close(reason),
            _ if !self.waiting.is_empty() => Due::Write,
            Some(reason) if self.held.as_ref().is_none_or(VecDeque::is_empty) => Due::Close(reason),
            _ => Due::Nothing,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
