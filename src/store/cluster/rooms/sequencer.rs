//! One sequencer per room and server: takes what waits, decides it against the room's newest state,
//! and commits it as one row of the log.
//!
//! A commit that lost against another server is decided again after the other's changes, so that
//! every decision rests on the state that its commit replaces.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::decide::{self, Batch, Decided, Ready};
use super::erasure::{self, Erased};
use super::log;
use super::logged::{Step, StoredChange, StoredCommit};
#[cfg(test)]
use super::model_tests::Mutant;
use super::open::{OpenRoom, Unsettled, catch_up, emit, lock, skip_expired};
use super::room_names::Release;
use super::state::Snapshot;
use super::{messages, projector, room_changes};
use crate::model::{Attribution, AuditNote, Change, Event, Message, Rev, RoomId, Seq, UserId, Who};
use crate::store::cluster::tables::{Consistency, Outcome, TableError};
use crate::store::cluster::{Cluster, audit};
use crate::store::{Basis, Committed, Draft, MessageChange, Posted, RoomChange, StoreError, Whose};

/// Changes per commit.
const MOST: usize = 64;
/// Bytes of texts per commit.
const BYTES: usize = 256 * 1024;
/// Lost races after which the callers are told to try again.
const TRIES: u32 = 40;
/// Serial reads after a write of unknown outcome, before that is the answer.
const SETTLE_TRIES: u32 = 4;
/// Interval of settling a commit for which nobody waits any more.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// A requested change.
pub(super) enum Order {
    Post {
        basis: Basis,
        draft: Draft,
    },
    Message {
        seq: Seq,
        basis: Basis,
        by: Option<UserId>,
        whose: Whose,
        change: MessageChange,
    },
    Room {
        basis: Basis,
        by: Option<UserId>,
        change: RoomChange,
    },
    /// Steps planned for the facts of this rev, when the room had `rev`.
    Planned {
        facts_rev: Rev,
        rev: Rev,
        by: Who,
        changes: Vec<Change>,
    },
}

impl Order {
    fn bytes(&self) -> usize {
        match self {
            Self::Post { draft, .. } => draft.text.len(),
            Self::Message { change: MessageChange::Edit { text, .. }, .. } => text.len(),
            Self::Message { .. } | Self::Room { .. } | Self::Planned { .. } => 0,
        }
    }

    /// Returns whether it changes facts, and so is a commit of its own.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Self::Room { .. } | Self::Planned { .. })
    }
}

/// The answer to an order.
pub(super) enum Answer {
    Posted(Posted),
    Committed(Committed),
}

/// An order with its reply channel.
pub(super) struct Waiting {
    pub(super) order: Order,
    pub(super) attribution: Option<Arc<Attribution>>,
    pub(super) answer: oneshot::Sender<Result<Answer, StoreError>>,
}

impl Waiting {
    fn answer(self, answer: Result<Answer, StoreError>) {
        // The caller may have disconnected.
        drop(self.answer.send(answer));
    }
}

/// Puts an order into the room's queue, at once, and returns its answer.
pub(super) async fn submit(at: &Cluster, id: RoomId, order: Order) -> Result<Answer, StoreError> {
    let (answer, answered) = oneshot::channel();
    let open = at.0.rooms.open(id);
    {
        let mut queue = lock(&open.queue);
        if at.0.rooms.is_closing() {
            return Err(StoreError::Unavailable);
        }
        let attribution = at.1.clone();
        queue.waiting.push_back(Waiting { order, attribution, answer });
        if !queue.running {
            let Some(run) = at.0.rooms.begin() else {
                queue.waiting.clear();
                return Err(StoreError::Unavailable);
            };
            queue.running = true;
            let (at, open) = (Cluster(Arc::clone(&at.0), None), Arc::clone(&open));
            tokio::spawn(async move {
                run_room(at, open).await;
                drop(run);
            });
        }
    }
    answered.await.unwrap_or(Err(StoreError::Unknown))
}

/// Works until nothing waits; settles what is unsettled then.
async fn run_room(at: Cluster, open: Arc<OpenRoom>) {
    loop {
        let batch = take(&open);
        if !batch.is_empty() {
            let rest = work(&at, &open, batch).await;
            let mut queue = lock(&open.queue);
            for waiting in rest.into_iter().rev() {
                queue.waiting.push_front(waiting);
            }
            continue;
        }
        if at.0.rooms.is_closing() || lock(&open.unsettled).is_none() {
            let mut queue = lock(&open.queue);
            if queue.waiting.is_empty() {
                queue.running = false;
                return;
            }
            continue;
        }
        tokio::time::sleep(SETTLE_EVERY).await;
        // A failure leaves it unsettled.
        drop(catch_up(&at, &open, Consistency::Serial).await);
    }
}

