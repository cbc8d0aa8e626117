//! Rooms that have moved on since the index followed them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Rev, RoomId};

/// Beyond this number of rooms no more are noted: all rooms are compared instead.
const MANY: usize = 100_000;

/// Rooms with their newest rev, as far as this server knows.
#[derive(Default)]
pub(super) struct Pointers {
    noted: Mutex<Noted>,
    /// Changes of rooms that were taken and are not in the index.
    taken: AtomicU64,
}

#[derive(Default)]
struct Noted {
    rooms: HashMap<RoomId, Rev>,
    lost: bool,
}

impl Pointers {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a room; false if the same was noted before.
    pub(super) fn add(&self, room: RoomId, rev: Rev) -> bool {
        let mut noted = self.lock();
        if noted.rooms.len() >= MANY && !noted.rooms.contains_key(&room) {
            return !std::mem::replace(&mut noted.lost, true);
        }
        let known = noted.rooms.entry(room).or_default();
        let newer = *known < rev;
        *known = rev.max(*known);
        newer
    }

    /// Notes that rooms may have moved on which are not known.
    pub(super) fn lose(&self) -> bool {
        !std::mem::replace(&mut self.lock().lost, true)
    }

    /// Takes up to `count` rooms.
    pub(super) fn take(&self, count: usize) -> Vec<(RoomId, Rev)> {
        let mut noted = self.lock();
        let rooms: Vec<RoomId> = noted.rooms.keys().take(count).copied().collect();
        rooms.into_iter().filter_map(|room| noted.rooms.remove_entry(&room)).collect()
    }

    /// Notes how many changes of rooms that were taken are not in the index.
    pub(super) fn left(&self, changes: u64) {
        self.taken.store(changes, Ordering::Relaxed);
    }

    /// Returns the number of changes that are known not to be in the index; rooms that were not
    /// looked at yet count as one.
    pub(super) fn lag(&self) -> u64 {
        self.taken.load(Ordering::Relaxed) + self.lock().rooms.len() as u64
    }

    /// Returns, once, whether rooms were not noted.
    pub(super) fn lost(&self) -> bool {
        std::mem::take(&mut self.lock().lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rev_of_a_room_is_noted_once() {
        let pointers = Pointers::default();
        assert!(pointers.add(RoomId(1), Rev(3)));
        assert!(!pointers.add(RoomId(1), Rev(3)));
        assert!(!pointers.add(RoomId(1), Rev(2)));
        assert!(pointers.add(RoomId(1), Rev(4)));
        pointers.left(5);
        assert_eq!(pointers.lag(), 6);
        assert_eq!(pointers.take(10), [(RoomId(1), Rev(4))]);
        assert_eq!(pointers.lag(), 5);
        assert!(pointers.take(10).is_empty());
        assert!(!pointers.lost());
    }

    #[test]
    fn more_rooms_than_fit_are_compared_instead() {
        let pointers = Pointers::default();
        let rooms = i64::try_from(MANY).unwrap() + 2;
        for room in 0..rooms {
            pointers.add(RoomId(room), Rev(1));
        }
        assert_eq!((pointers.take(usize::MAX).len(), pointers.lost()), (MANY, true));
        assert!(!pointers.lost(), "told once");
    }
}
