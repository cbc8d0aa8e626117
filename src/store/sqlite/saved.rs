//! Messages that users have saved for later.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{messages, posting, sql};
use crate::model::{
    Event, MAX_SAVED, Message, MessageId, Personal, RoomId, Saved, SavedPlace, Seq, Timestamp,
    UserId,
};
use crate::store::{Missing, StoreError};

/// Saved messages that their user may see: of rooms in which they participate, not deleted.
macro_rules! saved_sql {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM saved s
             JOIN participants p ON p.room = s.room AND p.user = s.user
             JOIN rooms r ON r.id = s.room AND r.deleted IS NULL
             JOIN messages m ON m.room = s.room AND m.seq = s.seq AND m.deleted IS NULL
             WHERE s.user = ?1 ",
            $rest
        )
    };
}

const LIST: &str = saved_sql!(
    "s.at, m.id",
    "AND (s.at, s.room, s.seq) < (?2, ?3, ?4) ORDER BY s.at DESC, s.room DESC, s.seq DESC LIMIT ?5"
);
const COUNT: &str = saved_sql!("count(*)", "");
const ADD: &str =
    "INSERT INTO saved (user, room, seq, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const KNOWN: &str = "SELECT 1 FROM saved WHERE user = ?1 AND room = ?2 AND seq = ?3";
const REMOVE: &str = "DELETE FROM saved WHERE user = ?1 AND room = ?2 AND seq = ?3";
const FORGET: &str = "DELETE FROM saved WHERE user = ?1";
const DROP: &str = "DELETE FROM saved WHERE room = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[LIST, COUNT, ADD, KNOWN, REMOVE, FORGET, DROP];

/// Saves a message, or removes it from the saved ones.
pub(super) fn change(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
    seq: Seq,
    saved: bool,
) -> Result<(), Fault> {
    let conn = work.conn;
    let changed = if saved {
        if !posting::stands(conn, room, seq)? {
            return Err(StoreError::NotFound(Missing::Message).into());
        }
        if sql::any(conn, KNOWN, params![user, room, seq])? {
            return Ok(());
        }
        let count: u32 = sql::one(conn, COUNT, [user], |row| row.get(0))?.unwrap_or_default();
        if count >= MAX_SAVED {
            return Err(StoreError::TooManySaved.into());
        }
        add(conn, user, room, seq, work.now)?
    } else {
        sql::run(conn, REMOVE, params![user, room, seq])? > 0
    };
    if changed {
        let change = Personal::Saved(MessageId { room, seq }, saved);
        work.emit(Event::Personal { user, change, at: work.now });
    }
    Ok(())
}

/// Adds a message to the saved ones; false if it is one already.
pub(super) fn add(
    conn: &Connection,
    user: UserId,
    room: RoomId,
    seq: Seq,
    at: Timestamp,
) -> Result<bool> {
    Ok(sql::run(conn, ADD, params![user, room, seq, at])? > 0)
}

/// Returns a page of saved messages, most recently saved first.
pub(super) fn of_user(
    conn: &Connection,
    user: UserId,
    after: Option<SavedPlace>,
    limit: u32,
) -> Result<Vec<Saved>> {
    let end = SavedPlace { at: Timestamp(i64::MAX), room: RoomId(i64::MAX), seq: Seq(i64::MAX) };
    let SavedPlace { at, room, seq } = after.unwrap_or(end);
    let found: Vec<(Timestamp, i64)> =
        sql::all(conn, LIST, params![user, at, room, seq, limit], |row| {
            Ok((row.get("at")?, row.get("id")?))
        })?;
    let ids: Vec<i64> = found.iter().map(|(_, id)| *id).collect();
    let mut messages: HashMap<i64, Message> = messages::by_rows(conn, &ids)?.into_iter().collect();
    let saved = found.into_iter().filter_map(|(at, id)| {
        let message = messages.remove(&id)?;
        Some(Saved { message, at })
    });
    Ok(saved.collect())
}

/// Removes all saved messages of a user.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    sql::run(conn, FORGET, [user]).map(drop)
}

/// Removes the saved messages of a room.
pub(super) fn drop_all(conn: &Connection, room: RoomId) -> Result<()> {
    sql::run(conn, DROP, [room]).map(drop)
}
