//! What a user has left: messages and reactions in rooms, and rows that outlive their account.

use rusqlite::{Connection, Result, params};

use super::sql;
use super::work::Work;
use crate::model::{Reaction, RoomId, Seq, UserId};
use crate::store::Traces;

const PART: &str = "SELECT seq, author = ?2 AND deleted IS NULL AS own FROM messages
    WHERE room = ?1 AND seq > ?3 ORDER BY seq LIMIT ?4";
const GIVEN: &str = "SELECT m.seq, r.reaction, r.at FROM messages m
    JOIN reactions r ON r.message = m.id AND r.user = ?2
    WHERE m.room = ?1 AND m.seq > ?3 AND m.seq <= ?4 AND m.reacted AND m.deleted IS NULL
    ORDER BY m.seq, r.id";
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE user = ?1 AND ended IS NOT NULL";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[PART, GIVEN, FORGET_SESSIONS];

/// Examines a part of the history of a room.
pub(super) fn of_user(
    conn: &Connection,
    user: UserId,
    room: RoomId,
    after: Seq,
    count: u32,
) -> Result<Traces> {
    let part: Vec<(Seq, bool)> = sql::all(conn, PART, params![room, user, after, count], |row| {
        Ok((row.get("seq")?, row.get("own")?))
    })?;
    let Some((last, _)) = part.last().copied() else { return Ok(Traces::default()) };
    let reactions = sql::all(conn, GIVEN, params![room, user, after, last], |row| {
        Ok((row.get("seq")?, Reaction::stored(row.get("reaction")?), row.get("at")?))
    })?;
    Ok(Traces {
        next: (part.len() == count as usize).then_some(last),
        written: part.into_iter().filter_map(|(seq, own)| own.then_some(seq)).collect(),
        reactions,
    })
}

/// Removes the rows of ended sessions, which would otherwise stay for 31 days. The other rows of a
/// deleted user go when they leave their rooms.
pub(super) fn forget(work: &Work<'_>, user: UserId) -> Result<()> {
    sql::run(work.conn, FORGET_SESSIONS, [user]).map(drop)
}
