//! Rows of jobs.

use serde::{Deserialize, Serialize};

use super::Work;
use crate::model::{RoomId, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::encoding::{decode, encode};
use crate::store::cluster::tables::schema::people::JOBS;
use crate::store::cluster::tables::{Compare, Condition, Outcome, Put, Slice, TableError, Value};
use crate::store::cluster::{Cluster, ids};

const VERSION: u8 = 1;
/// Partitions of jobs, each of which one server works on at a time.
pub(super) const SHARDS: i64 = 8;

/// Version 1 of a stored job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    work: StoredWork,
    user: i64,
    version: i64,
    at: i64,
}

/// Variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum StoredWork {
    Name,
    Succession,
    Farewell { login: String, name: String },
}

/// A job that is not done.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) work: Work,
    pub(super) user: UserId,
    /// Version of the user with which it becomes due.
    pub(super) version: i64,
    /// When it was ordered.
    pub(super) at: Timestamp,
    /// The last room that is done.
    pub(super) cursor: RoomId,
}

/// Returns the partition of a user's jobs, which are done in the order in which they were ordered.
pub(super) fn shard(user: UserId) -> i64 {
    user.0.rem_euclid(SHARDS)
}

/// Orders work in the rooms of a user, due with this version of the user.
pub(in crate::store::cluster) async fn order(
    at: &Cluster,
    user: UserId,
    version: i64,
    works: &[Work],
) -> Result<(), StoreError> {
    for work in works {
        let id = ids::take(at, ids::Kind::Job).await?;
        let work = match work.clone() {
            Work::Name => StoredWork::Name,
            Work::Succession => StoredWork::Succession,
            Work::Farewell { login, name } => StoredWork::Farewell { login, name },
        };
        let stored = Stored { work, user: user.0, version, at: Timestamp::now().0 };
        let cells = [("body", encode(VERSION, &stored)?.into()), ("cursor", 0.into())];
        let put = Put::conditional(&JOBS, [shard(user).into()], [id.into()], cells);
        let new = Compare { conditions: vec![Condition::Absent(vec![id.into()])], puts: vec![put] };
        match at.tables().compare(new).await {
            Ok(Outcome::Applied) => {}
            // Nothing is changed yet, and a job without its change does nothing.
            Ok(Outcome::Refused) | Err(_) => return Err(StoreError::Unavailable),
        }
    }
    Ok(())
}

/// Returns the jobs of a partition, the oldest first.
pub(super) async fn waiting(at: &Cluster, shard: i64) -> Result<Vec<Job>, StoreError> {
    let rows = at.tables().read(Slice::of(&JOBS, [shard.into()])).await?;
    let mut jobs = Vec::with_capacity(rows.len());
    for row in &rows {
        let (Some(id), Some(body), Some(cursor)) =
            (row.int("id"), row.bytes("body"), row.int("cursor"))
        else {
            continue;
        };
        let Stored { work, user, version, at } = decode(VERSION, body)?;
        let work = match work {
            StoredWork::Name => Work::Name,
            StoredWork::Succession => Work::Succession,
            StoredWork::Farewell { login, name } => Work::Farewell { login, name },
        };
        jobs.push(Job {
            id,
            work,
            user: UserId(user),
            version,
            at: Timestamp(at),
            cursor: RoomId(cursor),
        });
    }
    Ok(jobs)
}

/// Returns the deleted users who have not left all their rooms, with their former names.
pub(in crate::store::cluster) async fn farewells(
    at: &Cluster,
) -> Result<Vec<(UserId, String, String)>, StoreError> {
    let mut found = Vec::new();
    for shard in 0..SHARDS {
        for job in waiting(at, shard).await? {
            if let Work::Farewell { login, name } = job.work {
                found.push((job.user, login, name));
            }
        }
    }
    Ok(found)
}

/// Notes that this room is done.
pub(super) async fn advance(at: &Cluster, job: &Job, room: RoomId) -> Result<(), StoreError> {
    update(at, job, |put| put, [("cursor", room.0.into())].to_vec()).await
}

/// Removes a job that is done.
pub(super) async fn done(at: &Cluster, job: &Job) -> Result<(), StoreError> {
    update(at, job, Put::deleted, Vec::new()).await
}

async fn update(
    at: &Cluster,
    job: &Job,
    kind: impl FnOnce(Put) -> Put,
    cells: Vec<(&'static str, Value)>,
) -> Result<(), StoreError> {
    let key: Vec<Value> = vec![job.id.into()];
    let unmoved = Condition::Is(key.clone(), "cursor", Some(job.cursor.0.into()));
    let put = kind(Put::conditional(&JOBS, [shard(job.user).into()], key, cells));
    match at.tables().compare(Compare { conditions: vec![unmoved], puts: vec![put] }).await {
        Ok(Outcome::Applied) => Ok(()),
        // Another server works on it too, or it is unknown: the row tells.
        Ok(Outcome::Refused) | Err(TableError::Unknown | TableError::Unavailable) => {
            Err(StoreError::Unavailable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_jobs_of_version_1_are_read() {
        let farewell = StoredWork::Farewell { login: "ann".to_owned(), name: "Ann".to_owned() };
        for (work, expected) in [
            (StoredWork::Name, "0100020406"),
            (StoredWork::Succession, "0101020406"),
            (farewell, "010203616e6e03416e6e020406"),
        ] {
            let stored = Stored { work, user: 1, version: 2, at: 3 };
            let bytes = encode(VERSION, &stored).unwrap();
            assert_eq!(hex::encode(&bytes), expected);
            assert_eq!(decode::<Stored>(VERSION, &bytes), Ok(stored));
        }
    }
}
