//! A look at the files of a database where nobody can or should open it as a server does: nothing
//! is migrated, nothing begins to run.
//!
//! `live` says whether a server has the file open: else the look goes without locks, and leaves no
//! companions beside the file.

use std::fs::File;
use std::io::Read;
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
use crate::store::sqlite::{log_end, schema, sql};

// By number: times are only in step with numbers within a room, and an hour more or less does not
// matter here.
const NEWEST: &str =
    "SELECT max(created) FROM (SELECT created FROM messages ORDER BY id DESC LIMIT ?1)";
const AHEAD: &str =
    "SELECT count(*), max(last_time) FROM rooms WHERE deleted IS NULL AND last_time > ?1";
/// Messages among which the newest is looked for.
const LATEST: u32 = 1_000;

// Whoever has archived a room wants nothing changed there.
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
    /// What is wrong with the database, each in a sentence; nothing: it is whole. Reads all of it;
    /// the chat goes on meanwhile.
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

/// What is wrong with the database, each in a sentence; a file that cannot be read is one. Reads
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
    // The log of a server that runs is its own affair, and never at rest.
    if !live && let Ok(lost @ 1..) = log_end::lost(path) {
        found.push(format!(
            "The write-ahead log is damaged in the middle: {lost} transactions behind the damage \
             cannot be read."
        ));
    }
    found
}

/// The latest time of the newest messages.
pub fn newest_message(path: &Path, live: bool) -> Result<Option<Timestamp>, UpkeepError> {
    let conn = open(path, live)?;
    Ok(sql::one(&conn, NEWEST, params![LATEST], |row| row.get::<_, Option<i64>>(0))?
        .flatten()
        .map(Timestamp))
}

/// Rooms that have admins of whom none can log in.
pub fn rooms_without_admin(path: &Path, live: bool) -> Result<Vec<RoomId>, UpkeepError> {
    Ok(sql::all(&open(path, live)?, WITHOUT_ADMIN, (), |row| row.get(0))?)
}

/// How many rooms have a message later than this, and the latest: until then, new messages of such
/// a room carry its time.
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

/// The uploaded files that rows tell of: name and size.
pub fn uploaded_files(path: &Path, live: bool) -> Result<Vec<(String, u64)>, UpkeepError> {
    Ok(uploaded(&open(path, live)?)?)
}

/// Which instance the database belongs to; empty before a server of this version has opened it.
pub fn instance_of(path: &Path, live: bool) -> Result<String, UpkeepError> {
    Ok(instance(&open(path, live)?)?)
}

/// Whether a file begins as our databases do; of the search index nobody would miss anything.
pub fn is_database(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(72).read_to_end(&mut head));
    // The application's number is the last but two of the header.
    read.is_ok()
        && head.starts_with(b"SQLite format 3\0")
        && head.get(68..) == Some(&schema::APPLICATION.to_be_bytes()[..])
}

/// The epoch of the database; empty before a server has opened it.
pub fn epoch_of(path: &Path, live: bool) -> Result<String, UpkeepError> {
    Ok(epoch(&open(path, live)?)?)
}

/// How much there is of everything. Looks at every message.
pub fn figures(path: &Path, live: bool) -> Result<Stats, UpkeepError> {
    Ok(stats(&open(path, live)?, Timestamp::now())?)
}

/// What the search index beside the database is like. Reads all of it.
pub fn search_index(path: &Path, live: bool) -> Result<Glance, UpkeepError> {
    let conn = open(path, live)?;
    let epoch = epoch(&conn)?;
    Ok(search::index_state(&conn, &index_of(path), &epoch, live)?)
}

/// Removes the search index, which the next server makes anew. To be called by whoever holds the
/// lock of the data directory.
pub fn discard_search_index(path: &Path) -> std::io::Result<()> {
    search::discard(&index_of(path))
}

/// Where the search index of a database lies.
pub fn index_of(path: &Path) -> PathBuf {
    path.with_file_name("search.db")
}
