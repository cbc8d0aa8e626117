//! The thread that feeds the index: it follows the message rows by id, and the list of edited and
//! deleted ones.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Result, params};

use super::index::{Entry, Index, Marks, discard, is_damage};
use super::{READERS, Shared};
use crate::store::sqlite::readers::Readers;
use crate::store::sqlite::sql;

/// Time to collect more messages, since a transaction of the index costs the same for one message
/// as for many.
const GATHER: Duration = Duration::from_millis(100);
/// Time to rest without changes; also how soon damage found by a search is repaired.
const REST: Duration = Duration::from_secs(5);
/// Time to rest after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// Messages per transaction of the index.
const BATCH: usize = 1_000;
/// Maximum time that a transaction gives way to posts, so that the index advances under any load.
const GIVE_WAY: Duration = Duration::from_millis(250);
/// Interval between looks whether the writer is still busy.
const LOOK: Duration = Duration::from_millis(2);

const NEW: &str = "SELECT id, room, text FROM messages WHERE id > ?1 ORDER BY id LIMIT ?2";
const CHANGED: &str = "SELECT c.id, c.message, m.room, m.text FROM search_changes c LEFT JOIN \
                       messages m ON m.id = c.message
    WHERE c.id > ?1 ORDER BY c.id LIMIT ?2";
const ENDS: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0) \
                    AS message,
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'search_changes'), 0) AS change,
    coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM settings WHERE key = \
                    'search_pruned'), 0) AS pruned";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] = &[NEW, CHANGED, ENDS];

pub(super) struct Feeder {
    shared: Arc<Shared>,
    database: PathBuf,
    epoch: String,
}

/// Open connections to both files.
struct Open {
    chat: Connection,
    index: Index,
}

/// New messages and changes found in one pass.
struct Batch {
    new: Vec<Entry>,
    changed: Vec<Entry>,
    reached: Marks,
    more: bool,
}

/// Current ends of messages and changes.
pub(super) struct Ends {
    pub(super) message: i64,
    pub(super) change: i64,
    /// Changes up to this one are no longer listed.
    pub(super) pruned: i64,
}

impl Feeder {
    pub(super) fn new(shared: Arc<Shared>, database: PathBuf, epoch: String) -> Self {
        Self { shared, database, epoch }
    }

    pub(super) fn run(self) {
        let mut open: Option<Open> = None;
        while !self.stopped() {
            match self.follow(&mut open) {
                Ok(()) => {
                    self.shared.behind.store(false, Ordering::Release);
                    self.rest(REST);
                    // The waker stays silent until the next pass, so this collects more messages.
                    self.pause(GATHER);
                }
                Err(error) => {
                    open = None;
                    self.shared.behind.store(true, Ordering::Release);
                    if is_damage(&error) {
                        tracing::warn!(store.error = %error, "The search index is damaged and is \
                                                              rebuilt");
                        self.forget();
                    } else {
                        tracing::error!(store.error = %error, "The search index cannot be updated");
                        self.pause(AFTER_FAILURE);
                    }
                }
            }
        }
        *self.shared.readers() = None;
        if let Some(open) = open
            && let Err(error) = open.index.finish()
        {
            tracing::warn!(store.error = %error, "The search index will be rebuilt at the next \
                                                  start");
        }
    }

    /// Updates the index.
    fn follow(&self, open: &mut Option<Open>) -> Result<()> {
        self.shared.news.store(false, Ordering::Release);
        if self.shared.damaged.swap(false, Ordering::AcqRel) {
            *open = None;
            self.forget();
        }
        let began = Instant::now();
        let mut fed = 0;
        while !self.stopped() {
            let both = match open {
                Some(both) => both,
                None => open.insert(self.open()?),
            };
            let until = Instant::now() + GIVE_WAY;
            self.give_way(until);
            let Some(batch) = look(&mut both.chat, both.index.marks()?)? else {
                tracing::warn!("The search index does not belong to these messages and is rebuilt");
                *open = None;
                self.forget();
                continue;
            };
            fed += batch.new.len();
            if !batch.new.is_empty() || !batch.changed.is_empty() {
                both.index.feed(&batch.new, &batch.changed, batch.reached, || {
                    self.give_way(until);
                })?;
            }
            self.shared.fed.store(batch.reached.message, Ordering::Release);
            if !batch.more {
                break;
            }
            if fed > BATCH {
                self.shared.behind.store(true, Ordering::Release);
            }
        }
        if fed > 10 * BATCH {
            tracing::info!(
                "Added {fed} messages to the search index in {} s.",
                began.elapsed().as_secs()
            );
        }
        Ok(())
    }

