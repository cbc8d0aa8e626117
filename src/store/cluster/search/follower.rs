//! The rooms of the cluster as the source of an index.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rusqlite::Result;
use tokio::runtime::Handle;

use super::pointers::Pointers;
use crate::model::RoomId;
use crate::store::StoreError;
use crate::store::cluster::{Cluster, Inner, rooms};
use crate::store::sqlite::search::places::{Heard, Progress, TABLES};
use crate::store::sqlite::search::{Followed, Index, Source};

/// Rooms per transaction of the index.
const ROOMS: usize = 64;
/// Rooms that are compared together.
const COMPARED: u32 = 500;
/// Interval between comparisons of all rooms.
const COMPARE_EVERY: Duration = Duration::from_mins(5);
/// The interval is at least this many times as long as a comparison, which reads a row of each room.
const COMPARE_RARELY: u32 = 20;

/// Follows the logs of all rooms.
pub(super) struct Follower {
    engine: Weak<Inner>,
    pointers: Arc<Pointers>,
    runtime: Handle,
    /// Rooms of which more changes are known to wait.
    left: Vec<RoomId>,
    comparison: Comparison,
    /// Whether the last attempt failed.
    waiting: bool,
}

/// Why a step failed.
enum Trouble {
    /// The index cannot be used.
    Index(rusqlite::Error),
    /// The rooms cannot be read now.
    Rooms(StoreError),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Index(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Rooms(error)
    }
}

/// A walk over all rooms that compares revs.
enum Comparison {
    /// It goes on at this place, and began then.
    Running(Option<Vec<u8>>, Instant),
    /// The next one is due then.
    Due(Instant),
}

impl Comparison {
    fn now() -> Self {
        Self::Running(None, Instant::now())
    }
}

impl Follower {
    pub(super) fn new(engine: Weak<Inner>, pointers: Arc<Pointers>, runtime: Handle) -> Self {
        let (left, comparison) = (Vec::new(), Comparison::now());
        Self { engine, pointers, runtime, left, comparison, waiting: false }
    }

    /// Reads the next rooms and adds their texts to the index.
    fn step(
        &mut self,
        at: &Cluster,
        index: &mut Index,
        pause: &dyn Fn(),
    ) -> std::result::Result<Followed, Trouble> {
        // Those that moved on just now come before the end of a long comparison.
        if self.left.len() < ROOMS / 2 {
            self.compare(at, index)?;
        }
        let noted = self.pointers.take(ROOMS / 2);
        let others = noted.len() == ROOMS / 2;
        for (room, rev) in noted {
            let behind = index.progress(room)?.is_none_or(|known| known.rev < rev);
            if behind && !self.left.contains(&room) {
                self.left.push(room);
            }
        }
        let place = self.left.len().saturating_sub(ROOMS);
        let next = self.left.get(place..).unwrap_or_default();
        let progress = |room: &RoomId| Ok((*room, index.progress(*room)?.unwrap_or_default()));
        let next = next.iter().map(progress).collect::<Result<Vec<_>>>()?;
        let read = self.runtime.block_on(rooms::texts(at, next))?;
        self.left.truncate(place);
        self.left.extend(read.iter().filter(|part| part.more).map(|part| part.heard.room));
        let heard: Vec<Heard> = read.into_iter().map(|part| part.heard).collect();
        self.left.extend(index.hear(&heard, pause)?);
        Ok(Followed {
            added: heard.iter().map(|heard| heard.said.len()).sum(),
            newest: 0,
            more: others
                || !self.left.is_empty()
                || matches!(self.comparison, Comparison::Running(..)),
        })
    }

    /// Compares a page of all rooms, if a comparison is running or due.
    fn compare(&mut self, at: &Cluster, index: &Index) -> std::result::Result<(), Trouble> {
        let due = matches!(self.comparison, Comparison::Due(due) if due <= Instant::now());
        if self.pointers.lost() || due {
            self.comparison = Comparison::now();
        }
        let Comparison::Running(from, began) = &mut self.comparison else { return Ok(()) };
        let page = self.runtime.block_on(rooms::all_revs(at, from.as_deref(), COMPARED))?;
        for (room, rev) in page.rooms {
            let known = index.progress(room)?;
            let behind = match (rev, known) {
                (Some(rev), Some(known)) => known.rev < rev,
                (Some(_), None) | (None, Some(_)) => true,
                (None, None) => false,
            };
            if behind && !self.left.contains(&room) {
                self.left.push(room);
            }
        }
        if let Some(next) = page.next {
            *from = Some(next);
        } else {
            let interval = COMPARE_EVERY.max(began.elapsed() * COMPARE_RARELY);
            self.comparison = Comparison::Due(Instant::now() + interval);
        }
        Ok(())
    }
}

impl Source for Follower {
    const TABLES: &'static str = TABLES;

    fn connect(&mut self) -> Result<i64> {
        Ok(0)
    }

    fn disconnect(&mut self) {
        // What was being read is found again.
        self.left.clear();
        self.comparison = Comparison::now();
    }

    fn follow(&mut self, index: &mut Index, pause: &dyn Fn()) -> Result<Option<Followed>> {
        let Some(engine) = self.engine.upgrade() else { return Ok(Some(Followed::default())) };
        let at = Cluster(engine, None);
        match self.step(&at, index, pause) {
            Ok(followed) => {
                self.waiting = false;
                Ok(Some(followed))
            }
            // The next pass goes on here.
            Err(Trouble::Rooms(error)) => {
                if !std::mem::replace(&mut self.waiting, true) {
                    tracing::warn!(store.error = %error, "The search index waits for the database");
                }
                Ok(Some(Followed::default()))
            }
            Err(Trouble::Index(error)) => Err(error),
        }
    }
}
