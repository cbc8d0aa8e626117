//! Places of messages in an index whose messages have no rows of their own: each gets a row by its
//! time, so that all servers list the same messages in the same order, and each room has its
//! progress.

use rusqlite::{Connection, OptionalExtension as _, Result, Statement, params};

use super::index::{ADD, Index, REMOVE, facts};
use crate::model::{MessageId, Rev, RoomId, Searchable, Seq, Timestamp, index_words};

/// Tables besides those of the index.
pub(in crate::store) const TABLES: &str = "CREATE TABLE places (
        row INTEGER PRIMARY KEY,
        room INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        UNIQUE (room, seq)
    ) STRICT;
    CREATE TABLE followed (
        room INTEGER PRIMARY KEY,
        rev INTEGER NOT NULL,
        upto INTEGER,
        aim INTEGER
    ) STRICT;";
const ROOMS: &str = "SELECT count(*) FROM followed";
const PROGRESS: &str = "SELECT rev, upto, aim FROM followed WHERE room = ?1";
const MOVE: &str = "INSERT INTO followed (room, rev, upto, aim) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (room) DO UPDATE SET rev = excluded.rev, upto = excluded.upto, aim = excluded.aim";
const FORGET: &str = "DELETE FROM followed WHERE room = ?1";
const ROW: &str = "SELECT row FROM places WHERE room = ?1 AND seq = ?2";
const TAKE: &str =
    "INSERT INTO places (row, room, seq) VALUES (?1, ?2, ?3) ON CONFLICT (row) DO NOTHING";
const LEAVE: &str = "DELETE FROM places WHERE row = ?1";
const OF_ROOM: &str = "SELECT row FROM places WHERE room = ?1 LIMIT ?2";
const OF_ROWS: &str =
    "SELECT row, room, seq FROM places WHERE row IN (SELECT value FROM json_each(?1))";

/// Bits of a row below its time in milliseconds.
const BELOW_TIME: u32 = 21;
/// The latest time of a row; a message from the future is still the newest.
const MAX_TIME: i64 = (1 << (63 - BELOW_TIME)) - 1;
/// Messages of a deleted room that are removed in one transaction.
const REMOVED: usize = 1_000;
/// Messages between pauses: one or two milliseconds.
const SLICE: usize = 100;

/// How far an index has followed a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Progress {
    /// Everything up to this rev is in the index.
    pub(in crate::store) rev: Rev,
    /// A walk over all messages that is not finished.
    pub(in crate::store) walk: Option<Walk>,
}

/// A walk over all messages of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Walk {
    /// Messages up to this one are in the index.
    pub(in crate::store) upto: Seq,
    /// At its end, everything up to this rev is in the index.
    pub(in crate::store) aim: Rev,
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Said {
    pub(in crate::store) seq: Seq,
    /// None: it is deleted.
    pub(in crate::store) content: Option<Searchable>,
}

/// Changes of a room for an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Heard {
    pub(in crate::store) room: RoomId,
    /// Changed messages, oldest change first.
    pub(in crate::store) said: Vec<Said>,
    /// Progress after them; None: the room is gone.
    pub(in crate::store) progress: Option<Progress>,
}

impl Index {
    /// Returns how far the index has followed a room; None: not at all.
    pub(in crate::store) fn progress(&self, room: RoomId) -> Result<Option<Progress>> {
        self.0
            .prepare_cached(PROGRESS)?
            .query_row([room.0], |row| {
                let walk =
                    row.get::<_, Option<i64>>("upto")?.zip(row.get::<_, Option<i64>>("aim")?);
                let walk = walk.map(|(upto, aim)| Walk { upto: Seq(upto), aim: Rev(aim) });
                Ok(Progress { rev: Rev(row.get("rev")?), walk })
            })
            .optional()
    }