fn take(open: &OpenRoom) -> VecDeque<Waiting> {
    let mut queue = lock(&open.queue);
    let (mut batch, mut bytes) = (VecDeque::new(), 0);
    while batch.len() < MOST
        && let Some(next) = queue.waiting.front()
    {
        bytes += next.order.bytes();
        if !batch.is_empty() && (bytes > BYTES || next.order.is_alone()) {
            break;
        }
        let alone = next.order.is_alone();
        batch.extend(queue.waiting.pop_front());
        if alone {
            break;
        }
    }
    batch
}

/// What is done with an order once the commit has happened.
pub(super) struct Done {
    pub(super) ready: Result<Ready, StoreError>,
    /// For the audit log.
    pub(super) note: Option<AuditNote>,
    /// Names that the room no longer has.
    pub(super) release: Vec<Release>,
}

impl From<Result<Ready, StoreError>> for Done {
    fn from(ready: Result<Ready, StoreError>) -> Self {
        Self { ready, note: None, release: Vec::new() }
    }
}

/// Decides and commits a batch, and answers it. Returns the orders at its end that must be decided
/// after the others.
async fn work(at: &Cluster, open: &OpenRoom, mut batch: VecDeque<Waiting>) -> VecDeque<Waiting> {
    // Whether the state was read after the orders had arrived: a refusal must not rest on an older
    // one.
    let mut fresh = false;
    for lost in 0..TRIES {
        let snapshot = match state(at, open, &mut fresh).await {
            Ok(snapshot) => snapshot,
            Err(error) => return refuse(batch, &error),
        };
        let mut decided = match decide(at, &snapshot, &batch).await {
            Ok(decided) => decided,
            Err(error) => return refuse(batch, &error),
        };
        if decided.changes.is_empty() {
            if !fresh {
                match catch_up(at, open, Consistency::Quorum).await {
                    Ok(now) if now.rev > snapshot.rev => {
                        fresh = true;
                        continue;
                    }
                    Ok(_) => {}
                    Err(error) => return refuse(batch, &error),
                }
            }
            let rest = batch.split_off(decided.done.len());
            answer(at, &snapshot, batch, decided.done).await;
            return rest;
        }
        let entries = match note(at, &batch, &decided.done).await {
            Ok(entries) => entries,
            Err(error) => return refuse(batch, &error),
        };
        let committing = commit(at, open, &snapshot, &mut decided).await;
        if let Committing::Lost | Committing::Failed(StoreError::Unavailable) = committing {
            audit::withdraw_all(at, entries).await;
        }
        match committing {
            Committing::Happened(after) => {
                let rest = batch.split_off(decided.done.len());
                answer(at, &after, batch, decided.done).await;
                return rest;
            }
            Committing::Lost => {
                fresh = true;
                pause(lost).await;
            }
            Committing::Failed(error) => {
                let rest = batch.split_off(decided.done.len());
                refuse(batch, &error);
                return rest;
            }
        }
    }
    refuse(batch, &StoreError::Unavailable)
}

/// Writes the entries of the audit log for what is about to be committed.
async fn note(
    at: &Cluster,
    batch: &VecDeque<Waiting>,
    done: &[Done],
) -> Result<Vec<audit::Begun>, StoreError> {
    let mut entries = Vec::new();
    for (waiting, done) in batch.iter().zip(done) {
        let (Some(by), Some(note)) = (&waiting.attribution, &done.note) else { continue };
        match audit::begin_by(at, by, note).await {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                audit::withdraw_all(at, entries).await;
                return Err(error);
            }
        }
    }
    Ok(entries)
}

/// Returns the room's newest state known here, after settling what is unsettled.
async fn state(
    at: &Cluster,
    open: &OpenRoom,
    fresh: &mut bool,
) -> Result<Arc<Snapshot>, StoreError> {
    if lock(&open.unsettled).is_none()
        && let Some(known) = open.snapshot()
    {
        return Ok(known);
    }
    *fresh = true;
    catch_up(at, open, Consistency::Serial).await
}

async fn decide(
    at: &Cluster,
    snapshot: &Snapshot,
    batch: &VecDeque<Waiting>,
) -> Result<Decided, StoreError> {
    match batch.front() {
        Some(first) if first.order.is_alone() => {
            Ok(room_changes::decide(at, snapshot, first).await)
        }
        _ => Batch::read(at, snapshot, batch).await.map(|read| decide::decide(&read, batch)),
    }
}

fn refuse(batch: VecDeque<Waiting>, error: &StoreError) -> VecDeque<Waiting> {
    for waiting in batch {
        waiting.answer(Err(error.clone()));
    }
    VecDeque::new()
}

pub(super) enum Committing {
    /// It is durable, derived, and its events are emitted.
    Happened(Arc<Snapshot>),
    /// Another server was first; its changes are known now.
    Lost,
    /// Nothing happened, or it is not known yet.
    Failed(StoreError),
}

