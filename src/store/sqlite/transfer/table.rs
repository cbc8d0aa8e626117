//! The table `imported`: what came from where under which key, and what an import that has begun
//! still has to do.

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
/// Somebody in a room; the key is `room/user`.
pub(super) const PARTICIPANT: &str = "participant";
/// A message; the key is `room/seq`, `id` the seq here. Those of our own exports only where the two
/// differ.
pub(super) const MESSAGE: &str = "message";
/// The highest seq that was taken of a room of one of our own exports.
pub(super) const SEQ: &str = "seq";
/// Ids of this source stay as they are.
pub(super) const KEEP: &str = "keep";
/// A room that this import has made and not yet finished; the key is its id here.
pub(super) const OPEN: &str = "open";
/// The last seq of a room before this import; the key is its id here.
pub(super) const BEFORE: &str = "before";
/// A read mark to be set when the messages are there; the key is `room/user` by the ids here.
pub(super) const MARK: &str = "mark";
/// Whose profile picture a file will be.
pub(super) const PICTURE: &str = "picture";
/// Somebody whom messages only named; the key is that of a user.
pub(super) const STRANGER: &str = "stranger";
/// A user whose password nobody knows; the key is the id here, `id` the fingerprint of what is
/// stored instead of a password.
pub(super) const PASSWORDLESS: &str = "passwordless";

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

    /// Keeps what is there.
    pub(super) fn put_new(self, kind: &str, key: &str, id: i64) -> Result<()> {
        sql::run(self.conn, PUT_NEW, params![self.source, kind, key, id]).map(drop)
    }

    /// Removes it and says what it was.
    pub(super) fn take(self, kind: &str, key: &str) -> Result<Option<i64>> {
        let found = self.find(kind, key)?;
        if found.is_some() {
            sql::run(self.conn, DROP, params![self.source, kind, key])?;
        }
        Ok(found)
    }

    /// Some entry of this kind.
    pub(super) fn first(self, kind: &str) -> Result<Option<(String, i64)>> {
        sql::one(self.conn, FIRST, params![self.source, kind], |row| {
            Ok((row.get("key")?, row.get("id")?))
        })
    }
}

/// Whether any source has an entry of this kind.
pub(super) fn any(conn: &Connection, kind: &str) -> Result<bool> {
    sql::any(conn, SOME, [kind])
}
