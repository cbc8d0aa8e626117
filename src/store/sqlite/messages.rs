//! Reads messages: windows of history, and changes since a rev.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use std::collections::HashMap;

use rusqlite::{Connection, Result, ToSql, params};

use super::error::Fault;
use super::rooms;
use super::{media, sql};
use crate::model::rules::shown_name;
use crate::model::{
    Changes, Message, Person, Reaction, ReactionCount, Rev, Room, RoomId, Seq, Timestamp, UserId,
    Who, Window,
};
use crate::store::{MessagePage, Missing, StoreError, Thread};

macro_rules! message_sql {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.room, m.seq, m.rev, m.author, m.text, m.created, m.edited, m.deleted, \
             m.reply_to, m.thread, m.client_id, m.media, m.reacted,
                u.login, u.name, u.deleted AS author_deleted, p.edited_name
             FROM messages m LEFT JOIN users u ON u.id = m.author
             LEFT JOIN participants p ON p.room = m.room AND p.user = m.author ",
            $rest
        )
    };
}

const BELOW: &str =
    message_sql!("WHERE m.room = ?1 AND m.seq < ?2 AND m.seq > ?4 ORDER BY m.seq DESC LIMIT ?3");
const ABOVE: &str = message_sql!("WHERE m.room = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3");
// Skipped messages are only counted, not joined with their author.
const SKIPPING: &str = message_sql!(
    "WHERE m.room = ?1 AND m.deleted IS NULL AND m.seq > ?4
     AND m.seq <= (SELECT seq FROM messages WHERE room = ?1 AND deleted IS NULL AND seq > ?4 ORDER \
     BY seq DESC LIMIT 1 OFFSET ?2)
     ORDER BY m.seq DESC LIMIT ?3"
);
// Of expired replies only those that are kept.
const OF_THREAD: &str = message_sql!(
    "WHERE m.room = ?1 AND m.thread = ?2 AND m.seq < ?3 AND (m.seq > ?5 OR m.deleted IS NULL)
     ORDER BY m.seq DESC LIMIT ?4"
);
const ROOT: &str =
    "SELECT coalesce(thread, seq) AS root FROM messages WHERE room = ?1 AND seq = ?2";
const REPLIES: &str = "SELECT count(*) AS replies, max(created) AS last FROM messages
    WHERE room = ?1 AND thread = ?2 AND deleted IS NULL";
const ONE: &str = message_sql!("WHERE m.room = ?1 AND m.seq = ?2");
const OF_CLIENT: &str = message_sql!("WHERE m.room = ?1 AND m.author = ?2 AND m.client_id = ?3");
// What has expired is told by the facts.
const CHANGED: &str = message_sql!(
    "WHERE m.room = ?1 AND m.rev > ?2 AND (m.seq > ?4 OR m.deleted IS NULL) ORDER BY m.rev LIMIT ?3"
);
const BY_IDS: &str = message_sql!("WHERE m.id IN (SELECT value FROM json_each(?1))");
const REACTIONS: &str = "SELECT r.message, r.reaction, u.login FROM reactions r JOIN users u ON \
                         u.id = r.user
    WHERE r.message IN (SELECT value FROM json_each(?1)) AND u.deleted IS NULL ORDER BY r.id";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[BELOW, ABOVE, SKIPPING, OF_THREAD, ROOT, REPLIES, ONE, OF_CLIENT, CHANGED, BY_IDS, REACTIONS];

/// A page of changes ends once its texts have this many bytes.
const PAGE_BYTES: usize = 256 * 1024;

/// A message as stored in its row.
struct Bare {
    id: i64,
    message: Message,
    media: bool,
    reacted: bool,
}

fn bare_from_row(row: &sql::Row<'_>) -> Result<Bare> {
    let login: Option<String> = row.get("login")?;
    let author = match login {
        Some(login) if row.get::<_, Option<Timestamp>>("author_deleted")?.is_none() => {
            let edited: Option<String> = row.get("edited_name")?;
            let name: String = row.get("name")?;
            Who::User(Person {
                id: row.get("author")?,
                login,
                name: shown_name(&edited.unwrap_or_default(), &name).to_owned(),
            })
        }
        _ => Who::Deleted,
    };
    let message = Message {
        room: row.get("room")?,
        seq: row.get("seq")?,
        rev: row.get("rev")?,
        author,
        text: row.get("text")?,
        created: row.get("created")?,
        edited: row.get("edited")?,
        deleted: row.get("deleted")?,
        reply_to: row.get("reply_to")?,
        thread: row.get("thread")?,
        client_id: row.get("client_id")?,
        reactions: Vec::new(),
        media: Vec::new(),
    };
    Ok(Bare { id: row.get("id")?, message, media: row.get("media")?, reacted: row.get("reacted")? })
}

