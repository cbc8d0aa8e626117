//! Threads: what is shown of them in the conversation, and those that users follow. What is unread
//! is counted when it is read.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{messages, rooms, sql};
use crate::model::rules::shown_name;
use crate::model::{
    Event, Follow, FollowedThread, Message, MessageId, Person, Personal, REPLIERS, Rev, Room,
    RoomId, Seq, ThreadPlace, ThreadSummary, Timestamp, UserId,
};
use crate::store::{Missing, StoreError};

/// How far a participant `p` has read a thread of a room `r`, of which `f` is their row or missing.
/// What has expired is read, also where it is kept because it is pinned.
macro_rules! read_sql {
    () => {
        "max(coalesce(f.read, 0), r.expired, iif(p.unread_mark = p.mark, p.unread_from - 1, p.mark))"
    };
}

/// The newest reply of others above that.
macro_rules! unread_sql {
    ($root:literal) => {
        concat!(
            "(SELECT max(t.seq) FROM messages t WHERE t.room = p.room AND t.thread = ",
            $root,
            " AND t.seq > ",
            read_sql!(),
            " AND t.deleted IS NULL AND t.author <> p.user AND NOT EXISTS (SELECT 1 FROM users b \
             WHERE b.id = p.user AND b.bot)) AS unread"
        )
    };
}

/// Threads that a user follows in their rooms.
macro_rules! followed_sql {
    ($columns:expr) => {
        concat!(
            "SELECT f.room, f.root, f.following, ",
            read_sql!(),
            " AS read, ",
            $columns,
            " FROM follows f
             JOIN participants p ON p.room = f.room AND p.user = f.user
             JOIN rooms r ON r.id = f.room AND r.deleted IS NULL
             WHERE f.user = ?1 AND f.following = 1"
        )
    };
}

const ROOT: &str =
    "SELECT coalesce(thread, seq) AS root FROM messages WHERE room = ?1 AND seq = ?2";
const SUMMARIES: &str = "SELECT thread AS root, count(*) AS replies, max(seq) AS last_seq, created
    FROM messages WHERE room = ?1 AND thread BETWEEN ?2 AND ?3 AND deleted IS NULL
    GROUP BY thread ORDER BY thread";
/// Replies are not searched for more authors than among these.
const AUTHORS: &str = "SELECT t.author, u.login, u.name, u.deleted, p.edited_name
    FROM messages t JOIN users u ON u.id = t.author
    LEFT JOIN participants p ON p.room = t.room AND p.user = t.author
    WHERE t.room = ?1 AND t.thread = ?2 AND t.deleted IS NULL ORDER BY t.seq DESC LIMIT 30";
const ONE: &str = concat!(
    "SELECT p.room, ?3 AS root, coalesce(f.following, 0) AS following, ",
    read_sql!(),
    " AS read, ",
    unread_sql!("?3"),
    " FROM participants p JOIN rooms r ON r.id = p.room AND r.deleted IS NULL
     LEFT JOIN follows f ON f.user = p.user AND f.room = p.room AND f.root = ?3
     WHERE p.user = ?1 AND p.room = ?2"
);
const ALL: &str = followed_sql!(unread_sql!("f.root"));
/// What is expensive is only read for the threads of the page.
const LIST: &str = concat!(
    "SELECT page.root_id, page.last_id,
        (SELECT count(*) FROM messages t WHERE t.room = page.room AND t.thread = page.root AND \
     t.deleted IS NULL) AS replies,
        (SELECT count(*) FROM messages t WHERE t.room = page.room AND t.thread = page.root AND \
     t.seq > page.read AND t.deleted IS NULL AND t.author <> ?1 AND NOT EXISTS (SELECT 1 FROM \
     users b WHERE b.id = ?1 AND b.bot)) AS unread
     FROM (SELECT mine.room, mine.root, mine.read, k.id AS root_id, n.id AS last_id, n.created, \
     n.seq FROM (",
    followed_sql!(
        "(SELECT t.id FROM messages t WHERE t.room = f.room AND t.thread = f.root AND t.deleted \
         IS NULL ORDER BY t.seq DESC LIMIT 1) AS newest"
    ),
    ") mine JOIN messages n ON n.id = mine.newest
     JOIN messages k ON k.room = mine.room AND k.seq = mine.root
     WHERE (n.created, n.room, n.seq) < (?2, ?3, ?4)
     ORDER BY n.created DESC, n.room DESC, n.seq DESC LIMIT ?5) page
     ORDER BY page.created DESC, page.room DESC, page.seq DESC"
);
/// Who has unfollowed a thread follows it again by answering.
const ANSWERS: &str = "INSERT INTO follows (user, room, root, following) VALUES (?1, ?2, ?3, 1)
    ON CONFLICT (user, room, root) DO UPDATE SET following = 1 WHERE following IS NOT 1
    RETURNING user";
const STARTED: &str = "INSERT INTO follows (user, room, root, following)
    SELECT m.author, m.room, m.seq, 1 FROM messages m
    JOIN participants p ON p.room = m.room AND p.user = m.author WHERE m.room = ?1 AND m.seq = ?2
    ON CONFLICT (user, room, root) DO UPDATE SET following = 1 WHERE following IS NULL
    RETURNING user";
const MENTIONED: &str = "INSERT INTO follows (user, room, root, following)
    SELECT DISTINCT n.user, n.room, ?2, 1 FROM mentions n WHERE n.room = ?1 AND n.seq IN (?2, ?3)
    ON CONFLICT (user, room, root) DO UPDATE SET following = 1 WHERE following IS NULL
    RETURNING user";
const CHOOSE: &str = "INSERT INTO follows (user, room, root, following) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user, room, root) DO UPDATE SET following = excluded.following
    WHERE following IS NOT excluded.following";
const READ_ON: &str = "INSERT INTO follows (user, room, root, read) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user, room, root) DO UPDATE SET read = excluded.read WHERE read < excluded.read";
/// Threads of a room that were read further than the user wants to have read.
const READ_BACK: &str = "UPDATE follows SET read = ?3 WHERE room = ?1 AND user = ?2 AND read > ?3
    RETURNING root";
const TAKE_OVER: &str = "INSERT INTO follows (user, room, root, following, read) VALUES (?1, ?2, \
                         ?3, ?4, ?5) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM follows WHERE user = ?1";
const DROP: &str = "DELETE FROM follows WHERE room = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    ROOT, SUMMARIES, AUTHORS, ONE, ALL, LIST, ANSWERS, STARTED, MENTIONED, CHOOSE, READ_ON,
    READ_BACK, TAKE_OVER, FORGET, DROP,
];

