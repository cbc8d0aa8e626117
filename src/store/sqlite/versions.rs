//! Versions of rooms: what was read of a room is current as long as its version is the same.
//!
//! The writer changes the versions of all rooms that a transaction changes, with its commit and
//! before anybody is told of it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::counters::Touch;
use crate::model::RoomId;
use crate::store::Version;

/// Number of counters for rooms. Rooms that share one have a new version more often than needed.
const COUNTERS: usize = 1_024;

/// The versions of all rooms. A counter is odd while a transaction that concerns it is committed.
pub(super) struct Versions {
    rooms: [AtomicU64; COUNTERS],
    /// Part of the version of each room.
    all: AtomicU64,
}

/// The rooms that a transaction changes.
#[derive(Default)]
pub(super) struct Touched {
    rooms: Vec<RoomId>,
    all: bool,
}

/// Versions being changed; the new ones are in force when it is dropped.
pub(super) struct Changing<'v> {
    versions: &'v Versions,
    touched: &'v Touched,
}

impl Default for Versions {
    fn default() -> Self {
        Self { rooms: [const { AtomicU64::new(0) }; COUNTERS], all: AtomicU64::new(0) }
    }
}

impl Touched {
    /// Adds the rooms that an operation changes.
    pub(super) fn add(&mut self, touch: Touch) {
        match touch {
            Touch::Nothing | Touch::Marks => {}
            Touch::Counters(room) | Touch::Room(room) => {
                if self.rooms.last() != Some(&room) {
                    self.rooms.push(room);
                }
            }
            Touch::Much => self.all = true,
        }
    }
}

impl Versions {
    /// Returns the version of a room; None while a change of it is committed. MUST be taken before
    /// the reads that it stands for: then they may be newer than it, but never older.
    pub(super) fn of(&self, room: RoomId) -> Option<Version> {
        let counters =
            [self.counter(room), &self.all].map(|counter| counter.load(Ordering::SeqCst));
        counters.iter().all(|count| count.is_multiple_of(2)).then_some(Version(counters))
    }

    /// Begins a commit: from now on these rooms have no version.
    pub(super) fn change<'v>(&'v self, touched: &'v Touched) -> Changing<'v> {
        let changing = Changing { versions: self, touched };
        for counter in changing.counters() {
            counter.fetch_or(1, Ordering::SeqCst);
        }
        changing
    }

    fn counter(&self, room: RoomId) -> &AtomicU64 {
        let at = room.0.unsigned_abs() % COUNTERS as u64;
        &self.rooms[usize::try_from(at).unwrap_or(0)]
    }
}

impl Changing<'_> {
    fn counters(&self) -> impl Iterator<Item = &AtomicU64> {
        let rooms = self.touched.rooms.iter().map(|room| self.versions.counter(*room));
        rooms.chain(self.touched.all.then_some(&self.versions.all))
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        for counter in self.counters() {
            let count = counter.load(Ordering::SeqCst);
            // Rooms may share a counter.
            if !count.is_multiple_of(2) {
                counter.store(count + 1, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(versions: &Versions, operations: &[Touch], meanwhile: impl FnOnce()) {
        let mut touched = Touched::default();
        for touch in operations {
            touched.add(*touch);
        }
        let changing = versions.change(&touched);
        meanwhile();
        drop(changing);
    }

    #[test]
    fn a_commit_changes_the_versions_of_its_rooms_and_leaves_them_without_one_meanwhile() {
        let versions = Versions::default();
        let [one, two] = [RoomId(1), RoomId(2)];
        // Shares a counter with the first.
        let far = RoomId(1 + i64::try_from(COUNTERS).unwrap());
        let before = [one, two].map(|room| versions.of(room).unwrap());
        commit(&versions, &[Touch::Counters(one), Touch::Room(far), Touch::Counters(one)], || {
            assert_eq!([one, two].map(|room| versions.of(room)), [None, Some(before[1])]);
        });
        let after = [one, two].map(|room| versions.of(room).unwrap());
        assert!(after[0] != before[0] && after[1] == before[1]);
        commit(&versions, &[Touch::Room(two), Touch::Much], || {
            assert_eq!([one, two].map(|room| versions.of(room)), [None, None]);
        });
        assert!([one, two].iter().zip(after).all(|(room, then)| versions.of(*room) != Some(then)));
        let now = versions.of(one);
        commit(&versions, &[Touch::Nothing, Touch::Marks], || assert_eq!(versions.of(one), now));
        assert_eq!(versions.of(one), now);
    }
}
