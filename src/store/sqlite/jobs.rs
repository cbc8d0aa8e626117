//! Jobs: work too large for one commit, kept in the rows of `jobs` and executed in steps between
//! other commits.
//!
//! A step and the remaining work are stored in one transaction, so a crash repeats nothing and
//! loses nothing.

use std::time::Duration;

use rusqlite::{Connection, Result, params};

use super::job_orders::{FAREWELL, NAME, PRUNE, ROOM, SUCCESSION};
use super::work::Work;
use super::{audit, drafts, participants, pins, posting, room_changes, rooms, saved, sql, threads};
use crate::model::rules::{plan_departure, plan_handover, plan_rename, shown_name};
use crate::model::{Person, RoomFacts, RoomId, Timestamp, UserId, Who};

/// Returns whether there are jobs left.
pub(super) fn waiting(conn: &Connection) -> Result<bool> {
    sql::any(conn, MORE, ())
}

/// Interval of removing old entries.
pub(super) const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// How long client ids and ended sessions are kept (the contract: at least 30 days).
const REMEMBERED: Duration = Duration::from_hours(31 * 24);
/// Rows per step.
const ROWS: i64 = 500;

// Jobs with visible results come first.
const NEXT: &str = "SELECT id, kind, target, cursor, login, name FROM jobs ORDER BY kind IN \
                    ('room', 'prune'), id LIMIT 1";
const MOVE: &str = "UPDATE jobs SET cursor = ?2 WHERE id = ?1";
const DONE: &str = "DELETE FROM jobs WHERE id = ?1";
const MORE: &str = "SELECT 1 FROM jobs";

const SOME_MESSAGES: &str = "SELECT id FROM messages WHERE room = ?1 ORDER BY seq LIMIT ?2";
const DROP_REACTIONS: &str =
    "DELETE FROM reactions WHERE message IN (SELECT value FROM json_each(?1))";
const DROP_MEDIA: &str =
    "DELETE FROM message_media WHERE message IN (SELECT value FROM json_each(?1))";
const DROP_MESSAGES: &str = "DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?1))";
const DROP_MENTIONS: &str = "DELETE FROM mentions WHERE (room, user, seq) IN (SELECT room, user, \
                             seq FROM mentions WHERE room = ?1 LIMIT ?2)";
const DROP_PARTICIPANTS: &str =
    "DELETE FROM participants WHERE id IN (SELECT id FROM participants WHERE room = ?1 LIMIT ?2)";
const DROP_ROOM: &str = "DELETE FROM rooms WHERE id = ?1 AND deleted IS NOT NULL";

const ROOM_OF: &str =
    "SELECT room FROM participants WHERE user = ?1 AND room > ?2 ORDER BY room LIMIT 1";
const OWNED: &str = "SELECT id FROM rooms WHERE owner = ?1 LIMIT 1";
const OWNER: &str = "SELECT owner FROM rooms WHERE id = ?1";
const DISOWN: &str = "UPDATE rooms SET owner = NULL WHERE id = ?1";

const OLD_CLIENT_IDS: &str = "SELECT max(id), count(*) FROM
    (SELECT id, created FROM messages WHERE id > ?1 ORDER BY id LIMIT ?3) WHERE created < ?2";
const FORGET_CLIENT_IDS: &str = "UPDATE messages SET client_id = NULL WHERE id > ?1 AND id <= ?2 \
                                 AND created < ?3 AND client_id IS NOT NULL";
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE id IN
    (SELECT id FROM sessions WHERE coalesce(ended, expires) < ?1 LIMIT ?2)";
const OLD_CHANGES: &str =
    "SELECT max(id) FROM (SELECT id FROM search_changes WHERE at < ?1 ORDER BY id LIMIT ?2)";
const FORGET_CHANGES: &str = "DELETE FROM search_changes WHERE id <= ?1";
const CHANGES_PRUNED: &str = "INSERT INTO settings (key, value) VALUES ('search_pruned', \
                              CAST(CAST(?1 AS TEXT) AS BLOB))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const PRUNED: &str = "INSERT INTO settings (key, value) VALUES ('pruned', CAST(CAST(?1 AS TEXT) \
                      AS BLOB))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    NEXT,
    MOVE,
    DONE,
    MORE,
    SOME_MESSAGES,
    DROP_REACTIONS,
    DROP_MEDIA,
    DROP_MESSAGES,
    DROP_MENTIONS,
    DROP_PARTICIPANTS,
    DROP_ROOM,
    ROOM_OF,
    OWNED,
    OWNER,
    DISOWN,
    OLD_CLIENT_IDS,
    FORGET_CLIENT_IDS,
    FORGET_SESSIONS,
    OLD_CHANGES,
    FORGET_CHANGES,
    CHANGES_PRUNED,
    PRUNED,
];

struct Job {
    id: i64,
    kind: String,
    target: i64,
    cursor: i64,
    login: String,
    name: String,
}

fn job_from_row(row: &sql::Row<'_>) -> Result<Job> {
    Ok(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        target: row.get("target")?,
        cursor: row.get("cursor")?,
        login: row.get("login")?,
        name: row.get("name")?,
    })
}

/// Executes one step of the oldest job; true while there is more to do.
pub(super) fn step(work: &mut Work<'_>) -> Result<bool> {
    let Some(job) = sql::one(work.conn, NEXT, (), job_from_row)? else { return Ok(false) };
    let done = match job.kind.as_str() {
        ROOM => empty_room(work.conn, RoomId(job.target))?,
        FAREWELL => farewell(work, &job)?,
        NAME => name(work, &job)?,
        SUCCESSION => succession(work, &job)?,
        PRUNE => prune(work, &job)?,
        other => {
            tracing::error!(store.job = other, "A job of unknown kind was dropped");
            true
        }
    };
    if done {
        sql::run(work.conn, DONE, [job.id])?;
    }
    sql::any(work.conn, MORE, ())
}

