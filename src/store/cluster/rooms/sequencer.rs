//! One sequencer per room and server: takes what waits, decides it against the room's newest state,
//! and commits it as one row of the log.
//!
//! A commit that lost against another server is decided again after the other's changes, so that
//! every decision rests on the state that its commit replaces.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::batch::Batch;
use super::committing::{Attempt, Committing, commit, made};
use super::open::catch_up;
use super::orders::{Answer, Decided, Done, Order, Ready, Waiting};
use super::registry::{OpenRoom, lock};
use super::state::Snapshot;
use super::{decide, log, messages, room_changes};
use crate::model::{Message, RoomId, Seq};
use crate::store::cluster::tables::Consistency;
use crate::store::cluster::{Cluster, audit};
use crate::store::{Posted, StoreError};

/// Changes per commit.
const MOST: usize = 64;
/// Bytes of texts per commit.
const BYTES: usize = 256 * 1024;
/// Lost races after which the callers are told to try again.
const TRIES: u32 = 40;
/// Interval of settling a commit for which nobody waits any more.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

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
            let (at, turn) = (Cluster(Arc::clone(&at.0), None), Turn(Arc::clone(&open)));
            tokio::spawn(async move {
                run_room(at, &turn.0).await;
                drop((turn, run));
            });
        }
    }
    answered.await.unwrap_or(Err(StoreError::Unknown))
}

/// A sequencer at work. One that panics leaves the room to the next one, and whoever waits for it
/// does not know what has happened.
struct Turn(Arc<OpenRoom>);

impl Drop for Turn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut queue = lock(&self.0.queue);
            queue.running = false;
            queue.waiting.clear();
        }
    }
}

/// Works until nothing waits; settles what is unsettled then.
async fn run_room(at: Cluster, open: &OpenRoom) {
    loop {
        let batch = take(open);
        if !batch.is_empty() {
            let rest = work(&at, open, batch).await;
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
        drop(catch_up(&at, open, Consistency::Serial).await);
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

/// Decides and commits a batch, and answers it. Returns the orders at its end that must be decided
/// after the others.
#[expect(clippy::too_many_lines, reason = "the ends of one attempt, one after the other")]
async fn work(at: &Cluster, open: &OpenRoom, mut batch: VecDeque<Waiting>) -> VecDeque<Waiting> {
    // Whether the state was read after the orders had arrived: a refusal must not rest on an older
    // one.
    let mut fresh = false;
    let mut attempts: Vec<Attempt> = Vec::new();
    for lost in 0..TRIES {
        let snapshot = match state(at, open, &mut fresh).await {
            Ok(snapshot) => snapshot,
            Err(error) => return refuse(batch, &error),
        };
        let decided = match decide(at, &snapshot, &batch).await {
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
        match commit(at, open, &snapshot, &decided).await {
            Committing::Happened(after) => {
                for attempt in attempts {
                    attempt.withdraw(at).await;
                }
                let rest = batch.split_off(decided.done.len());
                answer(at, &after, batch, decided.done).await;
                return rest;
            }
            Committing::Lost(mark) => {
                attempts.push(Attempt::new(mark, &snapshot, decided, entries));
                match made(at, open, &mut attempts).await {
                    Ok(Some((after, made))) => {
                        let rest = batch.split_off(made.done.len());
                        answer(at, &after, batch, made.done).await;
                        return rest;
                    }
                    Ok(None) => (),
                    Err(_) => return refuse(batch, &StoreError::Unknown),
                }
                fresh = true;
                pause(lost).await;
            }
            Committing::Failed(error) => {
                if error == StoreError::Unavailable {
                    audit::withdraw_all(at, entries).await;
                }
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

/// Waits for a random time after several lost races, so that others are not disturbed for ever.
async fn pause(lost: u32) {
    if lost > 1 {
        let most = 4_u64 << lost.min(6);
        let wait = log::token().unwrap_or_default() % most;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
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
