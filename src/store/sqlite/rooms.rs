//! Rooms: their rows, their facts, adding a room, and the step of `rev` of each change.

use std::sync::Arc;

use rusqlite::{Connection, Result, params};
use sha2::{Digest, Sha256};

use super::error::Fault;
use super::work::Work;
use super::{audit, outgoing_rooms, participants, sql, users};
use crate::model::{
    Change, Claim, Event, LiveState, Rev, Room, RoomEvent, RoomFacts, RoomId, RoomRetention, Seq,
    SocketId, Timestamp, UserId, Visibility, Who, fold,
};
use crate::store::{Added, Basis, Missing, NewRoom, StoreError, audit_notes};

/// Columns of a room with its owner's login name, for [`room_from_row`].
macro_rules! room_sql {
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT r.id, r.name, r.topic, r.description, r.visibility, r.archived, r.read_only, \
             r.created, r.last_seq, r.rev, r.facts_rev, r.mode_rev, \
             r.retention_days, r.keep_pinned, r.expired,
                o.id AS owner, o.login AS owner_login",
            $more,
            " FROM rooms r LEFT JOIN users o ON o.id = r.owner AND o.deleted IS NULL ",
            $rest
        )
    };
}
pub(super) use room_sql;

const ROOM: &str = room_sql!("", "WHERE r.id = ?1 AND r.deleted IS NULL");
const ADD: &str = "INSERT INTO rooms (name, folded, visibility, owner, member_key, rev, \
                   facts_rev, created) VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, ?6)";
const OF_MEMBERS: &str = "SELECT id FROM rooms WHERE member_key = ?1 AND deleted IS NULL AND \
                          archived IS NULL ORDER BY id LIMIT 1";
const NAMED: &str =
    "SELECT id FROM rooms WHERE folded = ?1 AND visibility = 'public' AND deleted IS NULL";
const STEP: &str = "UPDATE rooms SET rev = ?2, facts_rev = ?2, mode_rev = ?3 WHERE id = ?1";
const MESSAGE_STEP: &str = "UPDATE rooms SET rev = ?2 WHERE id = ?1";
const SET_KEY: &str = "UPDATE rooms SET member_key = ?2 WHERE id = ?1";
const MEMBER: &str = "SELECT p.since FROM participants p JOIN users u ON u.id = p.user
    WHERE p.room = ?1 AND p.user = ?2 AND u.deleted IS NULL";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[ROOM, ADD, OF_MEMBERS, NAMED, STEP, MESSAGE_STEP, SET_KEY, MEMBER];

pub(super) fn room_from_row(row: &sql::Row<'_>) -> Result<Room> {
    Ok(Room {
        id: row.get("id")?,
        name: row.get("name")?,
        topic: row.get("topic")?,
        description: row.get("description")?,
        visibility: row.get("visibility")?,
        archived: row.get("archived")?,
        read_only: row.get("read_only")?,
        owner: row.get("owner")?,
        owner_login: row.get::<_, Option<String>>("owner_login")?.unwrap_or_default(),
        created: row.get("created")?,
        last_seq: row.get("last_seq")?,
        rev: row.get("rev")?,
        facts_rev: row.get("facts_rev")?,
        mode_rev: row.get("mode_rev")?,
        retention: RoomRetention {
            days: row.get("retention_days")?,
            keep_pinned: row.get("keep_pinned")?,
        },
        expired: row.get("expired")?,
    })
}

/// Returns the room without its participants.
pub(super) fn room(conn: &Connection, id: RoomId) -> Result<Option<Room>> {
    sql::one(conn, ROOM, [id], room_from_row)
}

/// Returns the room and its participants.
pub(super) fn facts(conn: &Connection, id: RoomId) -> Result<Option<RoomFacts>> {
    let Some(room) = room(conn, id)? else { return Ok(None) };
    Ok(Some(RoomFacts { room, participants: participants::first(conn, id, u32::MAX)? }))
}

/// Returns the room if the basis of the decision is still valid.
pub(super) fn on_basis(conn: &Connection, id: RoomId, basis: Basis) -> Result<Room, Fault> {
    let Some(room) = room(conn, id)? else { return Err(gone(basis).into()) };
    let holds = match basis {
        Basis::Member { user, since } => {
            sql::one(conn, MEMBER, params![id, user], |row| row.get::<_, Rev>(0))?
                .map(|known| known.max(room.mode_rev))
                == Some(since)
        }
        Basis::Facts(rev) => room.facts_rev == rev,
        Basis::Nobody => true,
    };
    if holds { Ok(room) } else { Err(StoreError::Stale.into()) }
}