fn find(conn: &Connection, statement: &str, params: &[&dyn ToSql]) -> Result<Vec<Message>> {
    let found = sql::all(conn, statement, params, bare_from_row)?;
    complete(conn, found)
}

/// Adds reactions and attachments: two queries for the complete page, none if it has neither.
fn complete(conn: &Connection, found: Vec<Bare>) -> Result<Vec<Message>> {
    let reacted = ids_of(&found, |bare| bare.reacted);
    let mut reactions: HashMap<i64, Vec<ReactionCount>> = HashMap::new();
    if let Some(ids) = reacted {
        let given = sql::all(conn, REACTIONS, [ids], |row| {
            Ok((row.get("message")?, row.get("reaction")?, row.get("login")?))
        })?;
        for (message, reaction, login) in given {
            count(reactions.entry(message).or_default(), Reaction::stored(reaction), login);
        }
    }
    let mut attached = match ids_of(&found, |bare| bare.media) {
        Some(ids) => media::attached(conn, &ids)?,
        None => HashMap::new(),
    };
    let whole = found.into_iter().map(|bare| {
        let mut message = bare.message;
        message.reactions = reactions.remove(&bare.id).unwrap_or_default();
        message.media = attached.remove(&bare.id).unwrap_or_default();
        message
    });
    Ok(whole.collect())
}

fn ids_of(found: &[Bare], wanted: impl Fn(&Bare) -> bool) -> Option<String> {
    let ids: Vec<i64> = found.iter().filter(|bare| wanted(bare)).map(|bare| bare.id).collect();
    (!ids.is_empty()).then(|| sql::list(ids))
}

fn count(counts: &mut Vec<ReactionCount>, reaction: Reaction, login: String) {
    match counts.iter_mut().find(|known| known.reaction == reaction) {
        Some(known) => known.users.push(login),
        None => counts.push(ReactionCount { reaction, users: vec![login] }),
    }
}

/// Returns one message, deleted or not.
pub(super) fn one(conn: &Connection, room: RoomId, seq: Seq) -> Result<Option<Message>> {
    Ok(find(conn, ONE, params![room, seq])?.pop())
}

/// Returns the message with this client id.
pub(super) fn of_client(
    conn: &Connection,
    room: RoomId,
    author: UserId,
    client_id: &str,
) -> Result<Option<Message>> {
    Ok(find(conn, OF_CLIENT, params![room, author, client_id])?.pop())
}

/// Returns the messages of these rows, by room.
pub(super) fn by_ids(conn: &Connection, ids: &[i64]) -> Result<HashMap<RoomId, Message>> {
    let found = find(conn, BY_IDS, params![sql::list(ids.iter().copied())])?;
    Ok(found.into_iter().map(|message| (message.room, message)).collect())
}

/// Returns the messages of these rows in the order of the list, without missing and deleted ones,
/// each with its row id.
pub(super) fn by_rows(conn: &Connection, ids: &[i64]) -> Result<Vec<(i64, Message)>> {
    let mut found = sql::all(conn, BY_IDS, params![sql::list(ids.iter().copied())], bare_from_row)?;
    found.retain(|bare| bare.message.deleted.is_none());
    found.sort_by_key(|bare| ids.iter().position(|id| *id == bare.id));
    let rows: Vec<i64> = found.iter().map(|bare| bare.id).collect();
    Ok(rows.into_iter().zip(complete(conn, found)?).collect())
}

/// Returns the messages of these rows by their row ids, deleted ones too.
pub(super) fn of_rows(conn: &Connection, ids: &[i64]) -> Result<HashMap<i64, Message>> {
    let found = sql::all(conn, BY_IDS, params![sql::list(ids.iter().copied())], bare_from_row)?;
    let rows: Vec<i64> = found.iter().map(|bare| bare.id).collect();
    Ok(rows.into_iter().zip(complete(conn, found)?).collect())
}

