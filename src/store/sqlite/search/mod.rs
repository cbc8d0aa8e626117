//! Full-text search: an index in a separate file, fed by a separate thread, so that posting never
//! waits for it.
//!
//! `index` is the file; `feeder` the thread that follows the messages of a `source`, which for this
//! engine are its `rows`. The index can always be rebuilt from the messages, so it is never synced,
//! never backed up, and discarded when in doubt.

mod feeder;
mod index;
mod index_state;
mod order;
pub(in crate::store) mod places;
mod rows;
mod source;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use futures_util::future::BoxFuture;

use self::rows::MessageRows;
use super::error::Cause;
use super::readers::Readers;
use super::{Sqlite, messages};
use crate::model::{Message, MessageId, MessageQuery, RoomId, Timestamp};
use crate::store::{Found, Missing, StoreError};

pub(in crate::store) use index::Index;
pub(super) use index::discard;
pub use index_state::Glance;
pub(super) use index_state::index_state;
pub(in crate::store) use source::{Followed, Source};

#[cfg(test)]
pub(super) use rows::STATEMENTS;

/// Number of connections for searching.
const READERS: u32 = 2;

/// The index looks each room up: from this number on it is usually faster to search all rooms and
/// to omit those that were not asked for.
const MANY_ROOMS: usize = 16;
/// Polling interval of [`Search::purge`].
const PURGING: Duration = Duration::from_millis(20);
/// How far behind its time the row of a message is at most expected.
const OVERFLOW: Duration = Duration::from_hours(1);
/// Number of pages of such a search until rooms are looked up after all.
const PAGES_OF_ALL: usize = 8;

/// Search in one database.
pub(in crate::store) struct Search {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// State shared by the thread and searches.
struct Shared {
    path: PathBuf,
    /// None while there is no index.
    readers: Mutex<Option<Readers>>,
    /// Acknowledged messages may be missing in the index for longer than usual.
    behind: AtomicBool,
    damaged: AtomicBool,
    /// How often the index was discarded.
    thrown_away: AtomicU64,
    /// Returns the newest message in it.
    fed: AtomicI64,
    /// Number of requested removals of the words of deleted messages, and how many are done.
    purges: [AtomicU64; 2],
    stop: AtomicBool,
    /// The lowest row of a time ([`Source::row_at`]).
    row_at: fn(Timestamp) -> i64,
    /// Whether something was committed since the last pass of the thread.
    news: Arc<AtomicBool>,
    /// Whether the messages have more urgent work.
    busy: Busy,
}

/// Tells whether the messages have more urgent work, to which the thread gives way.
pub(in crate::store) type Busy = Box<dyn Fn() -> bool + Send + Sync>;

/// Messages that are being read, with their rows.
pub(in crate::store) type Reading<'r> = BoxFuture<'r, Result<Vec<(i64, Message)>, StoreError>>;

/// Notifies the feeder of commits; costs next to nothing if it has been notified already.
#[derive(Clone)]
pub(in crate::store) struct Waker {
    news: Arc<AtomicBool>,
    thread: Thread,
}

impl Waker {
    pub(in crate::store) fn wake(&self) {
        if !self.news.swap(true, Ordering::AcqRel) {
            self.thread.unpark();
        }
    }
}

impl Search {
    /// Opens or creates the index of a database and starts to feed it.
    pub(super) fn of_database(database: &Path, epoch: &str, busy: Busy) -> std::io::Result<Self> {
        let rows = MessageRows::of(database.to_owned());
        Self::start(database.with_file_name("search.db"), epoch, rows, busy)
    }

    /// Opens or creates an index and starts to feed it. Failures are logged and retried later: the
    /// chat runs without an index.
    pub(in crate::store) fn start<S: Source>(
        path: PathBuf,
        epoch: &str,
        source: S,
        busy: Busy,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            path,
            readers: Mutex::new(None),
            behind: AtomicBool::new(true),
            damaged: AtomicBool::new(false),
            thrown_away: AtomicU64::new(0),
            fed: AtomicI64::new(0),
            purges: Default::default(),
            stop: AtomicBool::new(false),
            row_at: S::row_at,
            news: Arc::new(AtomicBool::new(true)),
            busy,
        });
        let feeder = feeder::Feeder::new(Arc::clone(&shared), source, epoch.to_owned());
        let thread = std::thread::Builder::new()
            .name("store-search".to_owned())
            .spawn(move || feeder.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Returns the waker for the writer; None once the search is closed.
    pub(in crate::store) fn waker(&self) -> Option<Waker> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().map(|thread| Waker {
            news: Arc::clone(&self.shared.news),
            thread: thread.thread().clone(),
        })
    }

    /// Returns matching rows among these in these rooms (None: in all), newest first.
    pub(super) async fn find(
        &self,
        rooms: Option<&[RoomId]>,
        query: &MessageQuery,
        rows: Range<i64>,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let readers = self.shared.readers().clone().ok_or_else(|| Cause::Search.count())?;
        let wanted = index::wanted(rooms, query);
        let shared = Arc::clone(&self.shared);
        let found = readers.read_expensive(move |conn| {
            index::find(conn, &wanted, rows.clone(), limit).map_err(|error| {
                if index::is_damage(&error) {
                    shared.damaged.store(true, Ordering::Release);
                    shared.news.store(true, Ordering::Release);
                }
                error.into()
            })
        });
        found.await
    }