/// Returns the error for a decision about a room that is gone.
pub(super) fn gone(basis: Basis) -> StoreError {
    match basis {
        Basis::Member { .. } | Basis::Facts(_) => StoreError::Stale,
        Basis::Nobody => StoreError::NotFound(Missing::Room),
    }
}

/// `Taken` if another public room has this name.
pub(super) fn check_name(
    conn: &Connection,
    id: Option<RoomId>,
    name: Option<&str>,
    visibility: Visibility,
) -> Result<(), Fault> {
    let (Some(name), Visibility::Public) = (name, visibility) else { return Ok(()) };
    let taken = sql::one(conn, NAMED, [fold(name)], |row| row.get::<_, RoomId>(0))?;
    if taken.is_some_and(|other| Some(other) != id) {
        Err(StoreError::Taken(Claim::RoomName).into())
    } else {
        Ok(())
    }
}

/// One step of a room's `rev`.
pub(super) struct Step {
    pub(super) room: RoomId,
    pub(super) rev: Rev,
    pub(super) by: Who,
    pub(super) socket: Option<SocketId>,
}

impl Step {
    /// Writes the rev of a change of facts and emits the event.
    pub(super) fn facts(
        self,
        work: &mut Work<'_>,
        mode_rev: Rev,
        changes: Vec<Change>,
    ) -> Result<()> {
        sql::run(work.conn, STEP, params![self.room, self.rev, mode_rev])?;
        self.emit(work, work.now, changes);
        Ok(())
    }

    /// Writes the rev of a change of a message and emits the event.
    pub(super) fn message(self, work: &mut Work<'_>, change: Change) -> Result<()> {
        sql::run(work.conn, MESSAGE_STEP, params![self.room, self.rev])?;
        self.emit(work, work.now, vec![change]);
        Ok(())
    }

    /// Emits the event.
    pub(super) fn emit(self, work: &mut Work<'_>, at: Timestamp, changes: Vec<Change>) {
        let event = RoomEvent {
            room: self.room,
            rev: self.rev,
            at,
            by: self.by,
            socket: self.socket,
            changes,
        };
        work.emit(Event::Room(Arc::new(event)));
    }
}

/// Adds a room, or finds the unnamed room of the same users.
pub(super) fn add(work: &mut Work<'_>, new: &NewRoom) -> Result<Added<RoomFacts>, Fault> {
    let conn = work.conn;
    let mut ids: Vec<UserId> = new.participants.iter().map(|(user, _)| *user).collect();
    users::check_all(conn, ids.iter().copied().chain([new.owner]))?;
    ids.sort_unstable();
    ids.dedup();
    let key =
        (new.name.is_none() && new.visibility == Visibility::Private).then(|| member_key(&ids));
    if let (true, Some(key)) = (new.reuse, &key)
        && let Some(id) = sql::one(conn, OF_MEMBERS, [key], |row| row.get(0))?
    {
        return Ok(Added {
            value: facts(conn, id)?.ok_or(StoreError::NotFound(Missing::Room))?,
            existed: true,
        });
    }
    check_name(conn, None, new.name.as_deref(), new.visibility)?;
    sql::run(
        conn,
        ADD,
        params![new.name, new.name.as_deref().map(fold), new.visibility, new.owner, key, work.now],
    )?;
    let id = RoomId(conn.last_insert_rowid());
    for (user, role) in &new.participants {
        participants::add(conn, id, *user, *role, Rev(1), work.now, Seq(0))?;
    }
    let facts = facts(conn, id)?.ok_or(StoreError::NotFound(Missing::Room))?;
    if facts.room.is_open() {
        outgoing_rooms::enter(conn, id, facts.room.rev, facts.room.last_seq)?;
    }
    let shared = Arc::new(facts.clone());
    for (user, _) in &new.participants {
        work.emit(Event::RoomAdded {
            user: *user,
            facts: Arc::clone(&shared),
            state: LiveState::Closed,
            at: work.now,
        });
    }
    audit::record(work, || Ok(audit_notes::room_added(&facts)))?;
    Ok(Added { value: facts, existed: false })
}

/// Updates the key by which an unnamed private room is found; called after a change of name,
/// visibility or participants.
pub(super) fn refresh_key(conn: &Connection, room: &Room) -> Result<()> {
    let nameless = room.name.is_none() && room.visibility == Visibility::Private;
    let key =
        if nameless { Some(member_key(&participants::user_ids(conn, room.id)?)) } else { None };
    sql::run(conn, SET_KEY, params![room.id, key]).map(drop)
}

/// Returns a hash, because the list itself may be long. `ids` ascend.
fn member_key(ids: &[UserId]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.0.to_be_bytes());
    }
    hash.finalize().to_vec()
}