fn empty_room(conn: &Connection, room: RoomId) -> Result<bool> {
    let some: Vec<i64> = sql::all(conn, SOME_MESSAGES, params![room, ROWS], |row| row.get(0))?;
    if !some.is_empty() {
        let ids = sql::list(some);
        sql::run(conn, DROP_REACTIONS, [&ids])?;
        sql::run(conn, DROP_MEDIA, [&ids])?;
        sql::run(conn, DROP_MESSAGES, [&ids])?;
        return Ok(false);
    }
    if sql::run(conn, DROP_MENTIONS, params![room, ROWS])? > 0
        || sql::run(conn, DROP_PARTICIPANTS, params![room, ROWS])? > 0
    {
        return Ok(false);
    }
    pins::drop_all(conn, room)?;
    saved::drop_all(conn, room)?;
    threads::drop_all(conn, room)?;
    drafts::drop_all(conn, room)?;
    posting::forget_calls(conn, room)?;
    sql::run(conn, DROP_ROOM, [room])?;
    Ok(true)
}

/// Leaves one room, and passes on what only this user could administer.
fn farewell(work: &mut Work<'_>, job: &Job) -> Result<bool> {
    let user = UserId(job.target);
    let joined = sql::one(work.conn, ROOM_OF, params![user, 0], |row| row.get(0))?;
    let Some(id) = (match joined {
        Some(id) => Some(id),
        None => sql::one(work.conn, OWNED, [user], |row| row.get(0))?,
    }) else {
        return Ok(true);
    };
    let Some(facts) = rooms::facts(work.conn, id)? else {
        // The room is being deleted too; its own job removes the rest.
        participants::remove(work.conn, id, user)?;
        sql::run(work.conn, DISOWN, [id])?;
        return Ok(false);
    };
    let edited = facts.participant(user).map_or("", |leaving| &leaving.edited_name);
    let person = Person {
        id: user,
        login: job.login.clone(),
        name: shown_name(edited, &job.name).to_owned(),
    };
    // The row of a deleted user does not count as an owner, so `room.owner` is empty already.
    let owned = sql::one(work.conn, OWNER, [id], |row| row.get::<_, Option<UserId>>(0))?.flatten()
        == Some(user);
    let changes = plan_departure(&facts, &person, owned);
    room_changes::store(work, &facts.room, person.into(), None, &changes)?;
    Ok(false)
}

/// Passes on the administration of one room, if the user can no longer administer it.
fn succession(work: &mut Work<'_>, job: &Job) -> Result<bool> {
    let user = UserId(job.target);
    let Some(id) =
        sql::one(work.conn, ROOM_OF, params![user, job.cursor], |row| row.get::<_, RoomId>(0))?
    else {
        return Ok(true);
    };
    sql::run(work.conn, MOVE, params![job.id, id])?;
    let Some(facts) = rooms::facts(work.conn, id)? else { return Ok(false) };
    let changes = plan_handover(&facts, user);
    room_changes::store(work, &facts.room, Who::Server, None, &changes)?;
    Ok(false)
}

/// Sends the new name to the participants of one room.
fn name(work: &mut Work<'_>, job: &Job) -> Result<bool> {
    let user = UserId(job.target);
    let Some(id) =
        sql::one(work.conn, ROOM_OF, params![user, job.cursor], |row| row.get::<_, RoomId>(0))?
    else {
        return Ok(true);
    };
    if let Some(room) = rooms::room(work.conn, id)? {
        let participants = participants::these(work.conn, id, &[user])?;
        let facts = RoomFacts { room, participants };
        let by = participants::who(work.conn, id, user)?;
        room_changes::store(work, &facts.room, by, None, &plan_rename(&facts, user))?;
    }
    sql::run(work.conn, MOVE, params![job.id, id])?;
    Ok(false)
}

fn prune(work: &Work<'_>, job: &Job) -> Result<bool> {
    let conn = work.conn;
    let before = Timestamp(
        work.now.0.saturating_sub(i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX)),
    );
    let old = sql::one(conn, OLD_CLIENT_IDS, params![job.cursor, before, ROWS], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    if let Some((Some(last), count)) = old {
        let (last, count): (i64, i64) = (last, count);
        sql::run(conn, FORGET_CLIENT_IDS, params![job.cursor, last, before])?;
        sql::run(conn, MOVE, params![job.id, last])?;
        sql::run(conn, PRUNED, [last])?;
        if count == ROWS {
            return Ok(false);
        }
    }
    // The search index has long processed these changes; if not, it is rebuilt.
    let yesterday = Timestamp(work.now.0.saturating_sub(24 * 3_600_000));
    let listed =
        sql::one(conn, OLD_CHANGES, params![yesterday, ROWS], |row| row.get::<_, Option<i64>>(0))?
            .flatten();
    if let Some(last) = listed {
        sql::run(conn, CHANGES_PRUNED, [last])?;
        sql::run(conn, FORGET_CHANGES, [last])?;
    }
    let sessions = sql::run(conn, FORGET_SESSIONS, params![before, ROWS])?;
    let entries = match work.audit_for {
        Some(span) => audit::age(conn, work.now.minus(span), ROWS)?,
        None => 0,
    };
    Ok(listed.is_none() && sessions == 0 && entries == 0)
}
