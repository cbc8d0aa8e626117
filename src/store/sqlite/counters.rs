//! Counters of rooms needed for posting, kept between messages and written once per commit.
//!
//! A message then costs one row instead of four. Any other change of a room first writes and
//! removes its counters ([`Counters::make_way`]), and a rollback removes all, so that they can
//! never be older than the rows.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::sql;
use crate::model::{Person, Rev, RoomId, Seq, Timestamp, UserId};

const ROOM: &str = "SELECT last_seq, rev, facts_rev, mode_rev, last_time FROM rooms WHERE id = ?1 \
                    AND deleted IS NULL";
const WRITE_ROOM: &str = "UPDATE rooms SET last_seq = ?2, rev = ?3, last_time = ?4 WHERE id = ?1";
const AUTHOR: &str = "SELECT u.login, u.name, p.edited_name, p.since
    FROM users u LEFT JOIN participants p ON p.room = ?1 AND p.user = u.id
    WHERE u.id = ?2 AND u.deleted IS NULL";
const WRITE_MARK: &str =
    "UPDATE participants SET mark = ?3, mark_at = ?4 WHERE room = ?1 AND user = ?2 AND mark < ?3";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[ROOM, WRITE_ROOM, AUTHOR, WRITE_MARK];

/// Beyond this number of rooms all are removed.
const MAX_ROOMS: usize = 10_000;
/// Beyond this number of authors a room is removed.
const MAX_AUTHORS: usize = 1_000;
/// Number of rooms, and of authors per room, that a debug build compares with their rows.
#[cfg(debug_assertions)]
const CHECKED: usize = 4;

/// Counters of rooms with recent posts.
#[derive(Default)]
pub(super) struct Counters {
    rooms: HashMap<RoomId, RoomCounters>,
    unwritten: Vec<RoomId>,
}

/// What an operation changes of existing rooms: of the rows behind [`Counters`], and of what readers
/// see ([`Versions`](super::versions::Versions)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// Nothing.
    Nothing,
    /// One room, through the counters.
    Counters(RoomId),
    /// Only read marks: they must be written first, but stay valid. Nothing that has a version.
    Marks,
    /// One room.
    Room(RoomId),
    /// Names of users, or several rooms.
    Much,
}

/// Counters of a room.
pub(super) struct RoomCounters {
    pub(super) last_seq: Seq,
    pub(super) rev: Rev,
    pub(super) facts_rev: Rev,
    pub(super) mode_rev: Rev,
    pub(super) last_time: Timestamp,
    authors: HashMap<UserId, Author>,
    marks: Vec<(UserId, Seq, Timestamp)>,
    unwritten: bool,
}

/// An author in a room.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) person: Person,
    /// None: not a participant.
    pub(super) since: Option<Rev>,
}

impl Counters {
    /// Returns the room's counters; None if the room does not exist.
    pub(super) fn room(
        &mut self,
        conn: &Connection,
        id: RoomId,
    ) -> Result<Option<&mut RoomCounters>> {
        if !self.rooms.contains_key(&id) {
            if self.rooms.len() >= MAX_ROOMS {
                self.write(conn)?;
                self.rooms.clear();
            }
            let found = sql::one(conn, ROOM, [id], |row| {
                Ok(RoomCounters {
                    last_seq: row.get("last_seq")?,
                    rev: row.get("rev")?,
                    facts_rev: row.get("facts_rev")?,
                    mode_rev: row.get("mode_rev")?,
                    last_time: row.get("last_time")?,
                    authors: HashMap::new(),
                    marks: Vec::new(),
                    unwritten: false,
                })
            })?;
            if let Some(room) = found {
                self.rooms.insert(id, room);
            }
        }
        Ok(self.rooms.get_mut(&id))
    }

