//! Removes what deleted rooms leave, and texts of deleted messages that [`erasure`] has left: any
//! server does, and goes on with what another one has begun.
//!
//! Whatever is removed is hidden by tombstones that are newer than all that can still be derived
//! from the room's log. Kept are the room's state without its contents, and the head of its log, so
//! that the room stays gone; used client ids expire by themselves.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::erasure;
use super::open::{State, catch_up, state_of};
use super::state::Snapshot;
use super::stored::{
    MESSAGE_BUCKET, SHARDS, Stored, StoredRoom, bucket_of_rev, bucket_of_seq, log_partition,
    shard_of,
};
use crate::model::{RoomId, Timestamp};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{
    ERASURE_ROOMS, ERASURES, GONE_ROOMS, MARKS, MARKS_BY_USER, MEDIA_ROOMS, MESSAGES, MINE,
    PARTICIPANTS, PINS, REACTIONS, ROOM_LOG, ROOM_MEDIA, ROOM_STATE, ROOMS_BY_USER, THREADS,
};
use crate::store::cluster::tables::{Compare, Condition, Consistency, Put, Slice, Table, Value};

/// How often that is looked for which other servers did not clean up.
const EVERY: Duration = Duration::from_mins(10);
/// Rows per write.
const ROWS: usize = 256;

/// Starts the task that cleans up.
pub(in crate::store::cluster) fn start(at: &Cluster) {
    let (inner, wake) = (Arc::downgrade(&at.0), at.0.rooms.deleted());
    tokio::spawn(async move {
        loop {
            let Some(inner) = inner.upgrade() else { return };
            if inner.rooms.is_closing() {
                return;
            }
            let at = Cluster(inner, None);
            sweep(&at).await;
            erase(&at).await;
            drop(at);
            wait(&wake).await;
        }
    });
}

async fn wait(wake: &Notify) {
    tokio::select! {
        () = wake.notified() => {}
        () = tokio::time::sleep(EVERY) => {}
    }
}

/// Cleans up all deleted rooms; what fails is done the next time.
async fn sweep(at: &Cluster) {
    for shard in 0..SHARDS {
        let Ok(rows) = at.tables().read(Slice::of(&GONE_ROOMS, [shard.into()])).await else {
            return;
        };
        for room in rows.iter().filter_map(|row| row.int("room")).map(RoomId) {
            if at.0.rooms.is_closing() {
                return;
            }
            if let Err(error) = clean(at, room).await {
                tracing::debug!(%error, room = room.0, "A deleted room is not cleaned up yet");
            }
        }
    }
}

/// Erases texts of deleted messages that other servers have left; what fails is done the next time.
async fn erase(at: &Cluster) {
    for room in erasure::listed(at).await.unwrap_or_default() {
        if at.0.rooms.is_closing() {
            return;
        }
        let erased = async {
            // Its server may have died before everything was derived.
            catch_up(at, &at.0.rooms.open(room), Consistency::Serial).await?;
            erasure::erase_room(at, room).await
        };
        if let Err(error) = erased.await {
            tracing::debug!(%error, room = room.0, "Deleted messages are not erased yet");
        }
    }
}

/// Removes what is left of a deleted room.
async fn clean(at: &Cluster, id: RoomId) -> Result<(), StoreError> {
    // The deletion may be on its way to the state.
    let Some(state) = state_of(at, id).await?.filter(State::is_gone) else { return Ok(()) };
    let end = state.rev().0.max(state.seq().0) + 1;
    let room = Leftovers { at, id, end };
    room.forget_files().await?;
    room.forget_people().await?;
    for bucket in 0..=bucket_of_seq(state.seq()) {
        debug_assert!(
            bucket * MESSAGE_BUCKET <= state.seq().0,
            "buckets end with the last message"
        );
        for table in [&MESSAGES, &REACTIONS] {
            room.write(vec![room.partition(table, [id.0.into(), bucket.into()])]).await?;
        }
    }
    let tables = [&PINS, &MARKS, &ROOM_MEDIA, &PARTICIPANTS, &ERASURES, &THREADS];
    for table in tables {
        room.write(vec![room.partition(table, [id.0.into()])]).await?;
    }
    for bucket in 0..=bucket_of_rev(state.rev()) {
        room.forget_log(bucket).await?;
    }
    room.write(vec![room.blank()?]).await?;
    for list in [&ERASURE_ROOMS, &GONE_ROOMS] {
        let listed = Put::plain(list, end, shard_of(id), [id.0.into()], []);
        room.write(vec![listed.deleted()]).await?;
    }
    Ok(())
}