    /// Finds matching rows in the index and reads their current messages until the page is full.
    /// `read` returns the messages of rows in the same order, without missing and deleted ones.
    pub(in crate::store) async fn page<'r>(
        &self,
        rooms: &[RoomId],
        query: &MessageQuery,
        after: Option<&str>,
        limit: u32,
        read: &(dyn Fn(Vec<i64>) -> Reading<'r> + Sync),
    ) -> Result<Found, StoreError> {
        let mut below = after
            .map_or(Ok(i64::MAX), |cursor| i64::from_str_radix(cursor, 16))
            .map_err(|_| StoreError::NotFound(Missing::Cursor))?;
        // Rows follow the time, but more messages of a moment than it has rows go on behind it.
        let until = query.until.map(|until| (self.shared.row_at)(until.plus(OVERFLOW)));
        below = below.min(until.unwrap_or(i64::MAX));
        let first = query.since.map_or(i64::MIN, |since| (self.shared.row_at)(since));
        let wanted = limit as usize + 1;
        let mut found: Vec<(i64, Message)> = Vec::new();
        let by_room = rooms.len() < MANY_ROOMS || !query.is_narrow();
        let mut pages_of_all = if by_room { 0 } else { PAGES_OF_ALL };
        while found.len() < wanted && !rooms.is_empty() {
            let listed = (pages_of_all == 0).then_some(rooms);
            pages_of_all = pages_of_all.saturating_sub(1);
            let rows = self.find(listed, query, first..below, limit + 1).await?;
            let Some(last) = rows.last().copied() else { break };
            let more = rows.len() > limit as usize;
            // Other rooms may have been searched, and the index may be slightly older than the
            // messages.
            let current = read(rows).await?.into_iter();
            found.extend(
                current.filter(|(_, message)| rooms.contains(&message.room) && query.fits(message)),
            );
            if !more {
                break;
            }
            below = last;
        }
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let cursor = found.last().filter(|_| more).map(|(row, _)| format!("{row:x}"));
        Ok(Found {
            messages: found.into_iter().map(|(_, message)| message).collect(),
            cursor,
            behind: self.behind(),
        })
    }

    /// Returns the messages of these rows in the database of this engine, each with its row, in the
    /// order of the rows.
    async fn messages(&self, rows: Vec<i64>) -> Result<Vec<(i64, i64)>, StoreError> {
        let readers = self.shared.readers().clone().ok_or_else(|| Cause::Search.count())?;
        readers.read(move |conn| Ok(order::messages(conn, &rows)?)).await
    }

    /// Returns which messages these rows are, in an index with [places].
    pub(in crate::store) async fn places(
        &self,
        rows: Vec<i64>,
    ) -> Result<Vec<(i64, MessageId)>, StoreError> {
        let readers = self.shared.readers().clone().ok_or_else(|| Cause::Search.count())?;
        readers.read(move |conn| Ok(places::messages(conn, &rows)?)).await
    }

    /// Returns the number of rooms in an index with [places]; 0 while there is no index.
    pub(in crate::store) async fn followed_rooms(&self) -> u64 {
        let Some(readers) = self.shared.readers().clone() else { return 0 };
        readers.read(|conn| Ok(places::rooms(conn)?)).await.unwrap_or(0)
    }

    /// Returns whether acknowledged messages may be missing for longer than usual.
    pub(in crate::store) fn behind(&self) -> bool {
        self.shared.behind.load(Ordering::Acquire)
    }

    /// Triggers a rebuild of the index.
    pub(in crate::store) fn throw_away(&self) {
        self.shared.damaged.store(true, Ordering::Release);
        if let Some(waker) = self.waker() {
            waker.wake();
        }
    }

    /// Removes the words of messages that are deleted by now from the file of the index, or discards
    /// the index if that fails. Returns early if the search is closed.
    pub(in crate::store) async fn purge(&self) {
        let [wanted, done] = &self.shared.purges;
        let mine = wanted.fetch_add(1, Ordering::AcqRel) + 1;
        while done.load(Ordering::Acquire) < mine && !self.shared.stop.load(Ordering::Acquire) {
            let Some(waker) = self.waker() else { return };
            waker.wake();
            tokio::time::sleep(PURGING).await;
        }
    }

    /// Returns how often it was discarded.
    pub(in crate::store) fn thrown_away(&self) -> u64 {
        self.shared.thrown_away.load(Ordering::Acquire)
    }

    /// Returns the newest message in it.
    pub(super) fn fed(&self) -> i64 {
        self.shared.fed.load(Ordering::Acquire)
    }

    /// Lets the thread end without waiting for it.
    pub(in crate::store) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.thread().unpark();
        }
    }

    /// Ends the thread; missing messages are added at the next start. Blocks.
    pub(in crate::store) fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("The search thread failed");
            }
        }
    }
}

impl Sqlite {
    /// Returns a page of matching messages.
    pub(super) async fn search(
        &self,
        rooms: &[RoomId],
        query: &MessageQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Found, StoreError> {
        let read = |rows: Vec<i64>| -> Reading<'_> {
            Box::pin(async move {
                let of = self.0.search.messages(rows).await?;
                let ids: Vec<i64> = of.iter().map(|(_, id)| *id).collect();
                let found = self.read(move |conn| Ok(messages::by_rows(conn, &ids)?)).await?;
                let rows: HashMap<i64, i64> = of.into_iter().map(|(row, id)| (id, row)).collect();
                Ok(found
                    .into_iter()
                    .filter_map(|(id, said)| Some((*rows.get(&id)?, said)))
                    .collect())
            })
        };
        self.0.search.page(rooms, query, after, limit, &read).await
    }
}

impl Shared {
    fn readers(&self) -> std::sync::MutexGuard<'_, Option<Readers>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
