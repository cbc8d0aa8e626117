//! The log of a room: reading its end, and the conditional write that is a commit.

use std::time::Duration;

use super::logged::StoredCommit;
use super::state::Snapshot;
use super::stored::{Stored, bucket_of_rev, last_rev_of, log_partition};
use crate::model::{Rev, RoomId, Seq};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::rooms::ROOM_LOG;
use crate::store::cluster::tables::{
    Bound, Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Value,
};
use crate::store::cluster::{Cluster, settings};

/// How long changes are known by their revs.
pub(super) const LIFE: Duration = Duration::from_hours(31 * 24);

/// Returns the commits after this rev, which must be the last of one, in their order.
pub(super) async fn tail(
    at: &Cluster,
    id: RoomId,
    after: Rev,
    consistency: Consistency,
) -> Result<Vec<StoredCommit>, StoreError> {
    let mut found = Vec::new();
    let mut bucket = bucket_of_rev(after.next());
    loop {
        let slice = Slice::of(&ROOM_LOG, log_partition(id, bucket))
            .between(Bound::Excluding(after.0.into()), Bound::Open)
            .at(consistency);
        let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
        let mut end = None;
        for row in &rows {
            end = row.int("rev");
            if let Some(body) = row.bytes("body") {
                found.push(StoredCommit::decode(body)?);
            }
        }
        if end != Some(last_rev_of(bucket).0) {
            return Ok(found);
        }
        bucket += 1;
    }
}

/// Numbers of the newest commit, which are kept when its row has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) rev: Rev,
    pub(super) seq: Seq,
}

/// Returns the numbers of the newest commit, looking from this rev on.
pub(super) async fn head(at: &Cluster, id: RoomId, from: Rev) -> Result<Option<Head>, StoreError> {
    let mut bucket = bucket_of_rev(from);
    let mut head = None;
    loop {
        let slice = Slice::of(&ROOM_LOG, log_partition(id, bucket))
            .newest(1)
            .only(&["head_rev", "head_seq"])
            .at(Consistency::Serial);
        let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
        let found = rows.first().and_then(|row| {
            Some(Head { rev: Rev(row.int("head_rev")?), seq: Seq(row.int("head_seq")?) })
        });
        let Some(found) = found else { return Ok(head) };
        head = Some(found);
        if found.rev != last_rev_of(bucket) {
            return Ok(head);
        }
        bucket += 1;
    }
}

/// Writes a commit if `before` is still the room's newest state; `after` is the one afterwards. All
/// its revs are of one partition.
pub(super) async fn commit(
    at: &Cluster,
    before: &Snapshot,
    after: &Snapshot,
    commit: &StoredCommit,
) -> Result<Outcome, TableError> {
    let bucket = bucket_of_rev(after.rev);
    debug_assert_eq!(bucket, bucket_of_rev(before.rev.next()), "a commit is of one partition");
    let known = before.rev > Rev(0) && bucket_of_rev(before.rev) == bucket;
    let partition = log_partition(before.id, bucket);
    let body = commit.encode().map_err(|_| TableError::Unavailable)?;
    let head = [
        ("head_rev", after.rev.0.into()),
        ("head_seq", after.seq.0.into()),
        ("facts_rev", after.room.facts_rev.into()),
        ("head_at", after.at.0.into()),
    ];
    let row = Put::conditional(
        &ROOM_LOG,
        partition.clone(),
        [after.rev.0.into()],
        [("body", body.into())],
    );
    let expected = known.then_some(Value::Int(before.rev.0));
    let condition = Condition::Is(Vec::new(), "head_rev", expected);
    at.tables()
        .compare(Compare {
            conditions: vec![at.0.rooms.mutated_condition(condition, after.rev)],
            puts: vec![Put::conditional(&ROOM_LOG, partition, [], head), row.living(LIFE)],
        })
        .await
}

/// Returns a random number by which a commit is recognised.
pub(super) fn token() -> Result<u64, StoreError> {
    Ok(u64::from_be_bytes(settings::random()?))
}

/// Makes this the newest state of a room without a log, for an import that keeps revs.
pub(super) async fn plant(at: &Cluster, room: &Snapshot) -> Result<(), StoreError> {
    let bucket = bucket_of_rev(room.rev);
    let cells = [
        ("head_rev", room.rev.0.into()),
        ("head_seq", room.seq.0.into()),
        ("facts_rev", room.room.facts_rev.into()),
        ("head_at", room.at.0.into()),
    ];
    let put = Put::conditional(&ROOM_LOG, log_partition(room.id, bucket), [], cells);
    let none = Condition::Is(Vec::new(), "head_rev", None);
    match at.tables().compare(Compare { conditions: vec![none], puts: vec![put] }).await {
        Ok(Outcome::Applied) => return Ok(()),
        Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
        Ok(Outcome::Refused) | Err(TableError::Unknown) => {}
    }
    // It was planted before, by an import that did not finish.
    let planted = head(at, room.id, room.rev).await?;
    if planted.is_some_and(|head| head.rev == room.rev) {
        Ok(())
    } else {
        Err(StoreError::Unavailable)
    }
}
