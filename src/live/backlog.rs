//! What all sockets of the server may queue beyond the limits of one.
//!
//! A socket that is slower than its rooms for a while, because its machine or the network is busy,
//! is not worth closing while there is memory: the frames of a room are one chunk of bytes for all
//! its listeners, however many have it in their queues. So a full queue may borrow from what the
//! server has for all queues, and only when that is used up, a socket with a full queue is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Memory of one place in a queue, rounded up.
const PLACE: usize = 64;

/// Counts what is queued: chunks of rooms that some queue still has, and borrowed places.
#[derive(Debug)]
pub(super) struct Backlog {
    /// Bytes of all chunks and borrowed places.
    used: AtomicUsize,
    max_bytes: usize,
}

impl Backlog {
    /// Creates an empty backlog with this limit.
    pub(super) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), max_bytes })
    }

    /// Counts a chunk until its last reader has dropped it.
    pub(super) fn chunk(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        self.used.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Counted { bytes, backlog: Arc::clone(self) })
    }

    /// Borrows a place; None if too much is queued already.
    pub(super) fn borrow(self: &Arc<Self>) -> Option<Place> {
        let grown = |used: usize| (used + PLACE <= self.max_bytes).then_some(used + PLACE);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).ok()?;
        Some(Place(Arc::clone(self)))
    }

    /// Returns the bytes in use.
    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// A borrowed place in a queue.
#[derive(Debug)]
pub(super) struct Place(Arc<Backlog>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.used.fetch_sub(PLACE, Ordering::Relaxed);
    }
}

/// A counted chunk.
struct Counted {
    bytes: Bytes,
    backlog: Arc<Backlog>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.backlog.used.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_counts_once_until_nobody_has_it() {
        let backlog = Backlog::new(1_000);
        let chunk = backlog.chunk(Bytes::from_static(b"12345678"));
        let (other, part) = (chunk.clone(), chunk.slice(3..));
        drop((chunk, other));
        assert_eq!((backlog.used(), &part[..]), (8, &b"45678"[..]));
        drop(part);
        assert_eq!(backlog.used(), 0);
    }

    #[test]
    fn no_more_is_borrowed_than_there_is() {
        let backlog = Backlog::new(2 * PLACE + 5);
        let places = (backlog.borrow(), backlog.borrow());
        assert!(places.1.is_some() && backlog.borrow().is_none());
        drop(places);
        let _chunk = backlog.chunk(vec![0; PLACE + 6].into());
        assert!(backlog.borrow().is_none() && backlog.used() == PLACE + 6);
    }
}
