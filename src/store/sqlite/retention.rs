//! Removes the content of expired messages, in steps. The rows stay, as those of deleted messages
//! do: they are counted and answered. Their revs stay too, because the room's facts tell clients
//! that they have expired.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{media, posting, sql};
use crate::model::{MediaId, RoomId, Seq};
use crate::store::{Erased, Missing, StoreError};

const STATE: &str = "SELECT expired, erased FROM rooms WHERE id = ?1 AND deleted IS NULL";
/// A pinned message stays until it is unpinned.
const NEXT: &str = "SELECT m.id, m.seq, m.media,
        m.deleted IS NULL AND NOT EXISTS (SELECT 1 FROM pins n WHERE n.room = m.room AND n.seq = \
                    m.seq) AS due
    FROM messages m WHERE m.room = ?1 AND m.seq > ?2 AND m.seq <= ?3 ORDER BY m.seq LIMIT ?4";
const ERASE: &str =
    "UPDATE messages SET text = '', deleted = ?2, media = 0, reacted = 0 WHERE id = ?1";
const FORGET_REACTIONS: &str = "DELETE FROM reactions WHERE message = ?1";
const FILES: &str = "SELECT media FROM message_media WHERE message = ?1";
const REACHED: &str = "UPDATE rooms SET erased = ?2 WHERE id = ?1";
const MEMO: &str = "SELECT CAST(value AS TEXT) FROM settings WHERE key = ?1";
const SET_MEMO: &str = "INSERT INTO settings (key, value) VALUES (?1, CAST(?2 AS BLOB))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
/// Key of what the server remembers of its last run.
pub(super) const KEY: &str = "retention";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[STATE, NEXT, ERASE, FORGET_REACTIONS, FILES, REACHED, MEMO, SET_MEMO];

/// Removes the content of the next expired messages.
pub(super) fn erase(work: &mut Work<'_>, room: RoomId, count: u32) -> Result<Erased, Fault> {
    let conn = work.conn;
    let state = sql::one(conn, STATE, [room], |row| Ok((row.get("expired")?, row.get("erased")?)))?;
    let (expired, erased): (Seq, Seq) = state.ok_or(StoreError::NotFound(Missing::Room))?;
    let found: Vec<(i64, Seq, bool, bool)> =
        sql::all(conn, NEXT, params![room, erased, expired, count], |row| {
            Ok((row.get("id")?, row.get("seq")?, row.get("media")?, row.get("due")?))
        })?;
    let full = found.len() == count as usize;
    let reached = found.last().filter(|_| full).map_or(expired, |(_, seq, ..)| *seq);
    let mut done = Erased { more: reached < expired, ..Erased::default() };
    for (id, seq, files, _) in found.into_iter().filter(|(.., due)| *due) {
        if files {
            done.media.extend(sql::all(conn, FILES, [id], |row| row.get::<_, MediaId>("media"))?);
            media::detach(conn, id)?;
        }
        sql::run(conn, FORGET_REACTIONS, [id])?;
        posting::forget_mentions(conn, room, seq)?;
        sql::run(conn, ERASE, params![id, work.now])?;
        done.messages += 1;
    }
    if reached > erased {
        sql::run(conn, REACHED, params![room, reached])?;
    }
    Ok(done)
}

/// Returns what the server remembers of its last run.
pub(super) fn memo(conn: &Connection) -> Result<Option<String>> {
    sql::one(conn, MEMO, [KEY], |row| row.get(0))
}

/// Remembers it.
pub(super) fn set_memo(work: &Work<'_>, memo: &str) -> Result<()> {
    sql::run(work.conn, SET_MEMO, params![KEY, memo]).map(drop)
}
