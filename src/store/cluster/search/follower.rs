//! The rooms of the cluster as the source of an index.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rusqlite::Result;
use tokio::runtime::Handle;

use super::pointers::Pointers;
use crate::model::{Rev, RoomId, Timestamp};
use crate::store::StoreError;
use crate::store::cluster::{Cluster, Inner, rooms};
use crate::store::sqlite::search::places::{self, Heard, TABLES};
use crate::store::sqlite::search::{Followed, Index, Source};

/// Rooms per transaction of the index.
const ROOMS: usize = 64;
/// Rooms that are compared together.
const COMPARED: u32 = 500;
/// Interval between comparisons of all rooms.
const COMPARE_EVERY: Duration = Duration::from_mins(5);
/// The interval is at least this many times as long as a comparison, which reads a row of each room.
const COMPARE_RARELY: u32 = 20;

/// Time until what could not be read is read again.
const RETRY: Duration = Duration::from_secs(5);
/// Minimum time between two comparisons.
const PAUSE: Duration = Duration::from_secs(30);

/// Follows the logs of all rooms.
pub(super) struct Follower {
    engine: Weak<Inner>,
    pointers: Arc<Pointers>,
    runtime: Handle,
    /// Rooms of which more changes are known to wait.
    left: Vec<RoomId>,
    /// The newest revs of those that wait, as far as they are known.
    newest: HashMap<RoomId, Rev>,
    /// Rooms that could not be read, and when to try again.
    later: (Vec<RoomId>, Instant),
    comparison: Comparison,
    /// Whether it was logged that rooms cannot be read.
    waiting: bool,
}

/// A walk over all rooms that compares revs.
enum Comparison {
    /// It goes on at this place, and began then.
    Running(Option<Vec<u8>>, Instant),
    /// The next one is due then; if pointers were lost, at the second time.
    Due(Instant, Instant),
}

impl Comparison {
    fn now() -> Self {
        Self::Running(None, Instant::now())
    }
}

impl Follower {
    pub(super) fn new(engine: Weak<Inner>, pointers: Arc<Pointers>, runtime: Handle) -> Self {
        Self {
            engine,
            pointers,
            runtime,
            left: Vec::new(),
            newest: HashMap::new(),
            later: (Vec::new(), Instant::now()),
            comparison: Comparison::now(),
            waiting: false,
        }
    }

    /// Reads the next rooms and adds their texts to the index.
    fn step(&mut self, at: &Cluster, index: &mut Index, pause: &dyn Fn()) -> Result<Followed> {
        if self.later.1 <= Instant::now() {
            self.left.append(&mut self.later.0);
        }
        // Those that moved on just now come before the end of a long comparison.
        if self.left.len() < ROOMS / 2 {
            self.compare(at, index)?;
        }
        let noted = self.pointers.take(ROOMS / 2);
        let others = noted.len() == ROOMS / 2;
        for (room, rev) in noted {
            let behind = index.progress(room)?.is_none_or(|known| known.rev < rev);
            if behind {
                self.wants(room, rev);
            }
        }
        let lag = self.lag(index)?;
        self.pointers.left(lag);
        let next = self.left.split_off(self.left.len().saturating_sub(ROOMS));
        let heard = self.read(at, index, next)?;
        self.left.extend(index.hear(&heard, pause)?);
        let lag = self.lag(index)?;
        self.pointers.left(lag);
        Ok(Followed {
            added: heard.iter().map(|heard| heard.said.len()).sum(),
            newest: 0,
            more: others
                || !self.left.is_empty()
                || matches!(self.comparison, Comparison::Running(..)),
        })
    }

    /// A room has this rev, which the index does not know.
    fn wants(&mut self, room: RoomId, rev: Rev) {
        // A rev that is not known is the highest one.
        if rev < Rev(i64::MAX) {
            self.newest.insert(room, rev);
        }
        if !self.left.contains(&room) {
            self.left.push(room);
        }
    }

