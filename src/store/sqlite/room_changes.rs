//! Stores the changes of a room returned by [`plan`]: one rev, one event.

use std::sync::Arc;

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::rooms::{self, Step};
use super::work::Work;
use super::{audit, job_orders, outgoing_rooms, participants, pins, sql, users};
use crate::model::rules::{Concerned, plan};
use crate::model::{
    AuditNote, Change, Event, LiveState, MessageId, Rev, Room, RoomFacts, RoomId, Seq, SocketId,
    User, UserId, Visibility, Who, fold,
};
use crate::store::{Basis, Committed, Missing, RoomChange, StoreError, audit_notes};

const UPDATE: &str = "UPDATE rooms SET name = ?2, folded = ?3, topic = ?4, description = ?5, \
                      visibility = ?6, read_only = ?7, archived = ?8, owner = ?9, \
                      retention_days = ?10, keep_pinned = ?11, expired = ?12 WHERE id = ?1";
const MARK_DELETED: &str = "UPDATE rooms SET deleted = ?2, member_key = NULL WHERE id = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[UPDATE, MARK_DELETED];

/// Makes one change of a room.
pub(super) fn change(
    work: &mut Work<'_>,
    id: RoomId,
    basis: Basis,
    by: Option<UserId>,
    change: &RoomChange,
) -> Result<Committed, Fault> {
    let room = rooms::on_basis(work.conn, id, basis)?;
    let (last_seq, at) = (room.last_seq, work.now);
    let (facts, newcomers) = read_concerned(work.conn, room, change)?;
    let mut changes = plan(&facts, change, &newcomers, at).map_err(StoreError::from)?;
    check_names(work.conn, &facts.room, &changes)?;
    let by = participants::by(work.conn, id, by)?;
    let mut socket = None;
    match change {
        RoomChange::Pin(seq, pinned) if !pin(work, &facts.room, *seq, *pinned, by.id())? => {
            changes.clear();
        }
        RoomChange::Remove { socket: asking, .. } => socket = *asking,
        _ => (),
    }
    let rev = store(work, &facts.room, by, socket, &changes)?;
    audit::record(work, || noted(work.conn, &facts, change, rev, &changes))?;
    Ok(Committed { rev, last_seq, at, changes })
}

/// What the audit log says of a change.
fn noted(
    conn: &Connection,
    before: &RoomFacts,
    change: &RoomChange,
    rev: Rev,
    changes: &[Change],
) -> Result<Option<AuditNote>> {
    let room = before.room.id;
    if changes.is_empty() {
        return Ok(None);
    }
    if let RoomChange::Pin(seq, pinned) = change {
        return Ok(audit_notes::pinned(MessageId { room, seq: *seq }, *pinned));
    }
    if changes.iter().any(|change| matches!(change, Change::RoomDeleted)) {
        let members = participants::user_ids(conn, room)?.len();
        return Ok(audit_notes::room_removed(before, members as u64));
    }
    let mut after = before.clone();
    for change in changes {
        after.apply(rev, change);
    }
    Ok(audit_notes::room_changed(before, &after))
}

/// Reads the facts of a room needed to plan a change, and the accounts of users named in it who are
/// not participants.
fn read_concerned(
    conn: &Connection,
    room: Room,
    change: &RoomChange,
) -> Result<(RoomFacts, Vec<User>)> {
    let id = room.id;
    let (participants, named) = match change.concerned() {
        Concerned::Everybody(users) => (participants::first(conn, id, u32::MAX)?, users.to_vec()),
        Concerned::Users(users) => {
            let mut found = participants::these(conn, id, &users)?;
            let known = found.iter().map(|p| p.user).collect::<Vec<_>>();
            found.extend(participants::another(conn, id, &known)?);
            (found, users)
        }
    };
    let facts = RoomFacts { room, participants };
    let strangers: Vec<UserId> =
        named.into_iter().filter(|user| facts.participant(*user).is_none()).collect();
    let newcomers =
        if strangers.is_empty() { Vec::new() } else { users::by_ids(conn, &strangers)? };
    Ok((facts, newcomers))
}

