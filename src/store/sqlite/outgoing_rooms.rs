//! What a change of a room means for outgoing webhooks: the places of those that send all public
//! rooms, and who joined or left. Both are written in the transaction of the change.

use rusqlite::{Connection, Result, params};

use super::sql;
use super::work::Work;
use crate::model::{
    Change, Membership, Person, Rev, Room, RoomId, Seq, WebhookId, WebhookPlace, Who,
};

const ENTER: &str = "INSERT INTO outgoing_places (webhook, room, rev, seq)
    SELECT id, ?1, ?2, ?3 FROM outgoing_webhooks WHERE all_public
    ON CONFLICT (webhook, room) DO UPDATE SET rev = excluded.rev, seq = excluded.seq";
const ENTER_ONE: &str = "INSERT INTO outgoing_places (webhook, room, rev, seq)
    SELECT id, ?2, ?3, ?4 FROM outgoing_webhooks WHERE id = ?1 AND all_public";
const LEAVE: &str = "DELETE FROM outgoing_places WHERE room = ?1 AND webhook IN
    (SELECT id FROM outgoing_webhooks WHERE all_public)";
const OPEN: &str = "SELECT rev, last_seq FROM rooms WHERE id = ?1 AND deleted IS NULL AND \
                    visibility = 'public' AND archived IS NULL";
const PLACE: &str = "SELECT rev, seq, sent FROM outgoing_places WHERE webhook = ?1 AND room = ?2";
const ADD: &str = "INSERT INTO outgoing_people
    (room, rev, user, login, name, joined, seq, by_id, by_login, by_name, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (room, rev, user) DO NOTHING";
const TELLS: &str = "SELECT 1 FROM outgoing_places p JOIN outgoing_webhooks w ON w.id = p.webhook
    WHERE p.room = ?1 AND (w.events LIKE '%joined%' OR w.events LIKE '%left%')";
const PEOPLE: &str = "SELECT rev, user, login, name, joined, seq, by_id, by_login, by_name, at
    FROM outgoing_people WHERE room = ?1 AND rev > ?2 AND rev <= ?3 ORDER BY rev, user";
const TRIM: &str = "DELETE FROM outgoing_people WHERE room = ?1 AND rev <= coalesce(
    (SELECT min(p.rev) FROM outgoing_places p JOIN outgoing_webhooks w ON w.id = p.webhook
        WHERE p.room = ?1 AND (w.events LIKE '%joined%' OR w.events LIKE '%left%')), rev)";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[ENTER, ENTER_ONE, LEAVE, OPEN, PLACE, ADD, TELLS, PEOPLE, TRIM];

/// Follows a change of a room: `after` is the room after it.
pub(super) fn follow(
    work: &Work<'_>,
    before: &Room,
    after: &Room,
    by: &Who,
    changes: &[Change],
) -> Result<()> {
    let (conn, id) = (work.conn, after.id);
    let is_gone = changes.iter().any(|change| matches!(change, Change::RoomDeleted));
    if (before.is_open() && !after.is_open()) || is_gone {
        sql::run(conn, LEAVE, [id])?;
        return trim(conn, id);
    }
    if after.is_open() && !before.is_open() {
        enter(conn, id, after.rev, after.last_seq)?;
    }
    let people: Vec<(Person, bool)> = changes.iter().filter_map(came_or_went).collect();
    if people.is_empty() || !sql::any(conn, TELLS, [id])? {
        return Ok(());
    }
    let by = if let Who::User(person) = by { Some(person) } else { None };
    for (person, joined) in people {
        let values = params![
            id,
            after.rev,
            person.id,
            person.login,
            person.name,
            joined,
            after.last_seq,
            by.map(|by| by.id),
            by.map(|by| &by.login),
            by.map(|by| &by.name),
            work.now,
        ];
        sql::run(conn, ADD, values)?;
    }
    Ok(())
}

fn came_or_went(change: &Change) -> Option<(Person, bool)> {
    match change {
        Change::ParticipantAdded(new) => Some((new.person(), true)),
        Change::ParticipantRemoved(person) => Some((person.clone(), false)),
        _ => None,
    }
}

/// From this rev on, a room is sent by the webhooks that send all public rooms.
pub(super) fn enter(conn: &Connection, room: RoomId, rev: Rev, seq: Seq) -> Result<()> {
    sql::run(conn, ENTER, params![room, rev, seq]).map(drop)
}

/// Returns the place of a webhook of all public rooms in one of them; None: the room is not open. A
/// room that was imported has none yet: the webhook begins behind everything that it brought.
pub(super) fn place(
    work: &Work<'_>,
    webhook: WebhookId,
    id: RoomId,
) -> Result<Option<WebhookPlace>> {
    let open = sql::one(work.conn, OPEN, [id], |row| Ok((row.get("rev")?, row.get("last_seq")?)))?;
    let Some((rev, last)): Option<(Rev, Seq)> = open else { return Ok(None) };
    let find = || {
        sql::one(work.conn, PLACE, params![webhook.0, id], |row| {
            let (rev, seq, sent) = (row.get("rev")?, row.get("seq")?, row.get("sent")?);
            Ok(WebhookPlace { room: id, rev, seq, sent })
        })
    };
    if let Some(found) = find()? {
        return Ok(Some(found));
    }
    sql::run(work.conn, ENTER_ONE, params![webhook.0, id, rev, last])?;
    find()
}

/// Returns who joined or left a room after `since`, up to and including `upto`.
pub(super) fn people(
    conn: &Connection,
    room: RoomId,
    since: Rev,
    upto: Rev,
) -> Result<Vec<Membership>> {
    sql::all(conn, PEOPLE, params![room, since, upto], |row| {
        let by = match row.get::<_, Option<_>>("by_id")? {
            Some(id) => {
                Who::User(Person { id, login: row.get("by_login")?, name: row.get("by_name")? })
            }
            None => Who::Server,
        };
        let person =
            Person { id: row.get("user")?, login: row.get("login")?, name: row.get("name")? };
        Ok(Membership {
            rev: row.get("rev")?,
            seq: row.get("seq")?,
            person,
            joined: row.get("joined")?,
            by,
            at: row.get("at")?,
        })
    })
}

/// Forgets who joined or left a room, as far as all webhooks have sent it.
pub(super) fn trim(conn: &Connection, room: RoomId) -> Result<()> {
    sql::run(conn, TRIM, [room]).map(drop)
}