    /// Changes of rooms that wait; at least one for each.
    fn lag(&mut self, index: &Index) -> Result<u64> {
        let mut lag = 0;
        let mut newest = HashMap::new();
        for room in self.left.iter().chain(&self.later.0) {
            let known = index.progress(*room)?.unwrap_or_default().rev;
            let rev = self.newest.get(room).copied().unwrap_or_default();
            lag += u64::try_from(rev.0 - known.0).unwrap_or(0).max(1);
            newest.insert(*room, rev);
        }
        self.newest = newest;
        Ok(lag)
    }

    /// Reads the next texts of these rooms. One that cannot be read does not hold up the others.
    fn read(&mut self, at: &Cluster, index: &Index, rooms: Vec<RoomId>) -> Result<Vec<Heard>> {
        let progress = |room| Ok((room, index.progress(room)?.unwrap_or_default()));
        let known = rooms.into_iter().map(progress).collect::<Result<Vec<_>>>()?;
        let mut heard = Vec::new();
        for (room, texts) in self.runtime.block_on(rooms::texts(at, known)) {
            match texts {
                Ok(Some(texts)) => {
                    self.waiting = false;
                    if texts.more {
                        self.left.push(room);
                    }
                    heard.push(texts.heard);
                }
                Ok(None) => self.waiting = false,
                Err(error) => {
                    self.wait(&error);
                    self.later.0.push(room);
                    self.later.1 = Instant::now() + RETRY;
                }
            }
        }
        Ok(heard)
    }

    fn wait(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.waiting, true) {
            tracing::warn!(store.error = %error, "The search index waits for the database");
        }
    }

    /// Compares a page of all rooms, if a comparison is running or due.
    fn compare(&mut self, at: &Cluster, index: &Index) -> Result<()> {
        if let Comparison::Due(due, earliest) = self.comparison {
            let now = Instant::now();
            if due <= now || (earliest <= now && self.pointers.lost()) {
                self.comparison = Comparison::now();
            }
        }
        let Comparison::Running(from, began) = &mut self.comparison else { return Ok(()) };
        let page = match self.runtime.block_on(rooms::all_revs(at, from.as_deref(), COMPARED)) {
            Ok(page) => page,
            Err(error) => {
                // It begins anew: the place may be what cannot be read.
                let retry = Instant::now() + RETRY;
                self.comparison = Comparison::Due(retry, retry);
                self.wait(&error);
                return Ok(());
            }
        };
        let mut found = Vec::new();
        for (room, rev) in page.rooms {
            let known = index.progress(room)?;
            let behind = match (rev, known) {
                (Some(rev), Some(known)) => known.rev < rev,
                (Some(_), None) | (None, Some(_)) => true,
                (None, None) => false,
            };
            if behind {
                found.push((room, rev.unwrap_or_default()));
            }
        }
        if let Some(next) = page.next {
            *from = Some(next);
        } else {
            let (now, lasted) = (Instant::now(), began.elapsed() * COMPARE_RARELY);
            let due = (now + COMPARE_EVERY.max(lasted), now + PAUSE.max(lasted));
            self.comparison = Comparison::Due(due.0, due.1);
        }
        for (room, rev) in found {
            self.wants(room, rev);
        }
        Ok(())
    }
}

impl Source for Follower {
    const TABLES: &'static str = TABLES;

    fn row_at(time: Timestamp) -> i64 {
        places::row_at(time)
    }

    fn connect(&mut self) -> Result<i64> {
        Ok(0)
    }

    fn disconnect(&mut self) {
        // What was being read is found again.
        self.left.clear();
        self.newest.clear();
        self.later.0.clear();
        self.comparison = Comparison::now();
    }

    fn follow(&mut self, index: &mut Index, pause: &dyn Fn()) -> Result<Option<Followed>> {
        let Some(engine) = self.engine.upgrade() else { return Ok(Some(Followed::default())) };
        let at = Cluster(engine, None);
        self.step(&at, index, pause).map(Some)
    }
}