/// Returns the message with which the thread of a message begins; None: there is no such message.
pub(super) fn root_of(conn: &Connection, room: RoomId, seq: Seq) -> Result<Option<Seq>> {
    sql::one(conn, ROOT, params![room, seq], |row| row.get("root"))
}

/// Returns what is shown of the threads that begin from `from` to `to`, with the rev of the facts.
pub(super) fn summaries(
    conn: &Connection,
    room: RoomId,
    from: Seq,
    to: Seq,
) -> Result<(Rev, Vec<ThreadSummary>), Fault> {
    let Some(Room { facts_rev, .. }) = rooms::room(conn, room)? else {
        return Err(StoreError::NotFound(Missing::Room).into());
    };
    let mut found = sql::all(conn, SUMMARIES, params![room, from, to], |row| {
        Ok(ThreadSummary {
            root: row.get("root")?,
            replies: row.get("replies")?,
            last_seq: row.get("last_seq")?,
            last: row.get("created")?,
            repliers: Vec::new(),
        })
    })?;
    for thread in &mut found {
        thread.repliers = repliers(conn, room, thread.root)?;
    }
    Ok((facts_rev, found))
}

fn repliers(conn: &Connection, room: RoomId, root: Seq) -> Result<Vec<Person>> {
    let authors = sql::all(conn, AUTHORS, params![room, root], |row| {
        if row.get::<_, Option<Timestamp>>("deleted")?.is_some() {
            return Ok(None);
        }
        let edited: Option<String> = row.get("edited_name")?;
        let name: String = row.get("name")?;
        let name = shown_name(&edited.unwrap_or_default(), &name).to_owned();
        Ok(Some(Person { id: row.get("author")?, login: row.get("login")?, name }))
    })?;
    let mut found: Vec<Person> = Vec::with_capacity(REPLIERS);
    for author in authors.into_iter().flatten() {
        if found.len() < REPLIERS && found.iter().all(|known| known.id != author.id) {
            found.push(author);
        }
    }
    Ok(found)
}

fn follow_from_row(row: &sql::Row<'_>) -> Result<Follow> {
    Ok(Follow {
        root: MessageId { room: row.get("room")?, seq: row.get("root")? },
        following: row.get("following")?,
        read: row.get("read")?,
        unread: row.get("unread")?,
    })
}

/// Returns all threads that a user follows.
pub(super) fn follows(conn: &Connection, user: UserId) -> Result<Vec<Follow>> {
    sql::all(conn, ALL, [user], follow_from_row)
}

/// Returns a page of the threads that a user follows, that with the newest reply first.
pub(super) fn followed(
    conn: &Connection,
    user: UserId,
    after: Option<ThreadPlace>,
    limit: u32,
) -> Result<Vec<FollowedThread>> {
    let end = ThreadPlace { at: Timestamp(i64::MAX), room: RoomId(i64::MAX), seq: Seq(i64::MAX) };
    let ThreadPlace { at, room, seq } = after.unwrap_or(end);
    let found: Vec<(i64, i64, u32, u32)> =
        sql::all(conn, LIST, params![user, at, room, seq, limit], |row| {
            Ok((row.get("root_id")?, row.get("last_id")?, row.get("replies")?, row.get("unread")?))
        })?;
    let ids: Vec<i64> = found.iter().flat_map(|(root, last, ..)| [*root, *last]).collect();
    let mut messages: HashMap<i64, Message> = messages::of_rows(conn, &ids)?;
    let threads = found.into_iter().filter_map(|(root, last, replies, unread)| {
        let (root, last) = (messages.remove(&root)?, messages.remove(&last)?);
        Some(FollowedThread { root, last, replies, unread })
    });
    Ok(threads.collect())
}

