//! Removes the texts of deleted messages from the log, where they would stay until its rows expire.
//!
//! What is to be erased is derived from the log, as all other rows are, so that it is not forgotten
//! by a server that stops: the next sweep of any server goes on. To erase again changes nothing.

use std::collections::hash_map::Entry;
use std::time::Duration;

use super::log;
use super::logged::{Step, StoredCommit};
use super::messages;
use super::registry::lock;
use super::stored::{SHARDS, Stored, StoredMessage, bucket_of_rev, log_partition, shard_of};
use crate::model::{Rev, RoomId, Seq};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{ERASURE_ROOMS, ERASURES, ROOM_LOG, ROOM_STATE};
use crate::store::cluster::tables::{Bound, Compare, Condition, Outcome, Put, Slice, TableError};

/// Attempts at once; after that the next sweep goes on.
const TRIES: u32 = 4;
/// Attempts at a row of the log that others rewrite at the same time.
const ROUNDS: u32 = 20;
/// Messages that are read together.
const PAGE: u32 = 500;

/// Erases the deleted messages of a room, in the background. One task for each room: what is
/// deleted meanwhile is its next round.
pub(super) fn start(at: &Cluster, room: RoomId) {
    let Some(run) = at.0.rooms.begin() else { return };
    match lock(&at.0.rooms.erasing).entry(room) {
        Entry::Occupied(mut running) => {
            *running.get_mut() = true;
            return;
        }
        Entry::Vacant(free) => free.insert(false),
    };
    let at = Cluster(std::sync::Arc::clone(&at.0), None);
    tokio::spawn(async move {
        loop {
            attempt(&at, room).await;
            if !begins_again(&at, room) {
                break;
            }
        }
        drop(run);
    });
}

/// Returns whether more was deleted in the room meanwhile; otherwise its task ends.
fn begins_again(at: &Cluster, room: RoomId) -> bool {
    let mut erasing = lock(&at.0.rooms.erasing);
    if let Some(again @ true) = erasing.get_mut(&room)
        && !at.0.rooms.is_closing()
    {
        *again = false;
        return true;
    }
    erasing.remove(&room);
    false
}

async fn attempt(at: &Cluster, room: RoomId) {
    for n in 0..TRIES {
        match erase_room(at, room).await {
            Ok(()) => return,
            Err(_) if at.0.rooms.is_closing() => return,
            Err(_) => tokio::time::sleep(Duration::from_millis(200 << n)).await,
        }
    }
    tracing::debug!(room = room.0, "The texts of deleted messages stay in the log for now");
}

/// Returns the rooms of which something may still have to be erased.
pub(super) async fn listed(at: &Cluster) -> Result<Vec<RoomId>, StoreError> {
    let mut rooms = Vec::new();
    for shard in 0..SHARDS {
        let rows = at.tables().read(Slice::of(&ERASURE_ROOMS, [shard.into()])).await?;
        rooms.extend(rows.iter().filter_map(|row| row.int("room")).map(RoomId));
    }
    Ok(rooms)
}

/// Erases the deleted messages of a room, as far as their deletions are derived.
pub(super) async fn erase_room(at: &Cluster, room: RoomId) -> Result<(), StoreError> {
    // Everything up to this rev is derived; what is deleted later has a later timestamp.
    let state = Slice::of(&ROOM_STATE, [room.0.into()]).only(&["rev", "gone"]);
    let state = at.tables().read(state).await?;
    let Some(state) = state.first().filter(|state| state.flag("gone") != Some(true)) else {
        return Ok(());
    };
    let Some(end) = state.int("rev") else { return Ok(()) };
    let mut after = Bound::Open;
    loop {
        let page = Slice::of(&ERASURES, [room.0.into()]).between(after, Bound::Open).first(PAGE);
        let rows = at.tables().read(page).await?;
        let due = rows.iter().filter(|row| row.int("rev").is_some_and(|rev| rev <= end));
        let due = due.filter_map(|row| row.int("seq")).map(Seq).collect();
        for message in messages::these(at, room, due).await? {
            // Only of messages that are deleted: a text that is in use stays.
            let revs = if message.is_deleted() { message.body.logged } else { Vec::new() };
            for rev in revs {
                if at.0.rooms.is_closing() {
                    return Err(StoreError::Unavailable);
                }
                erase(at, room, message.seq, Rev(rev)).await?;
            }
        }
        match rows.last().and_then(|row| row.int("seq")) {
            Some(last) if rows.len() == PAGE as usize => after = Bound::Excluding(last.into()),
            _ => break,
        }
    }
    let done = Put::plain(&ERASURES, end, [room.0.into()], [], []).deleted();
    at.tables().write(vec![done]).await?;
    let listed = Put::plain(&ERASURE_ROOMS, end, shard_of(room), [room.0.into()], []).deleted();
    Ok(at.tables().write(vec![listed]).await?)
}

async fn erase(at: &Cluster, room: RoomId, seq: Seq, rev: Rev) -> Result<(), StoreError> {
    for _ in 0..ROUNDS {
        if erase_once(at, room, seq, rev).await? {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable)
}

/// Rewrites the row with this rev; false: it was changed at the same time, or may have been.
async fn erase_once(at: &Cluster, room: RoomId, seq: Seq, rev: Rev) -> Result<bool, StoreError> {
    let partition = log_partition(room, bucket_of_rev(rev));
    let slice = Slice::of(&ROOM_LOG, partition.clone())
        .between(Bound::Including(rev.0.into()), Bound::Open)
        .first(1);
    let rows = at.tables().read(slice).await?;
    let Some((key, body)) =
        rows.first().and_then(|row| Some((row.int("rev")?, row.bytes("body")?)))
    else {
        return Ok(true);
    };
    let mut commit = StoredCommit::decode(body)?;
    let steps = commit.changes.iter_mut().filter(|change| change.rev == rev.0);
    let mut erased = false;
    for step in steps.flat_map(|change| &mut change.steps) {
        if let Step::Posted { seq: of, message } | Step::Edited { seq: of, message } = step
            && *of == seq.0
        {
            erased |= !is_blank(message);
            blank(message);
        }
    }
    if !erased {
        return Ok(true);
    }
    let cells = [("body", commit.encode()?.into())];
    let put = Put::conditional(&ROOM_LOG, partition, [key.into()], cells).living(log::LIFE);
    let condition = Condition::Is(vec![key.into()], "body", Some(body.to_vec().into()));
    let compare = Compare { conditions: vec![condition], puts: vec![put] };
    match at.tables().compare(compare).await {
        Ok(outcome) => Ok(outcome == Outcome::Applied),
        Err(TableError::Unknown) => Ok(false),
        Err(TableError::Unavailable) => Err(StoreError::Unavailable),
    }
}

fn is_blank(message: &StoredMessage) -> bool {
    message.text.is_empty() && message.media.is_empty() && message.mentions.is_empty()
}

fn blank(message: &mut StoredMessage) {
    message.text.clear();
    message.media.clear();
    message.mentions.clear();
}
