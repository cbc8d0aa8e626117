//! Room cards: the rooms in one user's list. No messages are scanned for them.

use rusqlite::{Connection, Params, Result, params};

use super::preferences::own_from_row;
use super::rooms::{room_from_row, room_sql};
use super::{messages, participants, sql};
use crate::model::{RoomCard, RoomFacts, RoomId, Seq, UserId};

/// The part of a card besides the room, for a participant `p` that may be missing.
macro_rules! card_sql {
    ($rest:literal) => {
        room_sql!(
            ", r.users, p.user AS user, coalesce(iif(p.unread_mark = p.mark, p.unread_from - 1, \
             p.mark), 0) AS mark, p.notify, coalesce(p.favourite, 0) AS favourite,
               (SELECT count(*) FROM messages d WHERE d.room = p.room AND d.seq > max(r.expired, \
             iif(p.unread_mark = p.mark, p.unread_from - 1, p.mark)) AND d.deleted IS NOT NULL) AS \
             gone,
               (SELECT count(*) FROM mentions n WHERE n.room = p.room AND n.user = p.user AND \
             n.seq > max(r.expired, iif(p.unread_mark = p.mark, p.unread_from - 1, p.mark)))
               + (SELECT count(*) FROM calls c WHERE c.room = p.room AND c.author <> p.user AND \
             c.seq > max(r.expired, iif(p.unread_mark = p.mark, p.unread_from - 1, p.mark))) AS \
             mentions,
               coalesce((SELECT u.bot FROM users u WHERE u.id = p.user), 0) AS bot,
               (SELECT m.id FROM messages m WHERE m.room = p.room AND m.seq > r.expired AND \
             m.deleted IS NULL ORDER BY m.seq DESC LIMIT 1) AS newest",
            $rest
        )
    };
}

const OF_USER: &str = card_sql!(
    "JOIN participants p ON p.room = r.id AND p.user = ?1
     WHERE r.deleted IS NULL AND r.id IN (SELECT room FROM participants WHERE user = ?1)
     ORDER BY max(r.created, r.last_time) DESC, r.id DESC"
);
const THESE: &str = card_sql!(
    "JOIN participants p ON p.room = r.id AND p.user = ?1
     WHERE r.deleted IS NULL AND r.id IN (SELECT value FROM json_each(?2))
     ORDER BY r.id"
);
const PUBLIC: &str = card_sql!(
    "LEFT JOIN participants p ON p.room = r.id AND p.user = ?1
     WHERE r.deleted IS NULL AND r.visibility = 'public' AND r.id > ?2 AND (r.archived IS NULL OR \
     p.user IS NOT NULL)
     ORDER BY r.id LIMIT ?3"
);
/// `?2` is 1 or -1; the costs of a card only arise for the rooms of the page.
const PAGE: &str = card_sql!(
    "JOIN participants p ON p.room = r.id AND p.user = ?1
     WHERE r.id IN (SELECT q.room FROM participants q JOIN rooms x ON x.id = q.room
                    WHERE q.user = ?1 AND x.deleted IS NULL ORDER BY q.room * ?2 LIMIT ?3 OFFSET \
     ?4)
     ORDER BY r.id * ?2"
);
const VISIBLE: &str = card_sql!(
    "LEFT JOIN participants p ON p.room = r.id AND p.user = ?1
     WHERE r.deleted IS NULL AND r.id IN (
         SELECT id FROM rooms WHERE visibility = 'public' AND deleted IS NULL AND archived IS NULL \
     UNION SELECT room FROM participants WHERE user = ?1)
     ORDER BY r.id DESC LIMIT ?2"
);
const AFTER: &str = card_sql!(
    "LEFT JOIN participants p ON FALSE
     WHERE r.deleted IS NULL AND r.id > ?1
     ORDER BY r.id LIMIT ?2"
);
const NAMED: &str = card_sql!(
    "LEFT JOIN participants p ON FALSE
     WHERE r.deleted IS NULL AND r.name = ?1
     ORDER BY r.id LIMIT ?2"
);

const IDS_OF_USER: &str = "SELECT p.room FROM participants p JOIN rooms r ON r.id = p.room WHERE \
                           p.user = ?1 AND r.deleted IS NULL LIMIT 10000";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[IDS_OF_USER, OF_USER, PAGE, THESE, PUBLIC, VISIBLE, AFTER, NAMED];

