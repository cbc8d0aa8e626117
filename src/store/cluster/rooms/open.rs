//! The rooms that this server has open, and bringing one up to date.
//!
//! A snapshot is only shared once everything up to its rev is derived: decisions and readers may
//! then trust the tables. What another server committed, and perhaps could not derive any more, is
//! derived here before the snapshot advances over it.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::log;
use super::logged::StoredChange;
#[cfg(test)]
use super::model_tests::Mutant;
use super::orders::Waiting;
use super::projector;
use super::state::{Member, Snapshot};
use super::stored::{Stored, StoredLast, StoredParticipant, StoredRoom};
use crate::model::{Event, Rev, RoomId, Seq, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{PARTICIPANTS, ROOM_STATE};
use crate::store::cluster::tables::{Condition, Consistency, Row, Slice};

/// Rooms kept in memory; more only while they are being written to.
const OPEN: usize = 10_000;

/// The rooms that this server has open.
#[derive(Default)]
pub(in crate::store::cluster) struct Rooms {
    open: Mutex<HashMap<RoomId, Arc<OpenRoom>>>,
    clock: AtomicU64,
    closing: AtomicBool,
    running: Arc<Running>,
    deleted: Arc<Notify>,
    #[cfg(test)]
    pub(super) mutant: Mutex<Mutant>,
}

/// Number of sequencers that are running.
#[derive(Default)]
pub(super) struct Running {
    count: AtomicU64,
    ended: Notify,
}

/// A running sequencer.
pub(super) struct Run(Arc<Running>);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}

/// An open room.
#[derive(Default)]
pub(in crate::store::cluster) struct OpenRoom {
    pub(super) id: RoomId,
    snapshot: Mutex<Option<Arc<Snapshot>>>,
    pub(super) queue: Mutex<Queue>,
    /// A commit of this server that may have happened, or is not derived yet.
    pub(super) unsettled: Mutex<Option<Unsettled>>,
    /// Held while the room is brought up to date.
    catching_up: tokio::sync::Mutex<()>,
    used: AtomicU64,
}

/// Operations that wait for the sequencer.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) running: bool,
}

/// A commit of unknown outcome, with the events that are emitted if it happened.
pub(super) struct Unsettled {
    pub(super) token: u64,
    /// The rev that it follows.
    pub(super) after: Rev,
    pub(super) events: Vec<Event>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rooms {
    /// Returns the entry of a room, whether the room exists or not.
    pub(super) fn open(&self, id: RoomId) -> Arc<OpenRoom> {
        let mut open = lock(&self.open);
        if open.len() >= OPEN && !open.contains_key(&id) {
            evict(&mut open);
        }
        let room =
            open.entry(id).or_insert_with(|| Arc::new(OpenRoom { id, ..OpenRoom::default() }));
        room.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Arc::clone(room)
    }

    /// Returns the newest state known here of a room that is open.
    pub(super) fn known(&self, id: RoomId) -> Option<Arc<Snapshot>> {
        lock(&self.open).get(&id)?.snapshot()
    }

    /// Counts a sequencer that begins to run; None: the engine is being closed.
    pub(super) fn begin(&self) -> Option<Run> {
        self.running.count.fetch_add(1, Ordering::AcqRel);
        let run = Run(Arc::clone(&self.running));
        if self.is_closing() { None } else { Some(run) }
    }

    /// Rings when a room was deleted here, and at the end.
    pub(super) fn deleted(&self) -> Arc<Notify> {
        Arc::clone(&self.deleted)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Refuses new operations and waits for those that are being committed.
    pub(super) async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.deleted.notify_waiters();
        loop {
            let ended = self.running.ended.notified();
            if self.running.count.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }

    /// The condition of a commit; a test may spoil it.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "tests use it"))]
    pub(super) fn mutated_condition(&self, condition: Condition, rev: Rev) -> Condition {
        #[cfg(test)]
        if *lock(&self.mutant) == Mutant::NumbersBeforeCompare {
            return Condition::Absent(vec![rev.0.into()]);
        }
        let _ = rev;
        condition
    }

    #[cfg(test)]
    pub(super) fn is(&self, mutant: Mutant) -> bool {
        *lock(&self.mutant) == mutant
    }
}

/// Drops the half of the idle rooms that was not used for longest. Their snapshots can be read again
/// at any time.
fn evict(open: &mut HashMap<RoomId, Arc<OpenRoom>>) {
    let idle =
        |room: &Arc<OpenRoom>| Arc::strong_count(room) == 1 && lock(&room.unsettled).is_none();
    let mut used: Vec<u64> = open
        .values()
        .filter(|room| idle(room))
        .map(|room| room.used.load(Ordering::Relaxed))
        .collect();
    used.sort_unstable();
    let Some(limit) = used.get(used.len() / 2).copied() else { return };
    open.retain(|_, room| !idle(room) || room.used.load(Ordering::Relaxed) > limit);
}

impl OpenRoom {
    /// Returns the newest state known here, if any.
    pub(super) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        lock(&self.snapshot).clone()
    }

    /// Shares a state whose changes are all derived. Returns the newest one.
    pub(super) fn share(&self, new: Snapshot) -> Arc<Snapshot> {
        let mut shared = lock(&self.snapshot);
        match &*shared {
            Some(known) if known.rev >= new.rev => Arc::clone(known),
            _ => Arc::clone(shared.insert(Arc::new(new))),
        }
    }
}

/// A row of the rooms' state.
pub(super) struct State {
    rev: Rev,
    seq: Seq,
    at: Timestamp,
    facts_rev: Rev,
    gone: bool,
    room: StoredRoom,
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

    fn snapshot(self, id: RoomId, members: Arc<super::state::Members>) -> Snapshot {
        let Self { rev, seq, at, gone, room, last, .. } = self;
        Snapshot { id, rev, seq, at, room, gone, members, last: last.map(Arc::new) }
    }
}

pub(super) async fn state_of(at: &Cluster, id: RoomId) -> Result<Option<State>, StoreError> {
    let rows = at.tables().read(Slice::of(&ROOM_STATE, [id.0.into()])).await?;
    rows.first().map_or(Ok(None), State::of)
}

/// Returns the participants, and the newest rev that changed one of them.
async fn members_of(
    at: &Cluster,
    id: RoomId,
) -> Result<(Arc<super::state::Members>, Rev), StoreError> {
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
    let waiting = lock(&open.unsettled).as_ref().map(|waiting| (waiting.token, waiting.after));
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
        if let (Some(ours), Some(_)) = (settled, happened) {
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
