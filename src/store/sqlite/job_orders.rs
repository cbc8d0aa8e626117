//! Orders of jobs: rows that promise work too large for one commit. [`super::jobs`] carries it out.

use rusqlite::{Connection, Result, params};

use super::sql;
use super::work::Work;
use crate::model::User;

/// Everything in a room that is marked deleted.
pub(super) const ROOM: &str = "room";
/// A deleted user leaves their rooms.
pub(super) const FAREWELL: &str = "farewell";
/// A display name or a picture reaches the rooms.
pub(super) const NAME: &str = "name";
/// A user who cannot log in any more, or is a guest by now, hands on the rooms that only they
/// administered.
pub(super) const SUCCESSION: &str = "succession";
/// Client ids and sessions that are past remembering.
pub(super) const PRUNE: &str = "prune";

const ADD: &str = "INSERT INTO jobs (kind, target) VALUES (?1, ?2)";
const ADD_FAREWELL: &str = "INSERT INTO jobs (kind, target, login, name) VALUES (?1, ?2, ?3, ?4)";
const ADD_PRUNE: &str = "INSERT INTO jobs (kind, target, cursor)
    SELECT ?1, 0, coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM settings WHERE key = \
                         'pruned'), 0)
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE kind = ?1)";
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[ADD, ADD_FAREWELL, ADD_PRUNE];

/// Promises a job.
pub(super) fn order(work: &mut Work<'_>, kind: &str, target: i64) -> Result<()> {
    work.promised = true;
    sql::run(work.conn, ADD, params![kind, target]).map(drop)
}

/// Promises that a user leaves their rooms.
pub(super) fn order_farewell(work: &mut Work<'_>, user: &User) -> Result<()> {
    work.promised = true;
    sql::run(work.conn, ADD_FAREWELL, params![FAREWELL, user.id, user.login, user.name]).map(drop)
}

/// Promises to look for old entries, unless that is promised already.
pub(super) fn order_prune(conn: &Connection) -> Result<()> {
    sql::run(conn, ADD_PRUNE, [PRUNE]).map(drop)
}
