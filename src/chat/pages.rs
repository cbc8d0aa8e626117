//! Encoded pages of history in memory, each for one version of its room.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::model::{Rev, RoomId, UserId, Window};
use crate::store::Version;

/// When the rooms read lately have this many bytes, the others are forgotten; so there are at most
/// about twice as many.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Longer pages are not kept.
const MAX_PAGE: usize = 256 * 1024;
/// Maximum number of pages of a room.
const MAX_PAGES: usize = 8;
/// Approximate size of a room without its pages.
const ROOM_BYTES: usize = 256;
/// Approximate size of a reader.
const READER_BYTES: usize = 16;

/// What distinguishes the pages of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageKey {
    /// Name of the dialect in whose encoding it is.
    pub(super) dialect: &'static str,
    /// Selected messages.
    pub(super) window: Window,
    /// Maximum number of messages.
    pub(super) limit: u32,
}

/// An encoded page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Rev of the facts of its room.
    pub(super) facts_rev: Rev,
    /// The encoding.
    pub(super) body: Bytes,
}

/// Pages read lately.
#[derive(Default)]
pub(super) struct Pages(Mutex<Kept>);

/// Two generations: what was read lately, and what was read before.
#[derive(Default)]
struct Kept {
    recent: HashMap<RoomId, RoomPages>,
    earlier: HashMap<RoomId, RoomPages>,
    /// Bytes of `recent`.
    bytes: usize,
}

/// What is known of a room at one version.
struct RoomPages {
    version: Version,
    facts_rev: Rev,
    /// Users who may read at this version.
    readers: HashSet<UserId>,
    pages: Vec<(PageKey, Bytes)>,
}

impl Pages {
    /// Returns a page of this version, and whether the user is known to be allowed to read it.
    pub(super) fn find(
        &self,
        room: RoomId,
        version: Version,
        key: PageKey,
        user: UserId,
    ) -> Option<(Page, bool)> {
        let mut kept = self.lock();
        let known = kept.room(room).filter(|known| known.version == version)?;
        let (_, body) = known.pages.iter().find(|(other, _)| *other == key)?;
        let page = Page { facts_rev: known.facts_rev, body: body.clone() };
        Some((page, known.readers.contains(&user)))
    }

    /// Keeps a page read at this version, and that this user may read it.
    pub(super) fn keep(
        &self,
        room: RoomId,
        version: Version,
        key: PageKey,
        page: &Page,
        user: UserId,
    ) {
        if page.body.len() > MAX_PAGE {
            return;
        }
        let mut kept = self.lock();
        let mut known =
            kept.take(room).filter(|known| known.version == version).unwrap_or_else(|| RoomPages {
                version,
                facts_rev: page.facts_rev,
                readers: HashSet::new(),
                pages: Vec::new(),
            });
        known.readers.insert(user);
        if !known.pages.iter().any(|(other, _)| *other == key) {
            if known.pages.len() == MAX_PAGES {
                known.pages.remove(0);
            }
            known.pages.push((key, page.body.clone()));
        }
        kept.put(room, known);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Returns a room, which counts as read.
    fn room(&mut self, room: RoomId) -> Option<&RoomPages> {
        if let Some(known) = self.earlier.remove(&room) {
            self.put(room, known);
        }
        self.recent.get(&room)
    }

    fn take(&mut self, room: RoomId) -> Option<RoomPages> {
        match self.recent.remove(&room) {
            Some(known) => {
                self.bytes -= known.bytes();
                Some(known)
            }
            None => self.earlier.remove(&room),
        }
    }

    fn put(&mut self, room: RoomId, known: RoomPages) {
        if self.bytes >= MAX_BYTES {
            self.earlier = std::mem::take(&mut self.recent);
            self.bytes = 0;
        }
        self.bytes += known.bytes();
        self.recent.insert(room, known);
    }
}

impl RoomPages {
    fn bytes(&self) -> usize {
        let pages: usize = self.pages.iter().map(|(_, body)| body.len()).sum();
        ROOM_BYTES + pages + self.readers.len() * READER_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: PageKey = PageKey { dialect: "v1", window: Window::Latest, limit: 50 };
    const VERSION: Version = Version::TEST;
    const ANN: UserId = UserId(1);

    fn page(length: usize) -> Page {
        Page { facts_rev: Rev(1), body: Bytes::from(vec![b'x'; length]) }
    }

    /// Returns all bytes that are kept.
    fn total(pages: &Pages) -> usize {
        let kept = pages.lock();
        let recent: usize = kept.recent.values().map(RoomPages::bytes).sum();
        assert_eq!(recent, kept.bytes);
        recent + kept.earlier.values().map(RoomPages::bytes).sum::<usize>()
    }

    #[test]
    fn any_number_of_rooms_takes_a_limited_number_of_bytes_and_those_in_use_stay() {
        let (pages, length) = (Pages::default(), 100_000);
        for number in 1..=1_000 {
            pages.keep(RoomId(number), VERSION, KEY, &page(length), ANN);
            assert!(total(&pages) <= 2 * (MAX_BYTES + ROOM_BYTES + READER_BYTES + length));
            assert_eq!(pages.find(RoomId(1), VERSION, KEY, ANN), Some((page(length), true)));
        }
        assert_eq!(pages.find(RoomId(2), VERSION, KEY, ANN), None);
        let much = page(MAX_PAGE + 1);
        pages.keep(RoomId(1_001), VERSION, KEY, &much, ANN);
        assert_eq!(pages.find(RoomId(1_001), VERSION, KEY, ANN), None);
    }

    #[test]
    fn a_room_has_a_limited_number_of_pages() {
        let pages = Pages::default();
        let key = |limit| PageKey { limit, ..KEY };
        let many = u32::try_from(MAX_PAGES).unwrap() + 1;
        for limit in 1..=many {
            pages.keep(RoomId(1), VERSION, key(limit), &page(10), ANN);
        }
        let known =
            (1..=many).map(|limit| pages.find(RoomId(1), VERSION, key(limit), ANN).is_some());
        assert_eq!(known.filter(|known| *known).count(), MAX_PAGES);
        assert_eq!(pages.find(RoomId(1), VERSION, key(1), ANN), None, "the oldest is gone");
        assert_eq!(total(&pages), ROOM_BYTES + READER_BYTES + 10 * MAX_PAGES);
    }
}
