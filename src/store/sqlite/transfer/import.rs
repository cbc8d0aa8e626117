//! Imports batches of records: each is one transaction, after which all invariants hold.
//!
//! No events are emitted, since the server is stopped. The remaining work of an interrupted import
//! is stored in `imported`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, Result, params};

use super::table::{self, BEFORE, KEEP, MARK, OPEN, PICTURE, Table};
use crate::model::{MAX_KEPT_ID, Rev, RoomId, Seq, Timestamp};
use crate::store::StoreError;
use crate::store::sqlite::error::{Fault, unchanged};
use crate::store::sqlite::{Sqlite, rooms, schema, sql};
use crate::store::transfer::{ImportedRecord, Key, LastIds, PASSWORDLESS, Record, Taken, Terms};

const EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM rooms)";
const SET_EPOCH: &str = "UPDATE settings SET value = CAST(?1 AS BLOB) WHERE key = 'epoch'";
const RAISE: &str = "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1 AND seq < ?2";
const HAS_SEQUENCE: &str = "SELECT 1 FROM sqlite_sequence WHERE name = ?1";
const ADD_SEQUENCE: &str = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
// Marks contained in the export; their key is `room/user` with the ids here.
const MARKS: &str = "UPDATE participants AS p SET mark = min(i.id, r.last_seq) FROM imported i, \
                     rooms r
    WHERE p.room = ?2 AND r.id = p.room AND i.source = ?1 AND i.kind = 'mark' AND i.key = p.room \
                     || '/' || p.user";
// Users who had read everything before the import have read everything after it.
const MARKS_TO_END: &str = "UPDATE participants AS p SET mark = r.last_seq, mark_at = \
                            max(p.mark_at, r.last_time) FROM rooms r
    WHERE p.room = ?2 AND r.id = p.room AND p.mark >= ?3 AND p.mark < r.last_seq
    AND NOT EXISTS (SELECT 1 FROM imported i WHERE i.source = ?1 AND i.kind = 'mark' AND i.key = \
                            p.room || '/' || p.user)";
const MARKS_DONE: &str = "DELETE FROM imported WHERE source = ?1 AND kind = 'mark'
    AND key IN (SELECT room || '/' || user FROM participants WHERE room = ?2)";
const LEFT_OVER: &str = "DELETE FROM imported WHERE source = ?1 AND kind = ?2";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    EMPTY,
    SET_EPOCH,
    RAISE,
    HAS_SEQUENCE,
    ADD_SEQUENCE,
    MARKS,
    MARKS_TO_END,
    MARKS_DONE,
    LEFT_OVER,
];