/// Default number of participants per card.
const FEW: u32 = 10;

/// Returns the rooms of a user.
pub(super) fn ids_of_user(conn: &Connection, user: UserId) -> Result<Vec<RoomId>> {
    sql::all(conn, IDS_OF_USER, [user], |row| row.get(0))
}

/// A card without participants and last message.
struct Bare {
    card: RoomCard,
    newest: Option<i64>,
}

fn bare_from_row(row: &sql::Row<'_>) -> Result<Bare> {
    let room = room_from_row(row)?;
    let mark: Seq = row.get("mark")?;
    let (gone, mentions): (i64, u32) = (row.get("gone")?, row.get("mentions")?);
    let bot: bool = row.get("bot")?;
    let unread = match row.get::<_, Option<UserId>>("user")? {
        // A program does not read.
        Some(_) if bot => 0,
        Some(_) => {
            u32::try_from(room.last_seq.0 - mark.max(room.expired).0 - gone).unwrap_or_default()
        }
        None => 0,
    };
    let card = RoomCard {
        facts: RoomFacts { room, participants: Vec::new() },
        user_count: row.get("users")?,
        last_message: None,
        mark,
        unread,
        mentions: if bot { 0 } else { mentions },
        own: own_from_row(row)?,
    };
    Ok(Bare { card, newest: row.get("newest")? })
}

fn cards(
    conn: &Connection,
    statement: &str,
    params: impl Params,
    participants: u32,
) -> Result<Vec<RoomCard>> {
    let found = sql::all(conn, statement, params, bare_from_row)?;
    let newest: Vec<i64> = found.iter().filter_map(|bare| bare.newest).collect();
    let mut messages = messages::by_ids(conn, &newest)?;
    let filled = found.into_iter().map(|Bare { mut card, .. }| {
        let id = card.facts.room.id;
        card.last_message = messages.remove(&id);
        if participants > 0 {
            card.facts.participants = participants::first(conn, id, participants)?;
        }
        Ok(card)
    });
    filled.collect()
}

/// Returns all rooms of a user, most recently active first.
pub(super) fn of_user(conn: &Connection, user: UserId, participants: u32) -> Result<Vec<RoomCard>> {
    cards(conn, OF_USER, [user], participants)
}

/// Returns a page of the rooms of a user, in the order of their ids.
pub(super) fn page(
    conn: &Connection,
    user: UserId,
    descending: bool,
    offset: u64,
    limit: u32,
    participants: u32,
) -> Result<Vec<RoomCard>> {
    let direction = if descending { -1 } else { 1 };
    cards(
        conn,
        PAGE,
        params![user, direction, limit, i64::try_from(offset).unwrap_or(i64::MAX)],
        participants,
    )
}

/// Returns those of these rooms in which the user participates, ascending by id.
pub(super) fn these(conn: &Connection, user: UserId, ids: &[RoomId]) -> Result<Vec<RoomCard>> {
    cards(conn, THESE, params![user, sql::list(ids.iter().map(|id| id.0))], FEW)
}

/// Returns a page of public rooms; messages of rooms the user is not in stay hidden.
pub(super) fn public(
    conn: &Connection,
    user: UserId,
    after: Option<RoomId>,
    limit: u32,
) -> Result<Vec<RoomCard>> {
    cards(conn, PUBLIC, params![user, after.map_or(0, |id| id.0), limit], FEW)
}

/// Returns the newest rooms visible to a user, ascending by id, without participants.
pub(super) fn visible(conn: &Connection, user: UserId, limit: u32) -> Result<Vec<RoomCard>> {
    let mut newest_first = cards(conn, VISIBLE, params![user, limit], 0)?;
    newest_first.reverse();
    Ok(newest_first)
}

/// Returns the rooms of a name, without messages.
pub(super) fn named(conn: &Connection, name: &str, limit: u32) -> Result<Vec<RoomCard>> {
    cards(conn, NAMED, params![name, limit], FEW)
}

/// Returns a page of all rooms, without messages.
pub(super) fn after(conn: &Connection, id: Option<RoomId>, limit: u32) -> Result<Vec<RoomCard>> {
    cards(conn, AFTER, params![id.map_or(0, |id| id.0), limit], FEW)
}
