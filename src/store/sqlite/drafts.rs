//! What users have begun to write and have not sent.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::sql;
use super::work::Work;
use crate::model::{
    DraftPlace, Event, MAX_DRAFTS, Personal, RoomId, Seq, SocketId, Timestamp, Unsent, UserId,
};
use crate::store::{Missing, StoreError};

/// Drafts in rooms in which their user participates.
macro_rules! drafts_sql {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM drafts d
             JOIN participants p ON p.room = d.room AND p.user = d.user
             JOIN rooms r ON r.id = d.room AND r.deleted IS NULL
             WHERE d.user = ?1",
            $rest
        )
    };
}

const LIST: &str = drafts_sql!(
    "d.room, d.thread, d.text, d.reply_to, d.at",
    " ORDER BY d.at DESC, d.room, d.thread LIMIT ?2"
);
const COUNT: &str = "SELECT count(*) FROM drafts WHERE user = ?1";
const DROP_AWAY: &str = "DELETE FROM drafts WHERE user = ?1
    AND room NOT IN (SELECT room FROM participants WHERE user = ?1)";
const PARTICIPATES: &str = "SELECT 1 FROM participants WHERE room = ?1 AND user = ?2";
const ONE: &str = "SELECT room, thread, text, reply_to, at FROM drafts WHERE user = ?1 AND room = \
                   ?2 AND thread = ?3";
const SET: &str = "INSERT INTO drafts (user, room, thread, text, reply_to, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (user, room, thread) DO UPDATE SET text = excluded.text,
    reply_to = excluded.reply_to, at = excluded.at";
const REMOVE: &str = "DELETE FROM drafts WHERE user = ?1 AND room = ?2 AND thread = ?3";
const FORGET: &str = "DELETE FROM drafts WHERE user = ?1";
const DROP: &str = "DELETE FROM drafts WHERE room = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[LIST, COUNT, DROP_AWAY, PARTICIPATES, ONE, SET, REMOVE, FORGET, DROP];

/// Reads a draft.
pub(super) fn from_row(row: &sql::Row<'_>) -> Result<Unsent> {
    let thread: i64 = row.get("thread")?;
    Ok(Unsent {
        place: DraftPlace { room: row.get("room")?, thread: (thread != 0).then_some(Seq(thread)) },
        text: row.get("text")?,
        reply_to: row.get("reply_to")?,
        at: row.get("at")?,
    })
}

/// Replaces the draft of a place, or removes it if the text is empty.
pub(super) fn change(
    work: &mut Work<'_>,
    user: UserId,
    Unsent { place, text, reply_to, .. }: Unsent,
    socket: Option<SocketId>,
) -> Result<Unsent, Fault> {
    let conn = work.conn;
    if !sql::any(conn, PARTICIPATES, params![place.room, user])? {
        return Err(StoreError::NotFound(Missing::Participant).into());
    }
    let thread = place.thread.map_or(0, |seq| seq.0);
    let before = sql::one(conn, ONE, params![user, place.room, thread], from_row)?;
    let reply_to = reply_to.filter(|_| !text.is_empty());
    let same = before
        .as_ref()
        .map_or(text.is_empty(), |before| before.text == text && before.reply_to == reply_to);
    let at = before.as_ref().map_or(work.now, |before| work.now.max(Timestamp(before.at.0 + 1)));
    let new = Unsent { place, text, reply_to, at };
    if same {
        return Ok(before.unwrap_or(new));
    }
    if new.text.is_empty() {
        sql::run(conn, REMOVE, params![user, place.room, thread])?;
    } else {
        if before.is_none() {
            make_room(conn, user)?;
        }
        sql::run(conn, SET, params![user, place.room, thread, new.text, reply_to, at])?;
    }
    let change = Personal::Draft(new.clone(), socket);
    work.emit(Event::Personal { user, change, at: work.now });
    Ok(new)
}

/// Makes room for one more: those of rooms that the user has left give way.
fn make_room(conn: &Connection, user: UserId) -> Result<(), Fault> {
    if count(conn, user)? < MAX_DRAFTS {
        return Ok(());
    }
    sql::run(conn, DROP_AWAY, [user])?;
    if count(conn, user)? < MAX_DRAFTS {
        return Ok(());
    }
    Err(StoreError::TooManyDrafts.into())
}

fn count(conn: &Connection, user: UserId) -> Result<u32> {
    Ok(sql::one(conn, COUNT, [user], |row| row.get(0))?.unwrap_or_default())
}

/// Returns the drafts of a user in their rooms, the latest first.
pub(super) fn of_user(conn: &Connection, user: UserId) -> Result<Vec<Unsent>> {
    sql::all(conn, LIST, params![user, MAX_DRAFTS], from_row)
}

/// Removes all drafts of a user.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    sql::run(conn, FORGET, [user]).map(drop)
}

/// Removes the drafts of a room.
pub(super) fn drop_all(conn: &Connection, room: RoomId) -> Result<()> {
    sql::run(conn, DROP, [room]).map(drop)
}
