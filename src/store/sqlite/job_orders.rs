//! Orders of jobs: rows for work too large for one commit. [`super::jobs`] executes them.

use rusqlite::{Connection, Result, params};

use super::sql;
use super::work::Work;
use crate::model::User;

/// Removes the content of a room that is marked as deleted.
pub(super) const ROOM: &str = "room";
/// Removes a deleted user from their rooms.
pub(super) const FAREWELL: &str = "farewell";
/// Sends a new display name or picture to the rooms.
pub(super) const NAME: &str = "name";
/// Passes on the rooms administered only by a user who can no longer log in, or is a guest now.
pub(super) const SUCCESSION: &str = "succession";
/// Removes client ids and sessions that need not be remembered any more.
pub(super) const PRUNE: &str = "prune";

const ADD: &str = "INSERT INTO jobs (kind, target) VALUES (?1, ?2)";
const ADD_FAREWELL: &str = "INSERT INTO jobs (kind, target, login, name) VALUES (?1, ?2, ?3, ?4)";
const ADD_PRUNE: &str = "INSERT INTO jobs (kind, target, cursor)
    SELECT ?1, 0, coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM settings WHERE key = \
                         'pruned'), 0)
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE kind = ?1)";
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[ADD, ADD_FAREWELL, ADD_PRUNE];

/// Orders a job.
pub(super) fn order(work: &mut Work<'_>, kind: &str, target: i64) -> Result<()> {
    work.promised = true;
    sql::run(work.conn, ADD, params![kind, target]).map(drop)
}

/// Orders the removal of a user from their rooms.
pub(super) fn order_farewell(work: &mut Work<'_>, user: &User) -> Result<()> {
    work.promised = true;
    sql::run(work.conn, ADD_FAREWELL, params![FAREWELL, user.id, user.login, user.name]).map(drop)
}

/// Orders the removal of old entries, unless it is already ordered.
pub(super) fn order_prune(conn: &Connection) -> Result<()> {
    sql::run(conn, ADD_PRUNE, [PRUNE]).map(drop)
}