    /// Adds changes of rooms with the progress, all or nothing. Returns the deleted rooms of which
    /// messages are left. Calls `pause` between some messages.
    pub(in crate::store) fn hear(
        &mut self,
        heard: &[Heard],
        pause: &dyn Fn(),
    ) -> Result<Vec<RoomId>> {
        let tx = self.0.transaction()?;
        let mut left = Vec::new();
        {
            let mut writer = Writer::of(&tx)?;
            for Heard { room, said, progress } in heard {
                for some in said.chunks(SLICE) {
                    pause();
                    some.iter().try_for_each(|said| writer.put(*room, said))?;
                }
                match progress {
                    Some(Progress { rev, walk }) => {
                        let (upto, aim) = walk.map(|walk| (walk.upto.0, walk.aim.0)).unzip();
                        tx.prepare_cached(MOVE)?.execute(params![room.0, rev.0, upto, aim])?;
                    }
                    None if writer.remove_some(*room)? => left.push(*room),
                    None => drop(tx.prepare_cached(FORGET)?.execute([room.0])?),
                }
            }
        }
        tx.commit()?;
        Ok(left)
    }
}

/// Prepared statements of a transaction.
struct Writer<'c> {
    row: Statement<'c>,
    take: Statement<'c>,
    leave: Statement<'c>,
    of_room: Statement<'c>,
    add: Statement<'c>,
    remove: Statement<'c>,
}

impl<'c> Writer<'c> {
    fn of(conn: &'c Connection) -> Result<Self> {
        Ok(Self {
            row: conn.prepare(ROW)?,
            take: conn.prepare(TAKE)?,
            leave: conn.prepare(LEAVE)?,
            of_room: conn.prepare(OF_ROOM)?,
            add: conn.prepare(ADD)?,
            remove: conn.prepare(REMOVE)?,
        })
    }

    /// Replaces what the index has of a message.
    fn put(&mut self, room: RoomId, said: &Said) -> Result<()> {
        let known =
            self.row.query_row([room.0, said.seq.0], |row| row.get::<_, i64>(0)).optional()?;
        if let Some(row) = known {
            self.remove.execute([row])?;
            if said.content.is_none() {
                self.leave.execute([row])?;
            }
        }
        let Some(content) = &said.content else { return Ok(()) };
        let row = known.map_or_else(|| self.free(room, said.seq, content.created), Ok)?;
        let words = index_words(&content.searched());
        self.add.execute(params![row, facts(room, content), words])?;
        Ok(())
    }

    /// Takes a row for a message: the first free one from its time and seq on.
    fn free(&mut self, room: RoomId, seq: Seq, created: Timestamp) -> Result<i64> {
        let mut row = row_of(created, seq);
        while self.take.execute([row, room.0, seq.0])? == 0 {
            row = row.checked_add(1).unwrap_or(1);
        }
        Ok(row)
    }

    /// Removes some messages of a room; returns whether more may be left.
    fn remove_some(&mut self, room: RoomId) -> Result<bool> {
        let limit = i64::try_from(REMOVED).unwrap_or(i64::MAX);
        let rows: Vec<i64> =
            self.of_room.query_map([room.0, limit], |row| row.get(0))?.collect::<Result<_>>()?;
        for row in &rows {
            self.remove.execute([row])?;
            self.leave.execute([row])?;
        }
        Ok(rows.len() == REMOVED)
    }
}

/// Returns the row of a message: rows are in the order of time, those of one room and millisecond in
/// the order of seq.
fn row_of(created: Timestamp, seq: Seq) -> i64 {
    created.0.clamp(0, MAX_TIME) << BELOW_TIME | (seq.0 & ((1 << BELOW_TIME) - 1))
}

/// Returns the lowest row of messages created then or later.
pub(in crate::store) fn row_at(time: Timestamp) -> i64 {
    row_of(time, Seq(0))
}

/// Returns the messages of these rows.
pub(super) fn messages(conn: &Connection, rows: &[i64]) -> Result<Vec<(i64, MessageId)>> {
    let rows = crate::store::sqlite::sql::list(rows.iter().copied());
    conn.prepare_cached(OF_ROWS)?
        .query_map([rows], |row| {
            let id = MessageId { room: RoomId(row.get("room")?), seq: Seq(row.get("seq")?) };
            Ok((row.get("row")?, id))
        })?
        .collect()
}

/// Returns the number of rooms.
pub(super) fn rooms(conn: &Connection) -> Result<u64> {
    let count: i64 = conn.prepare_cached(ROOMS)?.query_row((), |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

#[cfg(test)]
mod tests;
