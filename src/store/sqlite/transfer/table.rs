//! The table `imported`: the origin and key of imported objects, and the remaining work of an
//! unfinished import.

use rusqlite::{Connection, Result, params};

use crate::store::sqlite::sql;

const FIND: &str = "SELECT id FROM imported WHERE source = ?1 AND kind = ?2 AND key = ?3";
const PUT: &str = "INSERT INTO imported (source, kind, key, id) VALUES (?1, ?2, ?3, ?4) ON \
                   CONFLICT (source, kind, key) DO UPDATE SET id = excluded.id";
const PUT_NEW: &str =
    "INSERT INTO imported (source, kind, key, id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const DROP: &str = "DELETE FROM imported WHERE source = ?1 AND kind = ?2 AND key = ?3";
const FIRST: &str =
    "SELECT key, id FROM imported WHERE source = ?1 AND kind = ?2 ORDER BY key LIMIT 1";
const SOME: &str = "SELECT 1 FROM imported WHERE kind = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[FIND, PUT, PUT_NEW, DROP, FIRST, SOME];

/// A user; `id` is the one here.
pub(super) const USER: &str = "user";
/// A room.
pub(super) const ROOM: &str = "room";
/// An uploaded file.
pub(super) const MEDIA: &str = "media";
/// A participant; the key is `room/user`.
pub(super) const PARTICIPANT: &str = "participant";
/// A message; the key is `room/seq`, `id` the seq here. For our own exports only if the two differ.
pub(super) const MESSAGE: &str = "message";
/// The highest seq imported into a room from one of our own exports.
pub(super) const SEQ: &str = "seq";
/// Marks a source whose ids are kept.
pub(super) const KEEP: &str = "keep";
/// A room created and not yet completed by this import; the key is its id here.
pub(super) const OPEN: &str = "open";
/// The last seq of a room before this import; the key is its id here.
pub(super) const BEFORE: &str = "before";
/// A read mark to be set after the messages; the key is `room/user` with the ids here.
pub(super) const MARK: &str = "mark";
/// A file that will be a profile picture.
pub(super) const PICTURE: &str = "picture";
/// A user known only from messages; the key is that of a user.
pub(super) const STRANGER: &str = "stranger";
/// The entries of one source.
#[derive(Clone, Copy)]
pub(super) struct Table<'t> {
    pub(super) conn: &'t Connection,
    pub(super) source: &'t str,
}

impl Table<'_> {
    pub(super) fn find(self, kind: &str, key: &str) -> Result<Option<i64>> {
        sql::one(self.conn, FIND, params![self.source, kind, key], |row| row.get(0))
    }

    pub(super) fn put(self, kind: &str, key: &str, id: i64) -> Result<()> {
        sql::run(self.conn, PUT, params![self.source, kind, key, id]).map(drop)
    }

    /// Adds an entry; an existing one stays.
    pub(super) fn put_new(self, kind: &str, key: &str, id: i64) -> Result<()> {
        sql::run(self.conn, PUT_NEW, params![self.source, kind, key, id]).map(drop)
    }

    /// Removes an entry and returns its id.
    pub(super) fn take(self, kind: &str, key: &str) -> Result<Option<i64>> {
        let found = self.find(kind, key)?;
        if found.is_some() {
            sql::run(self.conn, DROP, params![self.source, kind, key])?;
        }
        Ok(found)
    }

    /// Returns any entry of this kind.
    pub(super) fn first(self, kind: &str) -> Result<Option<(String, i64)>> {
        sql::one(self.conn, FIRST, params![self.source, kind], |row| {
            Ok((row.get("key")?, row.get("id")?))
        })
    }
}

/// Returns whether any source has an entry of this kind.
pub(super) fn any(conn: &Connection, kind: &str) -> Result<bool> {
    sql::any(conn, SOME, [kind])
}