impl Sqlite {
    /// Copies a database that nobody writes to, for a trial. Blocks.
    pub fn duplicate(from: &Path, to: &Path) -> Result<(), StoreError> {
        let copy = || {
            let conn = Connection::open_with_flags(
                from,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            conn.execute("VACUUM INTO ?1", [to.to_string_lossy()])
        };
        copy().map(drop).map_err(|error| unchanged(&error))
    }

    /// Starts an import, or resumes an interrupted one. Returns whether the ids of the source are
    /// kept: those of one of our own exports (`last` are its highest), if the database was empty
    /// before.
    pub async fn begin_import(
        &self,
        source: &str,
        last: Option<LastIds>,
    ) -> Result<bool, StoreError> {
        let source = source.to_owned();
        let epoch = schema::random::<8>().map(hex::encode).map_err(|_| StoreError::Unavailable)?;
        self.write(move |work| {
            let conn = work.conn;
            let table = Table { conn, source: &source };
            if table::any(conn, OPEN)? {
                // Clients that have read a part of a room must fetch it again.
                sql::run(conn, SET_EPOCH, [&epoch])?;
            }
            let Some(last) = last else { return Ok(false) };
            if table.find(KEEP, "")?.is_some() {
                return Ok(true);
            }
            if !conn.prepare_cached(EMPTY)?.query_row((), |row| row.get::<_, bool>(0))? {
                return Ok(false);
            }
            table.put(KEEP, "", 1)?;
            for (name, seq) in [("users", last.users), ("rooms", last.rooms), ("media", last.media)]
            {
                let seq = seq.clamp(0, MAX_KEPT_ID);
                if sql::any(conn, HAS_SEQUENCE, [name])? {
                    sql::run(conn, RAISE, params![name, seq])?;
                } else {
                    sql::run(conn, ADD_SEQUENCE, params![name, seq])?;
                }
            }
            Ok(true)
        })
        .await
    }

    /// Adds records that were not added before: all of them, or an error and nothing. Records may
    /// only refer to earlier ones.
    pub async fn import(
        &self,
        terms: Arc<Terms>,
        records: Arc<Vec<Record>>,
    ) -> Result<Taken, StoreError> {
        self.write(move |work| Ok(Import::run(work.conn, &terms, &records)?)).await
    }

    /// Executes one step of the work that requires all records (read marks); false if nothing is
    /// left.
    pub async fn finish_import(&self, terms: Arc<Terms>) -> Result<bool, StoreError> {
        self.write(move |work| finish(work.conn, &terms)).await
    }
}

fn finish(conn: &Connection, terms: &Terms) -> Result<bool, Fault> {
    let table = Table { conn, source: &terms.source };
    let Some((key, before)) = table.first(BEFORE)? else {
        for kind in [OPEN, MARK, PICTURE] {
            sql::run(conn, LEFT_OVER, params![terms.source, kind])?;
        }
        return Ok(false);
    };
    let room: i64 = key.parse().map_err(|_| StoreError::Unavailable)?;
    sql::run(conn, MARKS, params![terms.source, room])?;
    sql::run(conn, MARKS_TO_END, params![terms.source, room, before])?;
    sql::run(conn, MARKS_DONE, params![terms.source, room])?;
    table.take(OPEN, &key)?;
    table.take(BEFORE, &key)?;
    Ok(true)
}

/// Counters of a room; written at the end of the batch.
pub(super) struct RoomNumbers {
    pub(super) last_seq: Seq,
    pub(super) rev: Rev,
    pub(super) facts_rev: Rev,
    pub(super) last_time: Timestamp,
    /// Whether this import has created it and is filling it.
    pub(super) open: bool,
    pub(super) moved: bool,
}

/// A batch being imported.
pub(super) struct Import<'t> {
    pub(super) conn: &'t Connection,
    pub(super) terms: &'t Terms,
    pub(super) out: Taken,
    pub(super) stands: HashMap<i64, RoomNumbers>,
    /// The highest seqs imported, by room of the source; for our own exports.
    pub(super) reached: BTreeMap<String, i64>,
    /// Rooms with changed participants.
    pub(super) nameless: BTreeSet<i64>,
    /// Results of lookups in this batch.
    seen: HashMap<(&'static str, Key), Option<i64>>,
}

impl<'t> Import<'t> {
    fn run(conn: &'t Connection, terms: &'t Terms, records: &[Record]) -> Result<Taken> {
        let mut taking = Self {
            conn,
            terms,
            out: Taken::default(),
            stands: HashMap::new(),
            reached: BTreeMap::new(),
            nameless: BTreeSet::new(),
            seen: HashMap::new(),
        };
        for record in records {
            match record {
                Record::User(user) => taking.user(user)?,
                Record::Media(media) => taking.media(media)?,
                Record::Room(room) => taking.room(room)?,
                Record::Participant(participant) => taking.participant(participant)?,
                Record::Message(message) => taking.message(message)?,
                Record::Preferences(preferences) => taking.preferences(preferences)?,
                Record::Saved(saved) => taking.saved(saved)?,
                Record::Follow(follow) => taking.follow(follow)?,
                Record::Emoji(emoji) => taking.emoji(emoji)?,
                Record::SlashCommand(command) => taking.command(command)?,
                Record::Imported(imported) => taking.imported(imported)?,
                Record::Job(job) => taking.job(job)?,
                // File content is stored elsewhere; the others only frame the export.
                Record::Header(_) | Record::File(_) | Record::End(_) => {}
            }
        }
        taking.write_stands()?;
        for room in std::mem::take(&mut taking.nameless) {
            if let Some(room) = rooms::room(conn, RoomId(room))? {
                rooms::refresh_key(conn, &room)?;
            }
        }
        Ok(taking.out)
    }

    pub(super) fn table(&self) -> Table<'t> {
        Table { conn: self.conn, source: &self.terms.source }
    }

    /// Returns the id here for a key of the source.
    pub(super) fn found(&mut self, kind: &'static str, key: &Key) -> Result<Option<i64>> {
        if let Some(Some(id)) = self.seen.get(&(kind, key.clone())) {
            return Ok(Some(*id));
        }
        let found = self.table().find(kind, &key.to_string())?;
        self.seen.insert((kind, key.clone()), found);
        Ok(found)
    }

    pub(super) fn is_open(&self, room: i64) -> Result<bool> {
        Ok(self.table().find(OPEN, &room.to_string())?.is_some())
    }

    /// Adds results of imports into the exported instance. Remaining work of a running import is
    /// never exported, and not accepted either.
    fn imported(&mut self, new: &ImportedRecord) -> Result<()> {
        if matches!(new.kind.as_str(), KEEP | OPEN | BEFORE | MARK | PICTURE) {
            return Ok(());
        }
        if new.kind == PASSWORDLESS {
            let user = new
                .key
                .parse()
                .ok()
                .map(|id| self.found(table::USER, &Key::Number(id)))
                .transpose()?
                .flatten();
            return user.map_or(Ok(()), |user| {
                Table { conn: self.conn, source: &new.source }.put_new(
                    &new.kind,
                    &user.to_string(),
                    new.id,
                )
            });
        }
        let kind = match new.kind.as_str() {
            table::USER | table::PARTICIPANT => table::USER,
            table::ROOM => table::ROOM,
            table::MEDIA => table::MEDIA,
            _ => "",
        };
        let id =
            if kind.is_empty() { Some(new.id) } else { self.found(kind, &Key::Number(new.id))? };
        let Some(id) = id else { return Ok(()) };
        Table { conn: self.conn, source: &new.source }.put_new(&new.kind, &new.key, id)
    }
}
