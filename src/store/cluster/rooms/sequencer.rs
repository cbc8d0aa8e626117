//! One sequencer per room and server: takes what waits, decides it against the room's newest state,
//! and commits it as one row of the log.
//!
//! A commit that lost against another server is decided again after the other's changes, so that
//! every decision rests on the state that its commit replaces.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::batch::Batch;
use super::committing::{Attempt, Committing, commit, made};
use super::open::{catch_up, emit};
use super::orders::{Answer, Decided, Done, Order, Ready, Waiting};
use super::registry::{OpenRoom, lock};
use super::state::Snapshot;
use super::{decide, forward, log, messages, room_changes};
use crate::model::{Event, Message, RoomId, Seq};
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
    let answered = submit_all(at, id, vec![order], None).pop();
    match answered {
        Some(answered) => answered.await.unwrap_or(Err(StoreError::Unknown)),
        None => Err(StoreError::Unavailable),
    }
}

/// What becomes of an order; an error if that is not known.
pub(super) type Answered = oneshot::Receiver<Result<Answer, StoreError>>;

/// Puts orders into the room's queue, at once and one after the other; those forwarded by another
/// server with the time until when it waits. Returns their answers.
pub(super) fn submit_all(
    at: &Cluster,
    id: RoomId,
    orders: Vec<Order>,
    until: Option<Instant>,
) -> Vec<Answered> {
    if at.0.rooms.is_closing() {
        return Vec::new();
    }
    let open = at.0.rooms.open(id);
    let mut queue = lock(&open.queue);
    let mut answers = Vec::with_capacity(orders.len());
    for order in orders {
        let (answer, answered) = oneshot::channel();
        answers.push(answered);
        let (attribution, elsewhere) = (at.1.clone(), None);
        let waits = at.0.rooms.figures.waits();
        queue.waiting.push_back(Waiting { order, attribution, answer, elsewhere, until, waits });
    }
    if queue.running {
        return answers;
    }
    match at.0.rooms.begin() {
        Some(run) => {
            queue.running = true;
            let (at, turn) = (Cluster(Arc::clone(&at.0), None), Turn(Arc::clone(&open)));
            tokio::spawn(async move {
                run_room(at, &turn.0).await;
                drop((turn, run));
            });
        }
        // Whoever waits for an answer that is dropped without one believes that it may be done.
        None => drop(refuse(std::mem::take(&mut queue.waiting), &StoreError::Unavailable)),
    }
    answers
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
        let writer = forward::writer(&at, open);
        let mut batch = take(open, writer.is_some());
        if let Some(server) = writer
            && !batch.is_empty()
        {
            batch = forward::forward(&at, open, server, batch).await;
            if batch.is_empty() {
                continue;
            }
        }
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

/// Takes what is committed together; with `forwarding`, only what may be forwarded if that is first.
fn take(open: &OpenRoom, forwarding: bool) -> VecDeque<Waiting> {
    let mut queue = lock(&open.queue);
    while let Some(first) = queue.waiting.pop_front_if(|first| first.is_given_up()) {
        first.answer(Err(StoreError::Unavailable));
    }
    let (mut batch, mut bytes) = (VecDeque::new(), 0);
    let only = forwarding && queue.waiting.front().is_some_and(Waiting::may_be_forwarded);
    while batch.len() < MOST
        && let Some(next) = queue.waiting.front()
    {
        bytes += next.order.bytes();
        if !batch.is_empty() && (bytes > BYTES || next.order.is_alone()) {
            break;
        }
        if only && !next.may_be_forwarded() {
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
            Err(error) => return give_up(open, attempts, batch, &error),
        };
        let decided = match decide(at, &snapshot, &batch).await {
            Ok(decided) => decided,
            Err(error) => return give_up(open, attempts, batch, &error),
        };
        if decided.changes.is_empty() {
            if !fresh {
                match catch_up(at, open, Consistency::Quorum).await {
                    Ok(now) if now.rev > snapshot.rev => {
                        fresh = true;
                        continue;
                    }
                    Ok(_) => {}
                    Err(error) => return give_up(open, attempts, batch, &error),
                }
            }
            remember(open, attempts);
            let rest = batch.split_off(decided.done.len());
            answer(at, &snapshot, batch, decided.done).await;
            return rest;
        }
        let entries = match note(at, &batch, &decided.done).await {
            Ok(entries) => entries,
            Err(error) => return give_up(open, attempts, batch, &error),
        };
        let (figures, began) = (&at.0.rooms.figures, Instant::now());
        match commit(at, open, &snapshot, &decided).await {
            Committing::Happened(after) => {
                figures.committed(decided.done.len(), began.elapsed());
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
                    Ok(None) => lock(&open.contention).lost(),
                    Err(_) => return give_up(open, attempts, batch, &StoreError::Unknown),
                }
                fresh = true;
                pause(lost).await;
            }
            Committing::Failed(error) => {
                figures.failed();
                if error == StoreError::Unavailable {
                    audit::withdraw_all(at, entries).await;
                }
                let rest = batch.split_off(decided.done.len());
                give_up(open, attempts, batch, &error);
                return rest;
            }
        }
    }
    give_up(open, attempts, batch, &StoreError::Unavailable)
}

/// An attempt that looked lost may still be made by a node that goes on trying: has the room looked
/// at once more, also if nobody writes to it any more.
fn remember(open: &OpenRoom, attempts: Vec<Attempt>) {
    if let Some(last) = attempts.into_iter().next_back() {
        lock(&open.unsettled).get_or_insert_with(|| last.into());
    }
}

/// Refuses a batch.
fn give_up(
    open: &OpenRoom,
    attempts: Vec<Attempt>,
    batch: VecDeque<Waiting>,
    error: &StoreError,
) -> VecDeque<Waiting> {
    remember(open, attempts);
    refuse(batch, error)
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
    let unsettled = lock(&open.unsettled).is_some();
    match open.snapshot() {
        Some(known) if !unsettled && !open.is_after(known.rev) => Ok(known),
        // Reading costs less than losing a race.
        Some(_) if !unsettled => {
            *fresh = true;
            catch_up(at, open, Consistency::Quorum).await
        }
        _ => {
            *fresh = true;
            catch_up(at, open, Consistency::Serial).await
        }
    }
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
    let mut known: HashMap<Seq, Message> = HashMap::new();
    for (waiting, done) in batch.into_iter().zip(done) {
        for name in done.release {
            name.release(at).await;
        }
        let answer = match done.ready {
            Ok(Ready::Posted(message)) => {
                Ok(Answer::Posted(Box::new(Posted { message: *message, repeated: false })))
            }
            Ok(Ready::Known { seq, repeated }) => first(at, now, &mut known, seq)
                .await
                .map(|message| Answer::Posted(Box::new(Posted { message, repeated }))),
            Ok(Ready::Committed(committed)) => Ok(Answer::Committed(committed)),
            Err(error) => Err(error),
        };
        waiting.answer(answer);
    }
}

/// Returns the message that was posted before. Whoever has posted it may have died over telling the
/// others.
async fn first(
    at: &Cluster,
    now: &Snapshot,
    known: &mut HashMap<Seq, Message>,
    seq: Seq,
) -> Result<Message, StoreError> {
    if let Some(message) = known.get(&seq) {
        return Ok(message.clone());
    }
    let message = messages::one(at, now, seq).await?.ok_or(StoreError::Unavailable)?;
    emit(at, vec![Event::Head { room: now.id, rev: message.rev }]).await;
    known.insert(seq, message.clone());
    Ok(message)
}
