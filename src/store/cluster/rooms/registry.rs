//! The rooms that this server has open: their newest states, and what waits for their sequencers.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::contention::Contention;
use super::figures::Figures;
#[cfg(test)]
use super::model_tests::Mutant;
use super::orders::Waiting;
use super::state::Snapshot;
use crate::model::{Event, Rev, RoomId};
use crate::store::cluster::tables::Condition;

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
    /// Rooms whose deleted messages are being erased, and whether more have been deleted since.
    pub(super) erasing: Mutex<HashMap<RoomId, bool>>,
    pub(super) figures: Figures,
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
    /// What is noticed of other servers that write into it.
    pub(super) contention: Mutex<Contention>,
    /// The newest rev of which this server has heard.
    heard: AtomicI64,
    /// Held while the room is brought up to date.
    pub(super) catching_up: tokio::sync::Mutex<()>,
    used: AtomicU64,
}

/// Operations that wait for the sequencer.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) running: bool,
}

/// By what a commit is recognised later.
#[derive(Clone)]
pub(super) struct Mark {
    pub(super) token: u64,
    told: Arc<AtomicBool>,
}

impl Mark {
    pub(super) fn new(token: u64) -> Self {
        Self { token, told: Arc::default() }
    }

    /// Returns true once: to the caller who emits the events of the commit.
    pub(super) fn is_first(&self) -> bool {
        !self.told.swap(true, Ordering::AcqRel)
    }
}

/// A commit of unknown outcome, with the events that are emitted if it happened.
pub(super) struct Unsettled {
    pub(super) mark: Mark,
    /// The rev that it follows.
    pub(super) after: Rev,
    pub(super) events: Vec<Event>,
}

/// Locks; whoever panicked meanwhile has left nothing half done.
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

    /// Takes note of a rev that another server has committed.
    pub(in crate::store::cluster) fn heard(&self, id: RoomId, rev: Rev) {
        if let Some(open) = lock(&self.open).get(&id) {
            open.heard(rev);
        }
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

    /// Takes note of a rev that is committed.
    pub(super) fn heard(&self, rev: Rev) {
        self.heard.fetch_max(rev.0, Ordering::AcqRel);
    }

    /// Returns whether this server has heard of changes after this rev.
    pub(super) fn is_after(&self, rev: Rev) -> bool {
        self.heard.load(Ordering::Acquire) > rev.0
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