/// Whoever answers, whoever has started the thread, and whoever is mentioned follows it from now on.
pub(super) fn answered(
    work: &mut Work<'_>,
    room: RoomId,
    root: Seq,
    (reply, author): (Seq, UserId),
) -> Result<()> {
    let conn = work.conn;
    let mut new = caused(conn, room, root, reply, Some(author))?;
    new.extend(sql::all(conn, STARTED, params![room, root], |row| row.get::<_, UserId>("user"))?);
    tell(work, room, root, new)
}

/// Whoever a changed reply mentions now follows its thread.
pub(super) fn mentioned(work: &mut Work<'_>, room: RoomId, root: Seq, reply: Seq) -> Result<()> {
    let new = caused(work.conn, room, root, reply, None)?;
    tell(work, room, root, new)
}

/// Adds the follows of an imported reply.
pub(super) fn imported(
    conn: &Connection,
    room: RoomId,
    root: Seq,
    (reply, author): (Seq, UserId),
) -> Result<()> {
    caused(conn, room, root, reply, Some(author))?;
    sql::all(conn, STARTED, params![room, root], |row| row.get::<_, UserId>("user")).map(drop)
}

/// Adds a follow of an export, unless this user has one here.
pub(super) fn take_over(conn: &Connection, user: UserId, follow: &Follow) -> Result<()> {
    let Follow { root, following, read, .. } = follow;
    sql::run(conn, TAKE_OVER, params![user, root.room, root.seq, following, read]).map(drop)
}

fn caused(
    conn: &Connection,
    room: RoomId,
    root: Seq,
    reply: Seq,
    author: Option<UserId>,
) -> Result<Vec<UserId>> {
    let mut new = match author {
        Some(user) => sql::all(conn, ANSWERS, params![user, room, root], |row| row.get("user"))?,
        None => Vec::new(),
    };
    new.extend(sql::all(conn, MENTIONED, params![room, root, reply], |row| {
        row.get::<_, UserId>("user")
    })?);
    Ok(new)
}

fn tell(work: &mut Work<'_>, room: RoomId, root: Seq, users: Vec<UserId>) -> Result<()> {
    if !users.is_empty() {
        // What is unread depends on the marks that posts have moved.
        work.counters.write(work.conn)?;
    }
    for user in users {
        if let Some(follow) = one(work.conn, user, room, root)? {
            work.emit(Event::Personal { user, change: Personal::Thread(follow), at: work.now });
        }
    }
    Ok(())
}

fn one(conn: &Connection, user: UserId, room: RoomId, root: Seq) -> Result<Option<Follow>> {
    sql::one(conn, ONE, params![user, room, root], follow_from_row)
}

/// Follows the thread of a message, or no longer.
pub(super) fn choose(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
    seq: Seq,
    following: bool,
) -> Result<Follow, Fault> {
    let root = root(work.conn, room, seq)?;
    let changed = sql::run(work.conn, CHOOSE, params![user, room, root, following])? > 0;
    answer(work, user, MessageId { room, seq: root }, changed)
}

/// Marks the thread of this message as read up to it.
pub(super) fn read(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
    upto: Seq,
) -> Result<Follow, Fault> {
    let root = root(work.conn, room, upto)?;
    let moved = sql::run(work.conn, READ_ON, params![user, room, root, upto])? > 0;
    answer(work, user, MessageId { room, seq: root }, moved)
}

/// Makes replies above this mark unread in their threads, too.
pub(super) fn read_back(work: &mut Work<'_>, room: RoomId, user: UserId, mark: Seq) -> Result<()> {
    let roots =
        sql::all(work.conn, READ_BACK, params![room, user, mark], |row| row.get::<_, Seq>("root"))?;
    for root in roots {
        if let Some(follow) = one(work.conn, user, room, root)?.filter(|follow| follow.following) {
            work.emit(Event::Personal { user, change: Personal::Thread(follow), at: work.now });
        }
    }
    Ok(())
}

fn root(conn: &Connection, room: RoomId, seq: Seq) -> Result<Seq, Fault> {
    Ok(root_of(conn, room, seq)?.ok_or(StoreError::NotFound(Missing::Message))?)
}

fn answer(
    work: &mut Work<'_>,
    user: UserId,
    root: MessageId,
    changed: bool,
) -> Result<Follow, Fault> {
    let follow = one(work.conn, user, root.room, root.seq)?
        .ok_or(StoreError::NotFound(Missing::Participant))?;
    if changed {
        work.emit(Event::Personal { user, change: Personal::Thread(follow), at: work.now });
    }
    Ok(follow)
}

/// Removes all follows of a user.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    sql::run(conn, FORGET, [user]).map(drop)
}

/// Removes the follows of a room.
pub(super) fn drop_all(conn: &Connection, room: RoomId) -> Result<()> {
    sql::run(conn, DROP, [room]).map(drop)
}