async fn commit(
    at: &Cluster,
    open: &OpenRoom,
    before: &Snapshot,
    decided: &mut Decided,
) -> Committing {
    let Ok(token) = random() else { return Committing::Failed(StoreError::Unavailable) };
    let row = StoredCommit { token, changes: decided.changes.clone() };
    let mut after = before.clone();
    decided.changes.iter().for_each(|change| after.apply(change));
    let events = std::mem::take(&mut decided.events);
    let outcome = log::commit(at, before, &after, &row).await;
    #[cfg(test)]
    let token = if at.0.rooms.is(Mutant::NoToken) { 0 } else { token };
    match outcome {
        Ok(Outcome::Applied) => {}
        Ok(Outcome::Refused) => return lost(at, open, before).await,
        Err(TableError::Unavailable) => return Committing::Failed(StoreError::Unavailable),
        Err(TableError::Unknown) => {
            *lock(&open.unsettled) = Some(Unsettled { token, after: before.rev, events });
            return settle(at, open, before, token).await;
        }
    }
    #[cfg(test)]
    if at.0.rooms.is(Mutant::AnswerBeforeProjecting) {
        return super::model_tests::answer_early(at, open, before, after, row.changes, events)
            .await;
    }
    match projector::project(at, before, &row.changes).await {
        Ok(after) => {
            let after = open.share(after);
            emit(at, events).await;
            clean_up(at, &after, &row.changes);
            Committing::Happened(after)
        }
        Err(_) => {
            *lock(&open.unsettled) = Some(Unsettled { token, after: before.rev, events });
            Committing::Failed(StoreError::Unknown)
        }
    }
}

/// Has removed what deleted rooms and messages leave.
fn clean_up(at: &Cluster, room: &Snapshot, changes: &[StoredChange]) {
    if room.gone {
        at.0.rooms.deleted().notify_one();
        return;
    }
    let erased = changes.iter().flat_map(|change| &change.steps).filter_map(|step| match step {
        Step::Deleted { seq, message, .. } => {
            Some(Erased { seq: *seq, revs: message.logged.clone() })
        }
        _ => None,
    });
    erasure::start(at, room.id, erased.collect());
}

/// Reads what came first.
async fn lost(at: &Cluster, open: &OpenRoom, before: &Snapshot) -> Committing {
    for consistency in [Consistency::Quorum, Consistency::Serial] {
        match catch_up(at, open, consistency).await {
            Ok(now) if now.rev > before.rev => return Committing::Lost,
            Ok(_) => {}
            Err(error) => return Committing::Failed(error),
        }
    }
    match skip_expired(at, open).await {
        Ok(()) => Committing::Lost,
        Err(error) => Committing::Failed(error),
    }
}

/// Finds out whether a commit has happened.
async fn settle(at: &Cluster, open: &OpenRoom, before: &Snapshot, token: u64) -> Committing {
    for n in 0..SETTLE_TRIES {
        let found = log::tail(at, open.id, before.rev, Consistency::Serial).await;
        if let Ok(found) = found
            && let Ok(now) = catch_up(at, open, Consistency::Serial).await
        {
            let happened = found.iter().any(|commit| commit.token == token);
            return if happened { Committing::Happened(now) } else { Committing::Lost };
        }
        tokio::time::sleep(Duration::from_millis(100 << n)).await;
    }
    Committing::Failed(StoreError::Unknown)
}

/// Waits for a random time after several lost races, so that others are not disturbed for ever.
async fn pause(lost: u32) {
    if lost > 1 {
        let most = 4_u64 << lost.min(6);
        let wait = random().unwrap_or_default() % most;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

pub(super) fn random() -> Result<u64, StoreError> {
    Ok(u64::from_be_bytes(super::super::settings::random()?))
}

/// Answers the orders of a batch; everything they rest on is derived.
async fn answer(at: &Cluster, now: &Snapshot, batch: VecDeque<Waiting>, done: Vec<Done>) {
    let mut first: HashMap<Seq, Posted> = HashMap::new();
    for (waiting, done) in batch.into_iter().zip(done) {
        for name in done.release {
            name.release(at).await;
        }
        let answer = match done.ready {
            Ok(Ready::Posted(message)) => {
                Ok(Answer::Posted(Posted { message: *message, repeated: false }))
            }
            Ok(Ready::Repeated(seq)) => match first.get(&seq) {
                Some(known) => Ok(Answer::Posted(known.clone())),
                None => one(at, now, seq).await.and_then(|message| {
                    let message = message.ok_or(StoreError::Unavailable)?;
                    let posted = Posted { message, repeated: true };
                    first.insert(seq, posted.clone());
                    Ok(Answer::Posted(posted))
                }),
            },
            Ok(Ready::Committed(committed)) => Ok(Answer::Committed(committed)),
            Err(error) => Err(error),
        };
        waiting.answer(answer);
    }
}

/// Returns one message in its current version.
async fn one(at: &Cluster, room: &Snapshot, seq: Seq) -> Result<Option<Message>, StoreError> {
    let found = messages::these(at, room.id, vec![seq]).await?;
    Ok(messages::complete(at, room, found).await?.pop())
}
