//! The messages of a database as a source: its rows by id, and the list of edited and deleted ones.

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags, Result, params};

use super::index::{Entry, Index, Marks};
use super::order;
use super::source::{Followed, Source};
use crate::model::{RoomId, Searchable, Timestamp};
use crate::store::sqlite::sql;

/// Messages per transaction of the index.
const BATCH: usize = 1_000;

const NEW: &str = "SELECT m.id, m.room, m.author, m.created, m.deleted, m.text, m.media,
    CASE WHEN m.media THEN (SELECT group_concat(f.file_name, char(10)) FROM message_media a
        JOIN media f ON f.id = a.media WHERE a.message = m.id) END AS file_names,
    CASE WHEN m.media THEN (SELECT max(f.is_image) FROM message_media a
        JOIN media f ON f.id = a.media WHERE a.message = m.id) END AS images
    FROM messages m WHERE m.id > ?1 ORDER BY m.id LIMIT ?2";
const CHANGED: &str = "SELECT c.id AS change, c.message, m.room, m.author, m.created, m.deleted,
    m.text, m.media,
    CASE WHEN m.media THEN (SELECT group_concat(f.file_name, char(10)) FROM message_media a
        JOIN media f ON f.id = a.media WHERE a.message = m.id) END AS file_names,
    CASE WHEN m.media THEN (SELECT max(f.is_image) FROM message_media a
        JOIN media f ON f.id = a.media WHERE a.message = m.id) END AS images
    FROM search_changes c LEFT JOIN messages m ON m.id = c.message
    WHERE c.id > ?1 ORDER BY c.id LIMIT ?2";
const ENDS: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0) \
                    AS message,
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'search_changes'), 0) AS change,
    coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM settings WHERE key = \
                    'search_pruned'), 0) AS pruned";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] = &[NEW, CHANGED, ENDS];

/// Rows of a database.
pub(super) struct MessageRows {
    database: PathBuf,
    chat: Option<Connection>,
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

impl MessageRows {
    pub(super) fn of(database: PathBuf) -> Self {
        Self { database, chat: None }
    }
}

impl Source for MessageRows {
    /// The columns of the state are enough for the progress.
    const TABLES: &'static str = order::TABLES;

    fn row_at(time: Timestamp) -> i64 {
        order::row_at(time)
    }

    fn connect(&mut self) -> Result<i64> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let chat = Connection::open_with_flags(&self.database, flags)?;
        chat.execute_batch(
            "PRAGMA query_only = ON; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -2048; \
             PRAGMA trusted_schema = OFF;",
        )?;
        sql::keep_plans(&chat)?;
        let change = ends(&chat)?.change;
        self.chat = Some(chat);
        Ok(change)
    }

    fn disconnect(&mut self) {
        self.chat = None;
    }

    fn follow(&mut self, index: &mut Index, pause: &dyn Fn()) -> Result<Option<Followed>> {
        if self.chat.is_none() {
            self.connect()?;
        }
        let Some(chat) = &mut self.chat else { return Ok(Some(Followed::default())) };
        let Some(batch) = look(chat, index.marks()?)? else { return Ok(None) };
        if !batch.new.is_empty() || !batch.changed.is_empty() {
            index.feed(&batch.new, &batch.changed, batch.reached, pause)?;
        }
        Ok(Some(Followed {
            added: batch.new.len(),
            newest: batch.reached.message,
            more: batch.more,
        }))
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
        Ok(Entry { message: row.get("id")?, content: content(row)? })
    })?;
    let mut reached =
        Marks { message: new.last().map_or(marks.message, |entry| entry.message), ..marks };
    if new.len() == BATCH {
        return Ok(Some(Batch { new, changed: Vec::new(), reached, more: true }));
    }
    // All messages are in the index by then, so changed ones can be replaced.
    let changed = sql::all(&tx, CHANGED, params![marks.change, limit], |row| {
        let entry = Entry { message: row.get("message")?, content: content(row)? };
        Ok((row.get("change")?, entry))
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

/// Returns the content of a message; None: it is deleted or no longer exists.
fn content(row: &sql::Row<'_>) -> Result<Option<(RoomId, Searchable)>> {
    let (room, deleted) = (row.get::<_, Option<_>>("room")?, row.get::<_, Option<i64>>("deleted")?);
    let Some(room) = room.filter(|_| deleted.is_none()) else { return Ok(None) };
    let content = Searchable {
        author: Some(row.get("author")?),
        created: row.get("created")?,
        text: row.get("text")?,
        file_names: row.get::<_, Option<_>>("file_names")?.unwrap_or_default(),
        files: row.get("media")?,
        images: row.get::<_, Option<_>>("images")?.unwrap_or_default(),
    };
    Ok(Some((room, content)))
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