/// A deleted room that is being cleaned up.
struct Leftovers<'a> {
    at: &'a Cluster,
    id: RoomId,
    /// A timestamp above all of its rows.
    end: i64,
}

impl Leftovers<'_> {
    async fn write(&self, puts: Vec<Put>) -> Result<(), StoreError> {
        for some in puts.chunks(ROWS) {
            self.at.tables().write(some.to_vec()).await.map_err(|_| StoreError::Unavailable)?;
        }
        Ok(())
    }

    fn partition<const N: usize>(&self, table: &'static Table, key: [Value; N]) -> Put {
        Put::plain(table, self.end, key, [], []).deleted()
    }

    /// Files no longer hang on messages of the room.
    async fn forget_files(&self) -> Result<(), StoreError> {
        let rows = self.at.tables().read(Slice::of(&ROOM_MEDIA, [self.id.0.into()])).await?;
        let puts = rows.iter().filter_map(|row| {
            let key = [self.id.0.into(), row.int("seq")?.into()];
            Some(Put::plain(&MEDIA_ROOMS, self.end, [row.int("media")?.into()], key, []).deleted())
        });
        self.write(puts.collect()).await
    }

    /// Whoever was in the room has nothing of it.
    async fn forget_people(&self) -> Result<(), StoreError> {
        let slice = Slice::of(&PARTICIPANTS, [self.id.0.into()]).only(&["present"]);
        let rows = self.at.tables().read(slice).await?;
        let now = Timestamp::now().0.saturating_mul(1000);
        let mut puts = Vec::new();
        for user in rows.iter().filter_map(|row| row.int("user")) {
            for (table, timestamp) in
                [(&ROOMS_BY_USER, self.end), (&MARKS_BY_USER, self.end), (&MINE, now)]
            {
                let put = Put::plain(table, timestamp, [user.into()], [self.id.0.into()], []);
                puts.push(put.deleted());
            }
        }
        self.write(puts).await
    }

    /// Removes the rows of a partition of the log; its head stays.
    async fn forget_log(&self, bucket: i64) -> Result<(), StoreError> {
        let partition = log_partition(self.id, bucket);
        loop {
            let slice = Slice::of(&ROOM_LOG, partition.clone()).first(100).only(&["head_rev"]);
            let rows = self.at.tables().read(slice).await?;
            let revs: Vec<i64> = rows.iter().filter_map(|row| row.int("rev")).collect();
            let Some(head) = rows.first().and_then(|row| row.int("head_rev")) else {
                return Ok(());
            };
            if revs.is_empty() {
                return Ok(());
            }
            let gone = |rev: i64| {
                Put::conditional(&ROOM_LOG, partition.clone(), [rev.into()], []).deleted()
            };
            // Nothing is committed to a room that is gone.
            let condition = Condition::Is(Vec::new(), "head_rev", Some(head.into()));
            let puts = revs.into_iter().map(gone).collect();
            self.at.tables().compare(Compare { conditions: vec![condition], puts }).await?;
        }
    }

    /// The room's state without its contents.
    fn blank(&self) -> Result<Put, StoreError> {
        let nothing = Snapshot::nothing(self.id).room;
        let room = StoredRoom { facts_rev: self.end - 1, ..nothing };
        let cells = [("body", room.encode()?.into()), ("last", Vec::new().into())];
        Ok(Put::plain(&ROOM_STATE, self.end, [self.id.0.into()], [], cells))
    }
}
