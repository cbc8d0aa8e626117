//! Bringing a room up to date.
//!
//! A snapshot is only shared once everything up to its rev is derived: decisions and readers may
//! then trust the tables. What another server committed, and perhaps could not derive any more, is
//! derived here before the snapshot advances over it.

use std::sync::Arc;

use super::heads::kept_in;
use super::log;
use super::logged::StoredChange;
#[cfg(test)]
use super::model_tests::Mutant;
use super::projector;
use super::registry::{OpenRoom, lock};
use super::state::{Member, Members, Snapshot};
use super::stored::{Stored, StoredLast, StoredParticipant, StoredRetention, StoredRoom};
use crate::model::{Event, Rev, RoomId, Seq, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{PARTICIPANTS, ROOM_STATE};
use crate::store::cluster::tables::{Consistency, Row, Slice};

/// A row of the rooms' state.
pub(super) struct State {
    rev: Rev,
    seq: Seq,
    at: Timestamp,
    facts_rev: Rev,
    gone: bool,
    room: StoredRoom,
    kept: StoredRetention,
    last: Option<StoredLast>,
}

impl State {
    fn of(row: &Row) -> Result<Option<Self>, StoreError> {
        let (Some(rev), Some(body)) = (row.int("rev"), row.bytes("body")) else { return Ok(None) };
        let gone = row.flag("gone").unwrap_or_default();
        let room = StoredRoom::decode(body)?;
        let last = row.bytes("last").filter(|_| !gone);
        Ok(Some(Self {
            rev: Rev(rev),
            seq: Seq(row.int("seq").unwrap_or_default()),
            at: Timestamp(row.int("at").unwrap_or_default()),
            facts_rev: Rev(room.facts_rev),
            gone,
            room,
            kept: kept_in(row)?,
            last: last.map(StoredLast::decode).transpose()?,
        }))
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    pub(super) fn rev(&self) -> Rev {
        self.rev
    }

    pub(super) fn seq(&self) -> Seq {
        self.seq
    }

    fn snapshot(self, id: RoomId, members: Arc<Members>) -> Snapshot {
        let Self { rev, seq, at, gone, room, kept, last, .. } = self;
        Snapshot { id, rev, seq, at, room, kept, gone, members, last: last.map(Arc::new) }
    }
}

pub(super) async fn state_of(at: &Cluster, id: RoomId) -> Result<Option<State>, StoreError> {
    let rows = at.tables().read(Slice::of(&ROOM_STATE, [id.0.into()])).await?;
    rows.first().map_or(Ok(None), State::of)
}

/// Returns the participants, and the newest rev that changed one of them.
async fn members_of(at: &Cluster, id: RoomId) -> Result<(Arc<Members>, Rev), StoreError> {
    let rows = at.tables().read(Slice::of(&PARTICIPANTS, [id.0.into()])).await?;
    let (mut members, mut newest) = (Vec::new(), Rev(0));
    for row in &rows {
        let (Some(user), Some(body)) = (row.int("user"), row.bytes("body")) else { continue };
        let body = StoredParticipant::decode(body)?;
        newest = newest.max(Rev(body.since));
        if row.flag("present").unwrap_or_default() {
            let entered = row.int("entered").unwrap_or_default();
            members.push(Member { user: UserId(user), entered, body });
        }
    }
    Ok((Arc::new(members.into_iter().collect()), newest))
}

/// Returns the room, with all changes that were acknowledged before the call; None: there is none.
pub(in crate::store::cluster) async fn current(
    at: &Cluster,
    id: RoomId,
) -> Result<Option<Arc<Snapshot>>, StoreError> {
    let Some(state) = state_of(at, id).await? else { return Ok(None) };
    if state.gone {
        return Ok(None);
    }
    let open = at.0.rooms.open(id);
    let snapshot = match open.snapshot() {
        Some(known) if known.rev >= state.rev => known,
        Some(known) if known.room.facts_rev == state.facts_rev.0 => {
            open.share(state.snapshot(id, Arc::clone(&known.members)))
        }
        _ => {
            let (members, newest) = members_of(at, id).await?;
            if newest <= state.rev {
                open.share(state.snapshot(id, members))
            } else {
                // A change is just being derived, or its server died over it.
                catch_up(at, &open, Consistency::Quorum).await?
            }
        }
    };
    Ok(Some(snapshot).filter(|snapshot| snapshot.stands()))
}

/// Derives whatever is committed in a room and not derived yet, by whichever server.
pub(in crate::store::cluster) async fn bring_up_to_date(
    at: &Cluster,
    id: RoomId,
) -> Result<(), StoreError> {
    catch_up(at, &at.0.rooms.open(id), Consistency::Serial).await.map(drop)
}

/// Brings the room up to date with its log: derives what is not derived yet, and emits the events of
/// a commit of this server whose outcome was unknown. The first time it also settles commits of
/// unknown outcome of other servers.
pub(super) async fn catch_up(
    at: &Cluster,
    open: &OpenRoom,
    consistency: Consistency,
) -> Result<Arc<Snapshot>, StoreError> {
    let _one = open.catching_up.lock().await;
    let (before, consistency) = match open.snapshot() {
        Some(known) => (known, consistency),
        None => (Arc::new(base(at, open.id).await?), Consistency::Serial),
    };
    // Readers may have advanced over a commit of this server before it knew of it.
    let waiting = lock(&open.unsettled).as_ref().map(|waiting| (waiting.mark.token, waiting.after));
    let from = waiting.map_or(before.rev, |(_, after)| after.min(before.rev));
    let tail = log::tail(at, open.id, from, consistency).await?;
    let happened = waiting.filter(|(token, _)| tail.iter().any(|commit| commit.token == *token));
    let changes: Vec<StoredChange> = tail
        .into_iter()
        .flat_map(|commit| commit.changes)
        .filter(|change| change.rev() > before.rev)
        .collect();
    let snapshot = open.share(settle(at, &before, &changes).await?);
    // After a serial read it has happened, or never will.
    if happened.is_some() || (waiting.is_some() && consistency == Consistency::Serial) {
        let settled = lock(&open.unsettled).take();
        if let (Some(ours), Some(_)) = (settled, happened)
            && ours.mark.is_first()
        {
            emit(at, ours.events).await;
        }
    }
    Ok(snapshot)
}

/// Returns what the tables say of a room. Its participants may be ahead of its rev.
async fn base(at: &Cluster, id: RoomId) -> Result<Snapshot, StoreError> {
    let Some(state) = state_of(at, id).await? else { return Ok(Snapshot::nothing(id)) };
    let (members, _) = members_of(at, id).await?;
    Ok(state.snapshot(id, members))
}

/// Returns the room after these changes, which are derived by then.
async fn settle(
    at: &Cluster,
    before: &Snapshot,
    changes: &[StoredChange],
) -> Result<Snapshot, StoreError> {
    let mut after = before.clone();
    for change in changes {
        after.apply(change);
    }
    if changes.is_empty() {
        return Ok(after);
    }
    #[cfg(test)]
    if at.0.rooms.is(Mutant::NoRepair) {
        return Ok(after);
    }
    // Usually its server has done so.
    if state_of(at, before.id).await?.is_some_and(|state| state.rev >= after.rev) {
        return Ok(after);
    }
    let after = projector::project(at, before, changes).await?;
    // Its server may have died before it told anybody.
    emit(at, vec![Event::Lost { room: Some(before.id) }]).await;
    Ok(after)
}

/// Advances over commits whose rows have expired before anything was derived from them, so that the
/// room can be written to again.
pub(super) async fn skip_expired(at: &Cluster, open: &OpenRoom) -> Result<(), StoreError> {
    let Some(known) = open.snapshot() else { return Ok(()) };
    let from = known.rev.max(Rev(1));
    if let Some(head) = log::head(at, open.id, from).await?
        && head.rev > known.rev
        && log::tail(at, open.id, known.rev, Consistency::Serial).await?.is_empty()
    {
        tracing::error!(room = open.id.0, from = known.rev.0, to = head.rev.0, "Changes are lost");
        open.share(Snapshot { rev: head.rev, seq: head.seq, ..(*known).clone() });
    }
    Ok(())
}

/// Hands on committed events, in their order.
pub(super) async fn emit(at: &Cluster, events: Vec<Event>) {
    for event in events {
        // An error means that the process is ending.
        drop(at.0.sink.send(event).await);
    }
}
