//! Examines database files that cannot or should not be opened as a server does: nothing is
//! migrated, no jobs run.
//!
//! `live` tells whether a server has the file open: otherwise it is read without locks, and without
//! leaving companion files.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rusqlite::{Connection, params};

use super::check::{damaged, failed, problems};
use super::inspect::{epoch, instance, uploaded};
use super::shape::foreign_schema;
use super::status::{Stats, stats};
use super::{Sqlite, UpkeepError, quiet, reader};
use crate::model::{RoomId, Timestamp};
use crate::store::sqlite::error::OpenError;
use crate::store::sqlite::search::{self, Glance};
use crate::store::sqlite::{beside, log_end, retention, schema, sql};

// By id: timestamps only agree with ids within a room, and an hour more or less does not matter
// here.
const NEWEST: &str =
    "SELECT max(created) FROM (SELECT created FROM messages ORDER BY id DESC LIMIT ?1)";
const AHEAD: &str =
    "SELECT count(*), max(last_time) FROM rooms WHERE deleted IS NULL AND last_time > ?1";
/// Number of messages among which the newest is searched.
const LATEST: u32 = 1_000;

// Archived rooms are not supposed to change.
const WITHOUT_ADMIN: &str = "SELECT r.id FROM rooms r WHERE r.deleted IS NULL AND r.archived IS \
                             NULL
    AND EXISTS (SELECT 1 FROM participants p WHERE p.room = r.id AND p.role = 'admin')
    AND NOT EXISTS (SELECT 1 FROM participants p JOIN users u ON u.id = p.user
        WHERE p.room = r.id AND p.role = 'admin' AND u.deleted IS NULL AND NOT u.disabled AND NOT \
                             u.guest AND NOT u.bot)
    ORDER BY r.id";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] = &[NEWEST, AHEAD, WITHOUT_ADMIN];

impl Sqlite {
    /// Returns all problems of the database, each as a sentence; empty if it is intact. Reads all
    /// of it while the chat continues.
    pub async fn check(&self) -> Result<Vec<String>, UpkeepError> {
        let path = self.0.path.clone();
        if self.0.closed.load(Ordering::Acquire) {
            return Err(UpkeepError::Unavailable);
        }
        if !self.is_in_place() {
            return Err(UpkeepError::Replaced(path));
        }
        let found = tokio::task::spawn_blocking(move || problems_of(&path, true))
            .await
            .map_err(|_| UpkeepError::Unavailable)?;
        if found.is_empty() {
            self.found_whole();
        }
        Ok(found)
    }
}

fn open(path: &Path, live: bool) -> Result<Connection, UpkeepError> {
    schema::check_header(path)?;
    if live { Ok(reader(path)?) } else { quiet(path) }
}

/// Returns all problems of a database file, each as a sentence; an unreadable file is one. Reads
/// all of it.
pub fn problems_of(path: &Path, live: bool) -> Vec<String> {
    let looked = open(path, live).and_then(|conn| {
        let tx = conn.unchecked_transaction()?;
        let mut found = foreign_schema(&tx)?;
        found.extend(problems(&tx));
        tx.commit()?;
        Ok(found)
    });
    let mut found = looked.unwrap_or_else(|error| match error {
        UpkeepError::Sqlite(error) => vec![failed(&error)],
        UpkeepError::Open(OpenError::Damaged { why, .. }) => vec![damaged(&why)],
        other => vec![format!("It cannot be opened: {other}.")],
    });
    // The log of a running server changes all the time.
    if !live && let Ok(lost @ 1..) = log_end::lost(path) {
        found.push(format!(
            "The write-ahead log is damaged in the middle: {lost} transactions after the damage \
             cannot be read."
        ));
    }
    found
}

/// Returns the latest time among the newest messages.
pub fn newest_message(path: &Path, live: bool) -> Result<Option<Timestamp>, UpkeepError> {
    let conn = open(path, live)?;
    Ok(sql::one(&conn, NEWEST, params![LATEST], |row| row.get::<_, Option<i64>>(0))?
        .flatten()
        .map(Timestamp))
}

/// Returns rooms with admins of whom none can log in.
pub fn rooms_without_admin(path: &Path, live: bool) -> Result<Vec<RoomId>, UpkeepError> {
    Ok(sql::all(&open(path, live)?, WITHOUT_ADMIN, (), |row| row.get(0))?)
}

/// Returns how many rooms have a message later than this, and the latest time: until then, new
/// messages in such a room get that time.
pub fn rooms_ahead(
    path: &Path,
    live: bool,
    of: Timestamp,
) -> Result<(i64, Option<Timestamp>), UpkeepError> {
    let conn = open(path, live)?;
    Ok(sql::one(&conn, AHEAD, params![of], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Timestamp)))
    })?
    .unwrap_or_default())
}

/// Returns what the server remembers of the deletion of expired messages.
pub fn retention_memo(path: &Path, live: bool) -> Result<Option<String>, UpkeepError> {
    Ok(retention::memo(&open(path, live)?)?)
}

/// Returns name and size of all uploaded files with a row.
pub fn uploaded_files(path: &Path, live: bool) -> Result<Vec<(String, u64)>, UpkeepError> {
    Ok(uploaded(&open(path, live)?)?)
}

/// Returns the instance of the database; empty before a server of this version has opened it.
pub fn instance_of(path: &Path, live: bool) -> Result<String, UpkeepError> {
    Ok(instance(&open(path, live)?)?)
}

/// Returns whether a file begins like one of our databases; the search index does not count, since
/// it can be rebuilt.
pub fn is_database(path: &Path) -> bool {
    // The application id is the last but two field of the header.
    beside::head(path, 72).is_ok_and(|head| {
        head.starts_with(b"SQLite format 3\0")
            && head.get(68..) == Some(&schema::APPLICATION.to_be_bytes()[..])
    })
}

/// Whether a database file can be read; for use instead of opening it, which would cost a running
/// server its locks.
pub fn readable(path: &Path) -> std::io::Result<()> {
    beside::head(path, 1).map(drop)
}

/// Returns the epoch of the database; empty before a server has opened it.
pub fn epoch_of(path: &Path, live: bool) -> Result<String, UpkeepError> {
    Ok(epoch(&open(path, live)?)?)
}

/// Counts everything. Reads every message.
pub fn figures(path: &Path, live: bool) -> Result<Stats, UpkeepError> {
    Ok(stats(&open(path, live)?, Timestamp::now())?)
}

/// Returns the state of the search index. Reads all of it.
pub fn search_index(path: &Path, live: bool) -> Result<Glance, UpkeepError> {
    let conn = open(path, live)?;
    let epoch = epoch(&conn)?;
    Ok(search::index_state(&conn, &index_of(path), &epoch, live)?)
}

/// Removes the search index, which the next server rebuilds. The caller must hold the lock of the
/// data directory.
pub fn discard_search_index(path: &Path) -> std::io::Result<()> {
    search::discard(&index_of(path))
}

/// Returns the path of the search index of a database.
pub fn index_of(path: &Path) -> PathBuf {
    path.with_file_name("search.db")
}