/// `Taken` if the room would have the name of another public room.
fn check_names(conn: &Connection, before: &Room, changes: &[Change]) -> Result<(), Fault> {
    for change in changes {
        if let Change::Updated(after) = change
            && (&after.name, after.visibility) != (&before.name, before.visibility)
        {
            rooms::check_name(conn, Some(after.id), after.name.as_deref(), after.visibility)?;
        }
    }
    Ok(())
}

/// Pins or unpins; false if nothing changes.
fn pin(
    work: &Work<'_>,
    room: &Room,
    seq: Seq,
    pinned: bool,
    by: Option<UserId>,
) -> Result<bool, Fault> {
    let missing = StoreError::NotFound(Missing::Message);
    if pinned {
        let place = (room.id, room.expired);
        return Ok(pins::pin(work.conn, place, seq, by, work.now)?.ok_or(missing)?);
    }
    if pins::unpin(work.conn, room.id, seq)? { Ok(true) } else { Err(missing.into()) }
}

/// Stores planned changes and emits their event, after the events for added users. Returns the rev.
pub(super) fn store(
    work: &mut Work<'_>,
    before: &Room,
    by: Who,
    socket: Option<SocketId>,
    changes: &[Change],
) -> Result<Rev> {
    if changes.is_empty() {
        return Ok(before.rev);
    }
    let mut after = RoomFacts { room: before.clone(), participants: Vec::new() };
    let rev = before.rev.next();
    let mut added = Vec::new();
    for change in changes {
        write(work, before, change)?;
        after.apply(rev, change);
        if let Change::ParticipantAdded(new) = change {
            added.push(new.user);
        }
    }
    let room = after.room;
    if room.visibility == Visibility::Private || before.visibility == Visibility::Private {
        rooms::refresh_key(work.conn, &room)?;
    }
    outgoing_rooms::follow(work, before, &room, &by, changes)?;
    let place = work.events.len();
    let step = Step { room: room.id, rev, by, socket };
    step.facts(work, room.mode_rev, changes.to_vec())?;
    if !added.is_empty()
        && let Some(facts) = rooms::facts(work.conn, room.id)?.map(Arc::new)
    {
        let at = work.now;
        let news = added.into_iter().map(|user| Event::RoomAdded {
            user,
            facts: Arc::clone(&facts),
            state: LiveState::Closed,
            at,
        });
        work.events.splice(place..place, news);
    }
    Ok(rev)
}

fn write(work: &mut Work<'_>, before: &Room, change: &Change) -> Result<()> {
    let (conn, id) = (work.conn, before.id);
    match change {
        Change::Updated(room) => {
            let name = room.name.as_deref();
            let values = params![
                id,
                name,
                name.map(fold),
                room.topic,
                room.description,
                room.visibility,
                room.read_only,
                room.archived,
                room.owner,
                room.retention.days,
                room.retention.keep_pinned,
                room.expired
            ];
            sql::run(conn, UPDATE, values).map(drop)
        }
        Change::ParticipantAdded(new) => {
            participants::add(conn, id, new.user, new.role, new.since, new.joined, before.last_seq)
        }
        Change::ParticipantChanged(changed) => participants::update(conn, id, changed),
        Change::ParticipantRemoved(person) => participants::remove(conn, id, person.id),
        Change::RoomDeleted => {
            sql::run(conn, MARK_DELETED, params![id, work.now])?;
            job_orders::order(work, job_orders::ROOM, id.0)
        }
        Change::Posted(_)
        | Change::Edited(_)
        | Change::Deleted(_)
        | Change::Reacted { .. }
        | Change::Unreacted { .. } => {
            debug_assert!(false, "changes of messages are stored by their own verbs");
            Ok(())
        }
    }
}
