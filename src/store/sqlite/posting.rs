//! Posting a message: the one operation that must be fast.

use rusqlite::{Connection, Result, params};

use super::counters::RoomCounters;
use super::error::Fault;
use super::rooms::{self, Step};
use super::work::Work;
use super::{media, messages, sql, threads};
use crate::model::rules::EVERYONE;
use crate::model::{Change, Media, Message, Rev, RoomId, Seq, UserId};
use crate::store::{Basis, Draft, Missing, Posted, StoreError};

const ADD: &str = "INSERT INTO messages (room, seq, rev, author, text, created, reply_to, \
                   client_id, media, thread)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (room, author, client_id) WHERE client_id IS NOT NULL DO NOTHING";
const STANDS: &str = "SELECT 1 FROM messages WHERE room = ?1 AND seq = ?2 AND deleted IS NULL";
const KNOWN: &str = "SELECT 1 FROM messages WHERE room = ?1 AND author = ?2 AND client_id = ?3";
const CALLED: &str = "SELECT p.user FROM users u JOIN participants p ON p.room = ?1 AND p.user = \
                      u.id WHERE u.folded = ?2";
const MENTION: &str =
    "INSERT INTO mentions (room, user, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const CALL: &str =
    "INSERT INTO calls (room, seq, author) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const FORGET_CALL: &str = "DELETE FROM calls WHERE room = ?1 AND seq = ?2";
const FORGET_CALLS: &str = "DELETE FROM calls WHERE room = ?1";
const FORGET_MENTIONS: &str = "DELETE FROM mentions WHERE room = ?1 AND seq = ?2";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[ADD, STANDS, KNOWN, CALLED, MENTION, CALL, FORGET_CALL, FORGET_CALLS, FORGET_MENTIONS];

/// Stores a message, or finds the one with its client id.
pub(super) fn post(
    work: &mut Work<'_>,
    id: RoomId,
    basis: Basis,
    draft: &Draft,
) -> Result<Posted, Fault> {
    let conn = work.conn;
    let Some(room) = work.counters.room(conn, id)? else { return Err(rooms::gone(basis).into()) };
    let Some(author) = room.author(conn, id, draft.author)? else {
        let decided = matches!(basis, Basis::Member { user, .. } if user == draft.author);
        return Err(if decided {
            StoreError::Stale
        } else {
            StoreError::NotFound(Missing::Participant)
        }
        .into());
    };
    if !holds(conn, room, (id, draft.author, author.since), basis)? {
        return Err(StoreError::Stale.into());
    }
    let (seq, rev, at) = (room.last_seq.next(), room.rev.next(), work.now.max(room.last_time));
    let Some(attached) = check(conn, id, draft)? else { return repeated(conn, id, draft) };
    let thread = thread_of(conn, id, draft)?;
    let values = params![
        id,
        seq,
        rev,
        draft.author,
        draft.text,
        at,
        draft.reply_to,
        draft.client_id,
        i64::try_from(attached.len()).unwrap_or(0),
        thread
    ];
    if sql::run(conn, ADD, values)? == 0 {
        return repeated(conn, id, draft);
    }
    if !attached.is_empty() {
        media::attach(conn, conn.last_insert_rowid(), &attached)?;
    }
    mention(conn, id, seq, draft.author, &draft.mentions)?;
    work.counters.advance(id, draft.author, seq, rev, at);
    let message = Message {
        room: id,
        seq,
        rev,
        author: author.person.clone().into(),
        text: draft.text.clone(),
        created: at,
        edited: None,
        deleted: None,
        reply_to: draft.reply_to,
        thread,
        client_id: draft.client_id.clone(),
        reactions: Vec::new(),
        media: attached,
    };
    let step = Step { room: id, rev, by: author.person.into(), socket: draft.socket };
    step.emit(work, at, vec![Change::Posted(message.clone())]);
    if let Some(first) = thread {
        threads::answered(work, id, first, (seq, draft.author))?;
    }
    Ok(Posted { message, repeated: false })
}