    fn open(&self) -> Result<Open> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let chat = Connection::open_with_flags(&self.database, flags)?;
        chat.execute_batch(
            "PRAGMA query_only = ON; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -2048; \
             PRAGMA trusted_schema = OFF;",
        )?;
        sql::keep_plans(&chat)?;
        let change = ends(&chat)?.change;
        let index = Index::open(&self.shared.path, &self.epoch, change)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let readers = Readers::open(&self.shared.path, Some(READERS))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        *self.shared.readers() = Some(readers);
        Ok(Open { chat, index })
    }

    /// Removes the index; the next pass rebuilds it.
    fn forget(&self) {
        *self.shared.readers() = None;
        self.shared.behind.store(true, Ordering::Release);
        self.shared.fed.store(0, Ordering::Release);
        match discard(&self.shared.path) {
            Ok(()) => {
                self.shared.thrown_away.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => {
                tracing::error!(store.error = %error, "The search index cannot be removed");
                self.pause(AFTER_FAILURE);
            }
        }
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    /// Waits while operations wait for the writer, which may need this core.
    fn give_way(&self, until: Instant) {
        while !self.stopped() && self.shared.writer_is_busy() && Instant::now() < until {
            std::thread::park_timeout(LOOK);
        }
    }

    /// Waits for changes, or until this time has passed.
    fn rest(&self, long: Duration) {
        let until = Instant::now() + long;
        while !self.stopped() && !self.shared.news.load(Ordering::Acquire) {
            let Some(left) =
                until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            std::thread::park_timeout(left);
        }
    }

    /// Waits for this time, or until the stop.
    fn pause(&self, long: Duration) {
        let until = Instant::now() + long;
        while !self.stopped() {
            let Some(left) =
                until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            std::thread::park_timeout(left);
        }
    }
}

/// Returns consistent changes after the marks. None: the marks do not belong to these messages.
fn look(chat: &mut Connection, marks: Marks) -> Result<Option<Batch>> {
    let tx = chat.transaction()?;
    let ends = ends(&tx)?;
    if marks.message > ends.message || marks.change > ends.change || marks.change < ends.pruned {
        return Ok(None);
    }
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let new = sql::all(&tx, NEW, params![marks.message, limit], |row| {
        Ok(Entry { message: row.get("id")?, text: Some((row.get("room")?, row.get("text")?)) })
    })?;
    let mut reached =
        Marks { message: new.last().map_or(marks.message, |entry| entry.message), ..marks };
    if new.len() == BATCH {
        return Ok(Some(Batch { new, changed: Vec::new(), reached, more: true }));
    }
    // All messages are in the index by then, so changed ones can be replaced.
    let changed = sql::all(&tx, CHANGED, params![marks.change, limit], |row| {
        let text = row.get::<_, Option<_>>("room")?.zip(row.get::<_, Option<String>>("text")?);
        Ok((row.get("id")?, Entry { message: row.get("message")?, text }))
    })?;
    reached.change = changed.last().map_or(marks.change, |(change, _)| *change);
    let more = changed.len() == BATCH;
    Ok(Some(Batch {
        new,
        changed: changed.into_iter().map(|(_, entry)| entry).collect(),
        reached,
        more,
    }))
}

pub(super) fn ends(chat: &Connection) -> Result<Ends> {
    chat.prepare_cached(ENDS)?.query_row((), |row| {
        Ok(Ends {
            message: row.get("message")?,
            change: row.get("change")?,
            pruned: row.get("pruned")?,
        })
    })
}
