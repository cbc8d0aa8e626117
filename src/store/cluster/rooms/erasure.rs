//! Removes the texts of deleted messages from the log, where they would stay until its rows expire.

use std::time::Duration;

use super::log;
use super::logged::{Step, StoredCommit};
use super::stored::{Stored, StoredMessage, bucket_of_rev, log_partition};
use crate::model::{Rev, RoomId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::ROOM_LOG;
use crate::store::cluster::tables::{Bound, Compare, Condition, Outcome, Put, Slice, TableError};

/// Attempts; after that the texts stay until the rows expire.
const TRIES: u32 = 4;

/// A deleted message, with the revs of the log that have its texts.
pub(super) struct Erased {
    pub(super) seq: i64,
    pub(super) revs: Vec<i64>,
}

/// Removes the texts of these messages, in the background.
pub(super) fn start(at: &Cluster, room: RoomId, erased: Vec<Erased>) {
    if erased.is_empty() {
        return;
    }
    let Some(run) = at.0.rooms.begin() else { return };
    let at = Cluster(std::sync::Arc::clone(&at.0), None);
    tokio::spawn(async move {
        for message in erased {
            for rev in message.revs {
                erase(&at, room, message.seq, Rev(rev)).await;
            }
        }
        drop(run);
    });
}

async fn erase(at: &Cluster, room: RoomId, seq: i64, rev: Rev) {
    for n in 0..TRIES {
        match erase_once(at, room, seq, rev).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(_) if at.0.rooms.is_closing() => return,
            Err(_) => tokio::time::sleep(Duration::from_millis(200 << n)).await,
        }
    }
    tracing::warn!(room = room.0, seq, "The text of a deleted message stays in the log for now");
}

/// Rewrites the row with this rev; false: it was changed at the same time.
async fn erase_once(at: &Cluster, room: RoomId, seq: i64, rev: Rev) -> Result<bool, StoreError> {
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
            && *of == seq
        {
            erased |= !message.text.is_empty();
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

fn blank(message: &mut StoredMessage) {
    message.text.clear();
    message.media.clear();
    message.mentions.clear();
}
