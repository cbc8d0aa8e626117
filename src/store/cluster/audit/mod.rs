//! The audit log.
//!
//! An entry is written before the change that it describes, and withdrawn if the change was not
//! made. A server that dies in between leaves an entry of a change that may not have happened,
//! never a change without an entry. Likewise a change of unknown outcome keeps its entry.

mod entry;
mod paging;

pub(super) use paging::page;

use std::time::Duration;

use self::entry::Stored;
use super::tables::Put;
use super::tables::schema::people::{AUDIT, AUDIT_INDEX};
use super::{Cluster, buckets, ids};
use crate::model::{Attribution, AuditNote, Timestamp};
use crate::store::StoreError;

/// Ids of one partition of the index.
const INDEXED: i64 = 100_000;
/// Rows cannot live longer in Cassandra: 20 years.
const LONGEST: Duration = Duration::from_hours(20 * 365 * 24);

/// An entry of a change that is being made.
#[must_use = "an entry must be settled"]
pub(super) struct Begun {
    id: i64,
    keys: Vec<String>,
}

/// Records something that happens outside of the store.
pub(super) async fn record(
    at: &Cluster,
    by: Attribution,
    note: AuditNote,
) -> Result<(), StoreError> {
    write(at, &by, &note).await.map(drop)
}

/// Records a change that is about to be made, if it is attributed to somebody; `note` returns None
/// if nothing will change.
pub(super) async fn begin(
    at: &Cluster,
    note: impl FnOnce() -> Option<AuditNote>,
) -> Result<Option<Begun>, StoreError> {
    let Some(by) = &at.1 else { return Ok(None) };
    match note() {
        Some(note) => write(at, by, &note).await.map(Some),
        None => Ok(None),
    }
}

/// Records a change that is about to be made by `by`.
pub(super) async fn begin_by(
    at: &Cluster,
    by: &Attribution,
    note: &AuditNote,
) -> Result<Begun, StoreError> {
    write(at, by, note).await
}

/// Withdraws entries of changes that were not made. A failure is only logged.
pub(super) async fn withdraw_all(at: &Cluster, entries: Vec<Begun>) {
    for entry in entries {
        if let Err(error) = withdraw(at, &entry).await {
            tracing::warn!(%error, audit.id = entry.id, "The audit log has an entry of a change \
                                                         that was not made");
        }
    }
}

/// Withdraws the entry of a change unless it was made, or may have been; `made` tells for a known
/// outcome. Returns the outcome.
pub(super) async fn settle<T>(
    at: &Cluster,
    entry: Option<Begun>,
    outcome: Result<T, StoreError>,
    made: impl FnOnce(&T) -> bool,
) -> Result<T, StoreError> {
    let Some(entry) = entry else { return outcome };
    let stays = match &outcome {
        Ok(value) => made(value),
        Err(error) => *error == StoreError::Unknown,
    };
    if !stays {
        withdraw_all(at, vec![entry]).await;
    }
    outcome
}

async fn write(at: &Cluster, by: &Attribution, note: &AuditNote) -> Result<Begun, StoreError> {
    let id = ids::take(at, ids::Kind::Audit).await?;
    let stored = Stored::new(Timestamp::now(), by, note);
    let keys = stored.keys();
    let (bucket, mark) = buckets::of(buckets::AUDIT, id);
    let cells = [("body", stored.encode()?.into())];
    let mut puts =
        vec![mark, aging(at, Put::plain(&AUDIT, 1, [bucket.into()], [id.into()], cells))];
    puts.extend(keys.iter().map(|key| aging(at, indexed(key, id))));
    at.tables().write(puts).await?;
    Ok(Begun { id, keys })
}

async fn withdraw(at: &Cluster, entry: &Begun) -> Result<(), StoreError> {
    let (bucket, _) = buckets::of(buckets::AUDIT, entry.id);
    let mut puts = vec![Put::plain(&AUDIT, 2, [bucket.into()], [entry.id.into()], []).deleted()];
    puts.extend(entry.keys.iter().map(|key| {
        let mut put = indexed(key, entry.id).deleted();
        put.timestamp = 2;
        put
    }));
    Ok(at.tables().write(puts).await?)
}

fn indexed(key: &str, id: i64) -> Put {
    let partition = [key.into(), (id / INDEXED).into()];
    Put::plain(&AUDIT_INDEX, 1, partition, [id.into()], [("present", true.into())])
}

fn aging(at: &Cluster, put: Put) -> Put {
    match at.0.options.audit_for {
        Some(life) => put.living(life.min(LONGEST)),
        None => put,
    }
}
