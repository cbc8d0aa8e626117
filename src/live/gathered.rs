//! Frames for all listeners of a dialect, gathered while events wait, so that each socket is
//! written once and not once an event.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::BytesMut;

use super::Frames;
use super::backlog::Backlog;
use super::frames::put_text;
use crate::model::Rev;

/// A chunk of this size is written at once.
const FULL: usize = 64 * 1024;

/// Frames of committed events in the order of their revs.
pub(super) struct Gathered {
    backlog: Arc<Backlog>,
    bytes: BytesMut,
    /// Rev and first byte of each frame.
    begins: Vec<(Rev, usize)>,
}

/// Finished frames for all listeners of a dialect.
pub(super) struct Chunk {
    all: Frames,
    begins: Vec<(Rev, usize)>,
}

impl Gathered {
    /// Gathers nothing yet; finished chunks are counted in `backlog`.
    pub(super) fn new(backlog: Arc<Backlog>) -> Self {
        Self { backlog, bytes: BytesMut::new(), begins: Vec::new() }
    }

    /// Adds a frame; true: the chunk is full.
    pub(super) fn add(&mut self, frame: &str, rev: Rev) -> bool {
        if !frame.is_empty() {
            self.begins.push((rev, self.bytes.len()));
            put_text(&mut self.bytes, frame);
        }
        self.bytes.len() >= FULL
    }

    /// Returns a frame that is not gathered, counted in the same way.
    pub(super) fn apart(&self, frames: Frames) -> Frames {
        if frames.is_empty() {
            return frames;
        }
        Frames { bytes: self.backlog.chunk(frames.bytes), shared: true, ..frames }
    }

    /// Takes all frames; None: there are none.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        if self.begins.is_empty() {
            return None;
        }
        let begins = std::mem::take(&mut self.begins);
        // Not `split`: the memory of a large chunk is not kept for small ones.
        let bytes = self.backlog.chunk(std::mem::take(&mut self.bytes).freeze());
        Some(Chunk { all: Frames { bytes, count: begins.len(), shared: true }, begins })
    }
}

impl Chunk {
    /// Returns the frames of later revs than this one, which are usually all.
    pub(super) fn after(&self, rev: Rev) -> Cow<'_, Frames> {
        let seen = self.begins.partition_point(|(of, _)| *of <= rev);
        match self.begins.get(seen) {
            Some((_, 0)) => Cow::Borrowed(&self.all),
            Some((_, begin)) => Cow::Owned(Frames {
                bytes: self.all.bytes.slice(begin..),
                count: self.begins.len() - seen,
                shared: true,
            }),
            None => Cow::Owned(Frames::default()),
        }
    }

    /// Returns the number of frames, for the statistics.
    #[expect(clippy::cast_precision_loss, reason = "a chunk is bounded")]
    pub(super) fn len(&self) -> f64 {
        self.begins.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::payloads;
    use super::*;

    #[test]
    fn a_listener_receives_only_what_it_has_not_seen() {
        let mut gathered = Gathered::new(Backlog::new(100));
        assert!(gathered.take().is_none());
        for (rev, frame) in [(3, "a"), (4, "b"), (4, "c"), (6, "d")] {
            assert!(!gathered.add(frame, Rev(rev)));
        }
        assert!(!gathered.add("", Rev(6)), "an empty frame is none");
        let chunk = gathered.take().unwrap();
        for (rev, frames) in
            [(0, "abcd"), (2, "abcd"), (3, "bcd"), (4, "d"), (5, "d"), (6, ""), (9, "")]
        {
            let part = chunk.after(Rev(rev)).into_owned();
            assert_eq!(
                (payloads(part.bytes).concat().as_str(), part.count),
                (frames, frames.len())
            );
        }
        assert!(gathered.take().is_none());
    }

    #[test]
    fn a_large_chunk_is_full() {
        assert!(Gathered::new(Backlog::new(100)).add(&"x".repeat(FULL), Rev(1)));
    }
}
