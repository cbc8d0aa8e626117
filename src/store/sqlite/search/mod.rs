//! Full-text search: an index in a file of its own, fed by a thread of its own, so that sending
//! never waits for it.
//!
//! `index` is the file; `feeder` the thread that follows the messages. The index can always be made
//! again from the messages, so it is never synced, never backed up, and thrown away when in doubt.

mod feeder;
mod index;
mod index_state;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};

use super::error::Cause;
use super::readers::Readers;
use super::{Sqlite, messages};
use crate::model::{Message, RoomId, WordQuery};
use crate::store::{Found, Missing, StoreError};

pub(super) use index::discard;
pub use index_state::Glance;
pub(super) use index_state::index_state;

#[cfg(test)]
pub(super) use feeder::STATEMENTS;

/// Connections that search.
const READERS: u32 = 2;

/// The search of one database.
pub(super) struct Search {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and those who search have in common.
struct Shared {
    path: PathBuf,
    /// None while there is no index.
    readers: Mutex<Option<Readers>>,
    /// Messages that are acknowledged may be missing in the index for longer than usual.
    behind: AtomicBool,
    damaged: AtomicBool,
    /// How often the index was thrown away.
    thrown_away: AtomicU64,
    /// The newest message in it.
    fed: AtomicI64,
    stop: AtomicBool,
    /// Something was committed since the thread last looked.
    news: Arc<AtomicBool>,
}

/// Tells the feeding thread that something was committed; costs next to nothing when it has been
/// told already.
#[derive(Clone)]
pub(super) struct Waker {
    news: Arc<AtomicBool>,
    thread: Thread,
}

impl Waker {
    pub(super) fn wake(&self) {
        if !self.news.swap(true, Ordering::AcqRel) {
            self.thread.unpark();
        }
    }
}

impl Search {
    /// Opens or makes the index beside the database and begins to feed it. A fault is logged and
    /// tried again later: the chat runs without.
    pub(super) fn start(database: &Path, epoch: &str) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            path: database.with_file_name("search.db"),
            readers: Mutex::new(None),
            behind: AtomicBool::new(true),
            damaged: AtomicBool::new(false),
            thrown_away: AtomicU64::new(0),
            fed: AtomicI64::new(0),
            stop: AtomicBool::new(false),
            news: Arc::new(AtomicBool::new(true)),
        });
        let feeder =
            feeder::Feeder::new(Arc::clone(&shared), database.to_owned(), epoch.to_owned());
        let thread = std::thread::Builder::new()
            .name("store-search".to_owned())
            .spawn(move || feeder.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// For the writer. None once the search is closed.
    pub(super) fn waker(&self) -> Option<Waker> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().map(|thread| Waker {
            news: Arc::clone(&self.shared.news),
            thread: thread.thread().clone(),
        })
    }

    /// Rows of messages in these rooms that hold the words, newest first, below that row.
    pub(super) async fn find(
        &self,
        rooms: &[RoomId],
        words: &WordQuery,
        below: i64,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let readers = self.shared.readers().clone().ok_or_else(|| Cause::Search.count())?;
        let wanted = index::wanted(rooms, words);
        let shared = Arc::clone(&self.shared);
        let found = readers.read_dear(move |conn| {
            index::find(conn, &wanted, below, limit).map_err(|error| {
                if index::is_damage(&error) {
                    shared.damaged.store(true, Ordering::Release);
                    shared.news.store(true, Ordering::Release);
                }
                error.into()
            })
        });
        found.await
    }

    /// Whether acknowledged messages may be missing for longer than usual.
    pub(super) fn behind(&self) -> bool {
        self.shared.behind.load(Ordering::Acquire)
    }

    /// Has the index made anew, soon.
    pub(super) fn throw_away(&self) {
        self.shared.damaged.store(true, Ordering::Release);
        if let Some(waker) = self.waker() {
            waker.wake();
        }
    }

    /// How often it was thrown away.
    pub(super) fn thrown_away(&self) -> u64 {
        self.shared.thrown_away.load(Ordering::Acquire)
    }

    /// The newest message in it.
    pub(super) fn fed(&self) -> i64 {
        self.shared.fed.load(Ordering::Acquire)
    }

    /// Ends the thread; what is not in the index yet gets there at the next start. Blocks.
    pub(super) fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("The search's thread did not end well");
            }
        }
    }
}

impl Sqlite {
    /// Asks the index for rows and the messages for what they say now, until the page is full.
    pub(super) async fn search(
        &self,
        rooms: &[RoomId],
        words: &WordQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Found, StoreError> {
        let mut below = after
            .map_or(Ok(i64::MAX), |cursor| i64::from_str_radix(cursor, 16))
            .map_err(|_| StoreError::NotFound(Missing::Cursor))?;
        let wanted = limit as usize + 1;
        let mut found: Vec<(i64, Message)> = Vec::new();
        while found.len() < wanted && !rooms.is_empty() {
            let rows = self.0.search.find(rooms, words, below, limit + 1).await?;
            let Some(last) = rows.last().copied() else { break };
            let more = rows.len() > limit as usize;
            let page = self.read(move |conn| Ok(messages::by_rows(conn, &rows)?)).await?;
            // The index may be a moment older than the messages.
            found.extend(page.into_iter().filter(|(_, message)| {
                rooms.contains(&message.room) && words.is_in(&message.text)
            }));
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
            behind: self.0.search.behind(),
        })
    }
}

impl Shared {
    fn readers(&self) -> std::sync::MutexGuard<'_, Option<Readers>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