    /// Advances by one message of this author.
    pub(super) fn advance(
        &mut self,
        id: RoomId,
        author: UserId,
        seq: Seq,
        rev: Rev,
        at: Timestamp,
    ) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        (room.last_seq, room.rev, room.last_time) = (seq, rev, at);
        match room.marks.iter_mut().find(|(user, ..)| *user == author) {
            Some(mark) => *mark = (author, seq, at),
            None => room.marks.push((author, seq, at)),
        }
        if !room.unwritten {
            room.unwritten = true;
            self.unwritten.push(id);
        }
    }

    /// Prepares for an operation that reads and changes the rows directly.
    pub(super) fn make_way(&mut self, conn: &Connection, touch: Touch) -> Result<()> {
        match touch {
            Touch::Nothing | Touch::Counters(_) => {}
            Touch::Marks => self.write(conn)?,
            Touch::Room(id) => {
                self.write(conn)?;
                self.rooms.remove(&id);
            }
            Touch::Much => {
                self.write(conn)?;
                self.rooms.clear();
            }
        }
        Ok(())
    }

    /// Writes changed counters; called before each commit.
    pub(super) fn write(&mut self, conn: &Connection) -> Result<()> {
        for id in std::mem::take(&mut self.unwritten) {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            sql::run(conn, WRITE_ROOM, params![id, room.last_seq, room.rev, room.last_time])?;
            for (user, seq, at) in room.marks.drain(..) {
                sql::run(conn, WRITE_MARK, params![id, user, seq, at])?;
            }
            room.unwritten = false;
        }
        Ok(())
    }

    /// Compares some counters with their rows, so that tests fail if an operation changed more than
    /// it declared ([`Touch`]).
    #[cfg(debug_assertions)]
    pub(super) fn check(&self, conn: &Connection) -> Result<()> {
        for (id, room) in self.rooms.iter().take(CHECKED) {
            let stored = sql::one(conn, ROOM, [id], |row| {
                let last: (Seq, Rev, Timestamp) =
                    (row.get("last_seq")?, row.get("rev")?, row.get("last_time")?);
                Ok((row.get::<_, Rev>("facts_rev")?, row.get::<_, Rev>("mode_rev")?, last))
            })?;
            let known = (room.last_seq, room.rev, room.last_time);
            assert!(
                stored.is_some_and(|(facts_rev, mode_rev, last)| {
                    facts_rev == room.facts_rev
                        && mode_rev == room.mode_rev
                        && (room.unwritten || last == known)
                }),
                "the counters of room {id} differ from its row"
            );
            for (user, author) in room.authors.iter().take(CHECKED) {
                let stored = stored_author(conn, *id, *user)?;
                assert!(
                    stored.as_ref() == Some(author),
                    "author {user} of room {id} differs from the rows"
                );
            }
        }
        Ok(())
    }

    /// Removes all counters after a rollback.
    pub(super) fn forget(&mut self) {
        self.rooms.clear();
        self.unwritten.clear();
    }
}

impl RoomCounters {
    /// Returns the author as named in this room; None for an unknown or deleted user.
    pub(super) fn author(
        &mut self,
        conn: &Connection,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<Author>> {
        if let Some(author) = self.authors.get(&user) {
            return Ok(Some(author.clone()));
        }
        let found = stored_author(conn, room, user)?;
        if let Some(author) = &found {
            if self.authors.len() >= MAX_AUTHORS {
                self.authors.clear();
            }
            self.authors.insert(user, author.clone());
        }
        Ok(found)
    }
}

fn stored_author(conn: &Connection, room: RoomId, user: UserId) -> Result<Option<Author>> {
    sql::one(conn, AUTHOR, params![room, user], |row| {
        let edited: Option<String> = row.get("edited_name")?;
        let name = match edited {
            Some(edited) if !edited.is_empty() => edited,
            _ => row.get("name")?,
        };
        Ok(Author {
            person: Person { id: user, login: row.get("login")?, name },
            since: row.get("since")?,
        })
    })
}
