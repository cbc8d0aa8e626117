//! The thread that feeds the index: it follows the rows of messages by number, and the list of
//! those that were edited or have gone.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Result, params};

use super::index::{Entry, Index, Marks, discard, is_damage};
use super::{READERS, Shared};
use crate::store::sqlite::readers::Readers;
use crate::store::sqlite::sql;

/// Lets some more messages gather, since a transaction of the index costs the same for one as for
/// many.
const GATHER: Duration = Duration::from_millis(100);
/// How long it rests without news; also how soon a damage that a search has met is mended.
const REST: Duration = Duration::from_secs(5);
/// How long it rests after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// Messages of one transaction of the index.
const BATCH: usize = 1_000;

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

/// Both files.
struct Open {
    chat: Connection,
    index: Index,
}

/// What one look at the messages has found.
struct Batch {
    new: Vec<Entry>,
    changed: Vec<Entry>,
    reached: Marks,
    more: bool,
}

/// The ends of what there is to follow.
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
                    // Nobody wakes it again before it looks, so this gathers.
                    self.pause(GATHER);
                }
                Err(error) => {
                    open = None;
                    self.shared.behind.store(true, Ordering::Release);
                    if is_damage(&error) {
                        tracing::warn!(store.error = %error, "The search index is damaged and is made anew");
                        self.forget();
                    } else {
                        tracing::error!(store.error = %error, "The search index does not follow the messages");
                        self.pause(AFTER_FAILURE);
                    }
                }
            }
        }
        *self.shared.readers() = None;
        if let Some(open) = open
            && let Err(error) = open.index.finish()
        {
            tracing::warn!(store.error = %error, "The search index is made anew at the next start");
        }
    }

    /// Brings the index up to date.
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
            let Some(batch) = look(&mut both.chat, both.index.marks()?)? else {
                tracing::warn!(
                    "The search index does not belong to these messages and is made anew"
                );
                *open = None;
                self.forget();
                continue;
            };
            fed += batch.new.len();
            if !batch.new.is_empty() || !batch.changed.is_empty() {
                both.index.feed(&batch.new, &batch.changed, batch.reached)?;
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
                "The search index has taken in {fed} messages in {} s.",
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
        let change = ends(&chat)?.change;
        let index = Index::open(&self.shared.path, &self.epoch, change)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let readers = Readers::open(&self.shared.path, Some(READERS))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        *self.shared.readers() = Some(readers);
        Ok(Open { chat, index })
    }

    /// Throws the index away; the next look makes it anew.
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

    /// Until there is news, or it has rested for so long.
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

    /// Rests whatever comes, but for the stop.
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

/// What comes after the marks, of one moment. None: the marks are not of these messages.
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
    // All messages are in the index then, so whatever has changed is there to be replaced.
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