/// Returns a page of a room's history, which begins after the expired messages. Of these, a pinned
/// one is found by its own seq.
pub(super) fn window(
    conn: &Connection,
    room: RoomId,
    window: Window,
    limit: u32,
) -> Result<MessagePage, Fault> {
    let Some(Room { facts_rev, expired, .. }) = rooms::room(conn, room)? else {
        return Err(StoreError::NotFound(Missing::Room).into());
    };
    let below = |seq: Seq, limit: u32| {
        let mut page = find(conn, BELOW, params![room, seq, limit, expired])?;
        page.reverse();
        Ok::<_, rusqlite::Error>(page)
    };
    let messages = match window {
        Window::Latest => below(Seq(i64::MAX), limit)?,
        Window::Before(seq) => below(seq, limit)?,
        Window::After(seq) => find(conn, ABOVE, params![room, seq.max(expired), limit])?,
        Window::Around(seq) => {
            let mut page = below(Seq(seq.0.saturating_add(1)), limit - limit / 2)?;
            if seq <= expired {
                let kept = one(conn, room, seq)?;
                page.extend(kept.filter(|message| message.deleted.is_none()));
            }
            page.extend(find(conn, ABOVE, params![room, seq.max(expired), limit / 2])?);
            page
        }
        Window::One(seq) => find(conn, ONE, params![room, seq])?,
        Window::Offset(skip) => {
            let mut page = find(conn, SKIPPING, params![room, skip, limit, expired])?;
            page.reverse();
            page
        }
    };
    Ok(MessagePage { facts_rev, messages })
}

/// Returns the thread of a message with its newest replies below `before`.
pub(super) fn thread(
    conn: &Connection,
    room: RoomId,
    seq: Seq,
    before: Option<Seq>,
    limit: u32,
) -> Result<Thread, Fault> {
    let Some(Room { facts_rev, expired, .. }) = rooms::room(conn, room)? else {
        return Err(StoreError::NotFound(Missing::Room).into());
    };
    let missing = || StoreError::NotFound(Missing::Message);
    let root: Seq =
        sql::one(conn, ROOT, params![room, seq], |row| row.get("root"))?.ok_or_else(missing)?;
    let (replies, last) = sql::one(conn, REPLIES, params![room, root], |row| {
        Ok((row.get("replies")?, row.get("last")?))
    })?
    .unwrap_or_default();
    let before = before.unwrap_or(Seq(i64::MAX));
    let mut messages = find(conn, OF_THREAD, params![room, root, before, limit, expired])?;
    messages.reverse();
    let root = one(conn, room, root)?.ok_or_else(missing)?;
    Ok(Thread { facts_rev, root, replies, last, messages })
}

/// Returns the changes of a room after `since`.
pub(super) fn changes(
    conn: &Connection,
    id: RoomId,
    since: Rev,
    same_epoch: bool,
    epoch: &str,
    limit: u32,
) -> Result<Changes, Fault> {
    let Some(room) = rooms::room(conn, id)? else {
        return Err(StoreError::NotFound(Missing::Room).into());
    };
    let mut changes = Changes {
        epoch: epoch.to_owned(),
        rev: room.rev,
        more: false,
        reset: false,
        room: None,
        messages: Vec::new(),
    };
    if !same_epoch || since > room.rev || since.0 < 0 {
        changes.reset = true;
        return Ok(changes);
    }
    if room.facts_rev > since {
        changes.room = rooms::facts(conn, id)?;
    }
    let limit = limit.max(1) as usize;
    let mut page: Vec<Bare> = Vec::new();
    let mut bytes = 0;
    let columns = sql::Columns::default();
    let mut statement = conn.prepare_cached(CHANGED)?;
    let count = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![id, since, count, room.expired])?;
    while let Some(row) = rows.next()? {
        if page.len() == limit || bytes >= PAGE_BYTES {
            changes.more = true;
            break;
        }
        let bare = bare_from_row(&sql::Row::new(row, &columns))?;
        bytes += bare.message.text.len();
        page.push(bare);
    }
    drop(rows);
    if let (true, Some(last)) = (changes.more, page.last()) {
        changes.rev = last.message.rev;
    }
    changes.messages = complete(conn, page)?;
    Ok(changes)
}
