//! Read marks: collected for a short time, merged, and written with the next commit.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result, params};
use tokio::sync::oneshot;

use super::counters::Touch;
use super::error::Fault;
use super::work::{Task, Work};
use super::{sql, threads};
use crate::model::rules::shown_name;
use crate::model::{Event, Person, Personal, ReadMark, RoomId, Seq, Timestamp, UserId};
use crate::store::{Missing, StoreError};

/// Maximum time to wait for another commit.
const PATIENCE: Duration = Duration::from_millis(100);
/// Flush immediately once this many marks are queued.
const MANY: usize = 500;

const STANDING: &str = "SELECT p.mark, p.mark_at, iif(p.unread_mark = p.mark, p.unread_from - 1, \
                        p.mark) AS own, p.edited_name, u.login, u.name, u.bot, r.last_seq, \
                        r.users,
        (SELECT m.author FROM messages m WHERE m.room = r.id AND m.seq = min(max(?3, p.mark), \
                        r.last_seq)) AS author
    FROM participants p JOIN rooms r ON r.id = p.room JOIN users u ON u.id = p.user
    WHERE p.room = ?1 AND p.user = ?2 AND r.deleted IS NULL AND u.deleted IS NULL";
const MOVE: &str = "UPDATE participants SET mark = ?3, mark_at = ?4 WHERE room = ?1 AND user = ?2";
const SET_UNREAD: &str =
    "UPDATE participants SET unread_from = ?3, unread_mark = mark WHERE room = ?1 AND user = ?2";
// Expired messages are not unread, whether their content is removed by now or not.
const UNREAD_ABOVE: &str = "SELECT r.last_seq - max(r.expired, ?2) - (SELECT count(*) FROM messages d \
                            WHERE d.room = r.id AND d.seq > max(r.expired, ?2) AND d.deleted IS \
                            NOT NULL) FROM rooms r WHERE r.id = ?1";
const READERS: &str = "SELECT p.user, p.mark, p.mark_at, u.login,
        iif(u.bot, 0, r.last_seq - max(r.expired, p.mark) - (SELECT count(*) FROM messages d \
                       WHERE d.room = r.id AND d.seq > max(r.expired, p.mark) AND d.deleted IS \
                       NOT NULL)) AS unread
    FROM rooms r JOIN participants p ON p.room = r.id JOIN users u ON u.id = p.user
    WHERE r.id = ?1 AND r.deleted IS NULL AND p.mark >= ?2 AND u.deleted IS NULL
    ORDER BY p.id";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[STANDING, MOVE, SET_UNREAD, UNREAD_ABOVE, READERS];

type Answer = oneshot::Sender<std::result::Result<ReadMark, StoreError>>;

/// A request to move a mark.
pub(super) struct MarkOrder {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) upto: Seq,
    pub(super) answer: Answer,
}

impl MarkOrder {
    pub(super) fn refuse(self) {
        // The caller may have disconnected.
        drop(self.answer.send(Err(StoreError::Unavailable)));
    }
}

/// Marks waiting for a commit.
#[derive(Default)]
pub(super) struct Marks {
    waiting: HashMap<(RoomId, UserId), (Seq, Vec<Answer>)>,
    until: Option<Instant>,
}

impl Marks {
    pub(super) fn add(&mut self, order: MarkOrder) {
        self.until.get_or_insert_with(|| Instant::now() + PATIENCE);
        match self.waiting.entry((order.room, order.user)) {
            Entry::Occupied(mut entry) => {
                let (upto, answers) = entry.get_mut();
                *upto = order.upto.max(*upto);
                answers.push(order.answer);
            }
            Entry::Vacant(entry) => {
                entry.insert((order.upto, vec![order.answer]));
            }
        }
    }

    /// Returns when they must be written at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Returns whether they must be written now.
    pub(super) fn due(&self) -> bool {
        self.waiting.len() >= MANY || self.until.is_some_and(|until| until <= Instant::now())
    }

    /// Returns all waiting marks as one task.
    pub(super) fn take(&mut self) -> Option<MarkTask> {
        self.until = None;
        if self.waiting.is_empty() {
            return None;
        }
        let marks = self.waiting.drain().map(|((room, user), (upto, answers))| Moved {
            room,
            user,
            upto,
            answers,
            outcome: Err(StoreError::Unavailable),
        });
        Some(MarkTask { marks: marks.collect() })
    }
}

/// Marks being written.
pub(super) struct MarkTask {
    marks: Vec<Moved>,
}

