//! Pinned messages of rooms.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::{messages, participants, posting, sql};
use crate::model::{Message, Pin, RoomId, Seq, Timestamp, UserId};

const PIN: &str =
    "INSERT INTO pins (room, seq, user, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const PINNED: &str = "SELECT 1 FROM pins WHERE room = ?1 AND seq = ?2";
const UNPIN: &str = "DELETE FROM pins WHERE room = ?1 AND seq = ?2";
const DROP: &str = "DELETE FROM pins WHERE room = ?1";
const OF_ROOM: &str = "SELECT p.seq, p.user, p.at, m.id FROM pins p JOIN messages m ON m.room = \
                       p.room AND m.seq = p.seq
    WHERE p.room = ?1 ORDER BY p.at DESC, p.seq DESC";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[PIN, PINNED, UNPIN, DROP, OF_ROOM];

/// Returns whether a message is pinned.
pub(super) fn is_pinned(conn: &Connection, room: RoomId, seq: Seq) -> Result<bool> {
    sql::any(conn, PINNED, params![room, seq])
}

/// Pins a message. None if the message does not exist or has expired, false if it is pinned already.
pub(super) fn pin(
    conn: &Connection,
    (room, expired): (RoomId, Seq),
    seq: Seq,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<Option<bool>> {
    let is_gone = seq <= expired && !is_pinned(conn, room, seq)?;
    if is_gone || !posting::stands(conn, room, seq)? {
        return Ok(None);
    }
    Ok(Some(sql::run(conn, PIN, params![room, seq, by, at])? > 0))
}

/// Unpins a message; false if it is not pinned.
pub(super) fn unpin(conn: &Connection, room: RoomId, seq: Seq) -> Result<bool> {
    Ok(sql::run(conn, UNPIN, params![room, seq])? > 0)
}

/// Removes all pins of a room.
pub(super) fn drop_all(conn: &Connection, room: RoomId) -> Result<()> {
    sql::run(conn, DROP, [room]).map(drop)
}

/// Returns the pinned messages, most recently pinned first.
pub(super) fn of_room(conn: &Connection, room: RoomId) -> Result<Vec<Pin>> {
    let found: Vec<(Option<UserId>, Timestamp, i64)> = sql::all(conn, OF_ROOM, [room], |row| {
        Ok((row.get("user")?, row.get("at")?, row.get("id")?))
    })?;
    let ids: Vec<i64> = found.iter().map(|(_, _, id)| *id).collect();
    let mut messages: HashMap<i64, Message> = messages::by_rows(conn, &ids)?.into_iter().collect();
    let mut pins = Vec::with_capacity(found.len());
    for (by, at, id) in found {
        let Some(message) = messages.remove(&id) else { continue };
        let by = by.map(|user| participants::who(conn, room, user)).transpose()?;
        pins.push(Pin { message, by, at });
    }
    Ok(pins)
}