/// Returns whether the decision to post still rests on what it rested on.
fn holds(
    conn: &Connection,
    room: &mut RoomCounters,
    (id, author, author_since): (RoomId, UserId, Option<Rev>),
    basis: Basis,
) -> Result<bool, Fault> {
    let mode_rev = room.mode_rev;
    let rests_on = |since: Option<Rev>| since.map(|since| since.max(mode_rev));
    Ok(match basis {
        Basis::Member { user, since } if user == author => rests_on(author_since) == Some(since),
        Basis::Member { user, since } => {
            room.author(conn, id, user)?.is_some_and(|member| rests_on(member.since) == Some(since))
        }
        Basis::Facts(rev) => room.facts_rev == rev,
        Basis::Nobody => true,
    })
}

/// Returns the attachments of a message that may be stored; None if its client id is used. A plain
/// message needs no query: the insertion itself detects a used client id.
fn check(conn: &Connection, room: RoomId, draft: &Draft) -> Result<Option<Vec<Media>>, Fault> {
    if draft.reply_to.is_none() && draft.media.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if let Some(client_id) = &draft.client_id
        && sql::any(conn, KNOWN, params![room, draft.author, client_id])?
    {
        return Ok(None);
    }
    if let Some(target) = draft.reply_to
        && !stands(conn, room, target)?
    {
        return Err(StoreError::NotFound(Missing::Message).into());
    }
    let mut attached = Vec::with_capacity(draft.media.len());
    for id in &draft.media {
        attached.push(
            media::owned(conn, *id, draft.author)?.ok_or(StoreError::NotFound(Missing::Media))?,
        );
    }
    Ok(Some(attached))
}

/// Returns the message with which the thread of a reply begins.
fn thread_of(conn: &Connection, room: RoomId, draft: &Draft) -> Result<Option<Seq>> {
    match draft.reply_to {
        Some(target) => threads::root_of(conn, room, target),
        None => Ok(None),
    }
}

fn repeated(conn: &Connection, room: RoomId, draft: &Draft) -> Result<Posted, Fault> {
    let client_id = draft.client_id.as_deref().unwrap_or_default();
    let message =
        messages::of_client(conn, room, draft.author, client_id)?.ok_or(StoreError::Unavailable)?;
    Ok(Posted { message, repeated: true })
}

/// Returns whether the message exists and is not deleted.
pub(super) fn stands(conn: &Connection, room: RoomId, seq: Seq) -> Result<bool> {
    sql::any(conn, STANDS, params![room, seq])
}

/// Stores the mentions of a text: at each place the first name of a participant, except the author;
/// or that it mentions all of them.
pub(super) fn mention(
    conn: &Connection,
    room: RoomId,
    seq: Seq,
    author: UserId,
    places: &[Vec<String>],
) -> Result<()> {
    if places.iter().flatten().any(|name| name == EVERYONE) {
        return call(conn, room, seq, author);
    }
    for names in places {
        for name in names {
            let Some(user) =
                sql::one(conn, CALLED, params![room, name], |row| row.get::<_, UserId>("user"))?
            else {
                continue;
            };
            if user != author {
                sql::run(conn, MENTION, params![room, user, seq])?;
            }
            break;
        }
    }
    Ok(())
}

/// Stores that a message mentions all participants.
pub(super) fn call(conn: &Connection, room: RoomId, seq: Seq, author: UserId) -> Result<()> {
    sql::run(conn, CALL, params![room, seq, author]).map(drop)
}

/// Removes what is stored of messages of a room that mention all participants.
pub(super) fn forget_calls(conn: &Connection, room: RoomId) -> Result<()> {
    sql::run(conn, FORGET_CALLS, [room]).map(drop)
}

/// Removes the mentions of a message.
pub(super) fn forget_mentions(conn: &Connection, room: RoomId, seq: Seq) -> Result<()> {
    sql::run(conn, FORGET_CALL, params![room, seq])?;
    sql::run(conn, FORGET_MENTIONS, params![room, seq]).map(drop)
}