struct Moved {
    room: RoomId,
    user: UserId,
    upto: Seq,
    answers: Vec<Answer>,
    outcome: std::result::Result<ReadMark, StoreError>,
}

impl Task for MarkTask {
    fn run(&mut self, work: &mut Work<'_>) -> Result<()> {
        work.touch(Touch::Marks)?;
        for mark in &mut self.marks {
            mark.outcome = write(work, mark.room, mark.user, mark.upto)?
                .ok_or(StoreError::NotFound(Missing::Participant));
        }
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<StoreError>) {
        for mark in self.marks {
            for answer in mark.answers {
                let outcome = failed.clone().map_or_else(|| mark.outcome.clone(), Err);
                // The caller may have disconnected.
                drop(answer.send(outcome));
            }
        }
    }
}

struct MarkRow {
    mark: Seq,
    /// The mark as its user sees it: lower after marking messages as unread.
    own: Seq,
    at: Timestamp,
    last_seq: Seq,
    person: Person,
    /// A bot, which has nothing unread.
    bot: bool,
    participants: u32,
    author: Option<UserId>,
}

fn standing(conn: &Connection, room: RoomId, user: UserId, upto: Seq) -> Result<Option<MarkRow>> {
    sql::one(conn, STANDING, params![room, user, upto], |row| {
        let person = Person {
            id: user,
            login: row.get("login")?,
            name: shown_name(&row.get::<_, String>("edited_name")?, &row.get::<_, String>("name")?)
                .to_owned(),
        };
        Ok(MarkRow {
            mark: row.get("mark")?,
            own: row.get("own")?,
            at: row.get("mark_at")?,
            last_seq: row.get("last_seq")?,
            person,
            bot: row.get("bot")?,
            participants: row.get("users")?,
            author: row.get("author")?,
        })
    })
}

fn write(work: &mut Work<'_>, room: RoomId, user: UserId, upto: Seq) -> Result<Option<ReadMark>> {
    let Some(stands) = standing(work.conn, room, user, upto)? else { return Ok(None) };
    let seq = upto.min(stands.last_seq);
    if seq <= stands.mark {
        return set_own(work, room, user, &stands, stands.own.max(seq)).map(Some);
    }
    sql::run(work.conn, MOVE, params![room, user, seq, work.now])?;
    let unread = unread(work.conn, room, seq, &stands)?;
    let mark = ReadMark { room, user, seq, at: work.now, unread };
    let author = stands.author.unwrap_or_default();
    work.emit(Event::Marked {
        mark: mark.clone(),
        person: stands.person,
        author,
        participants: stands.participants,
    });
    Ok(Some(mark))
}

/// Makes this message and all later ones unread for the user.
pub(super) fn unread_from(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
    from: Seq,
) -> Result<ReadMark, Fault> {
    let stands =
        standing(work.conn, room, user, from)?.ok_or(StoreError::NotFound(Missing::Participant))?;
    let before = Seq(from.0.max(1) - 1);
    let mark = set_own(work, room, user, &stands, stands.own.min(before))?;
    threads::read_back(work, room, user, before)?;
    Ok(mark)
}

/// Sets the mark as its user sees it, which is at most the one that others see.
fn set_own(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
    stands: &MarkRow,
    own: Seq,
) -> Result<ReadMark> {
    let unread = unread(work.conn, room, own, stands)?;
    let mark = ReadMark { room, user, seq: own, at: stands.at, unread };
    if own != stands.own {
        sql::run(work.conn, SET_UNREAD, params![room, user, own.next()])?;
        let change = Personal::Mark(mark.clone(), stands.person.login.clone());
        work.emit(Event::Personal { user, change, at: work.now });
    }
    Ok(mark)
}

/// Returns the number of messages above the mark that are not deleted.
fn unread(conn: &Connection, room: RoomId, mark: Seq, of: &MarkRow) -> Result<u32> {
    if of.bot {
        return Ok(0);
    }
    let unread: i64 =
        sql::one(conn, UNREAD_ABOVE, params![room, mark], |row| row.get(0))?.unwrap_or_default();
    Ok(u32::try_from(unread).unwrap_or_default())
}

/// Returns marks at or above this message, with login names.
pub(super) fn readers(
    conn: &Connection,
    room: RoomId,
    seq: Seq,
) -> Result<Vec<(ReadMark, String)>> {
    sql::all(conn, READERS, params![room, seq], |row| {
        let mark = ReadMark {
            room,
            user: row.get("user")?,
            seq: row.get("mark")?,
            at: row.get("mark_at")?,
            unread: row.get("unread")?,
        };
        Ok((mark, row.get("login")?))
    })
}
