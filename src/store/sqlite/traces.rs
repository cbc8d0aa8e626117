//! What a user has left: messages and reactions in rooms, and rows that outlive their account.

use rusqlite::{Connection, Result, params};

use super::work::Work;
use super::{drafts, sql};
use crate::model::{Follow, MessageId, Reaction, RoomId, SavedPlace, Seq, UserId};
use crate::store::{LeftBehind, Traces};

const PART: &str = "SELECT seq, author = ?2 AND deleted IS NULL AS own FROM messages
    WHERE room = ?1 AND seq > ?3 ORDER BY seq LIMIT ?4";
const GIVEN: &str = "SELECT m.seq, r.reaction, r.at FROM messages m
    JOIN reactions r ON r.message = m.id AND r.user = ?2
    WHERE m.room = ?1 AND m.seq > ?3 AND m.seq <= ?4 AND m.reacted AND m.deleted IS NULL
    ORDER BY m.seq, r.id";
/// Rows of a user in rooms that are there, without them as a participant.
macro_rules! left_sql {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " JOIN rooms r ON r.id = x.room AND r.deleted IS NULL
             WHERE x.user = ?1 AND NOT EXISTS (SELECT 1 FROM participants p
                WHERE p.room = x.room AND p.user = x.user) ",
            $rest
        )
    };
}

const LEFT_DRAFTS: &str = left_sql!(
    "x.room, x.thread, x.text, x.reply_to, x.at FROM drafts x",
    "ORDER BY x.room, x.thread"
);
const LEFT_FOLLOWS: &str = left_sql!(
    "x.room, x.root, coalesce(x.read, 0) AS read FROM follows x",
    "AND x.following = 1 ORDER BY x.room, x.root"
);
const LEFT_SAVED: &str = left_sql!(
    "x.at, x.room, x.seq FROM saved x
     JOIN messages m ON m.room = x.room AND m.seq = x.seq AND m.deleted IS NULL",
    "ORDER BY x.at, x.room, x.seq"
);
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE user = ?1 AND ended IS NOT NULL";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[PART, GIVEN, LEFT_DRAFTS, LEFT_FOLLOWS, LEFT_SAVED, FORGET_SESSIONS];

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

/// Returns what a user has in rooms in which they do not participate.
pub(super) fn left_behind(conn: &Connection, user: UserId) -> Result<LeftBehind> {
    let follows = sql::all(conn, LEFT_FOLLOWS, [user], |row| {
        let root = MessageId { room: row.get("room")?, seq: row.get("root")? };
        Ok(Follow { root, following: true, read: row.get("read")?, unread: None })
    })?;
    let saved = sql::all(conn, LEFT_SAVED, [user], |row| {
        Ok(SavedPlace { at: row.get("at")?, room: row.get("room")?, seq: row.get("seq")? })
    })?;
    let drafts = sql::all(conn, LEFT_DRAFTS, [user], drafts::from_row)?;
    Ok(LeftBehind { drafts, follows, saved })
}

/// Removes the rows of ended sessions, which would otherwise stay for 31 days. The other rows of a
/// deleted user go when they leave their rooms.
pub(super) fn forget(work: &Work<'_>, user: UserId) -> Result<()> {
    sql::run(work.conn, FORGET_SESSIONS, [user]).map(drop)
}
