//! Pages of the audit log, in the order of ids: of all entries, or of those in the index of one
//! key, filtered by the rest of the query.

use futures_util::future::try_join_all;

use super::INDEXED;
use super::entry::{Stored, action_key, person_key};
use crate::model::{AuditEntry, fold};
use crate::store::cluster::tables::schema::people::{AUDIT, AUDIT_INDEX};
use crate::store::cluster::tables::{Bound, Slice};
use crate::store::cluster::{Cluster, buckets};
use crate::store::{AuditQuery, StoreError};

/// Entries read at the same time.
const AT_ONCE: usize = 64;

/// Returns a page of entries.
pub(in crate::store::cluster) async fn page(
    at: &Cluster,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>, StoreError> {
    let limit = query.limit as usize;
    let key = match (&query.person, &query.action) {
        (Some(person), _) => Some(person_key(&fold(person))),
        (None, Some(action)) => Some(action_key(action)),
        (None, None) => None,
    };
    let mut buckets = buckets::all(at, buckets::AUDIT).await?;
    buckets.retain(|bucket| match (query.cursor.map(buckets::number), query.oldest_first) {
        (Some(cursor), true) => *bucket >= cursor,
        (Some(cursor), false) => *bucket <= cursor,
        (None, _) => true,
    });
    if !query.oldest_first {
        buckets.reverse();
    }
    let mut found = Vec::new();
    match key {
        None => {
            for bucket in buckets {
                if found.len() >= limit {
                    break;
                }
                found.extend(whole(at, bucket, query).await?);
            }
        }
        Some(key) => {
            let first_id = |bucket: &i64| bucket * buckets::SIZE;
            let mut parts: Vec<i64> = buckets.iter().map(|b| first_id(b) / INDEXED).collect();
            parts.dedup();
            for part in parts {
                if found.len() >= limit {
                    break;
                }
                indexed(at, &key, part, query, limit, &mut found).await?;
            }
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Returns the entries of one partition that match.
async fn whole(
    at: &Cluster,
    bucket: i64,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>, StoreError> {
    let slice = after_cursor(Slice::of(&AUDIT, [bucket.into()]), query);
    let mut found = Vec::new();
    for row in at.tables().read(slice).await? {
        let (Some(id), Some(body)) = (row.int("id"), row.bytes("body")) else { continue };
        found.extend(matching(id, body, query)?);
    }
    Ok(found)
}

/// Adds the entries of one partition of the index that match, until there are enough.
async fn indexed(
    at: &Cluster,
    key: &str,
    part: i64,
    query: &AuditQuery,
    limit: usize,
    found: &mut Vec<AuditEntry>,
) -> Result<(), StoreError> {
    let slice = after_cursor(Slice::of(&AUDIT_INDEX, [key.into(), part.into()]), query);
    let rows = at.tables().read(slice).await?;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.int("id")).collect();
    for some in ids.chunks(AT_ONCE) {
        if found.len() >= limit {
            break;
        }
        let slices = some
            .iter()
            .map(|id| Slice::of(&AUDIT, [buckets::number(*id).into()]).under([(*id).into()]));
        let read = try_join_all(slices.map(|slice| at.tables().read(slice))).await?;
        for (id, rows) in some.iter().zip(read) {
            if let Some(body) = rows.first().and_then(|row| row.bytes("body")) {
                found.extend(matching(*id, body, query)?);
            }
        }
    }
    Ok(())
}

fn after_cursor(slice: Slice, query: &AuditQuery) -> Slice {
    let bound = query.cursor.map_or(Bound::Open, |id| Bound::Excluding(id.into()));
    let mut slice = if query.oldest_first {
        slice.between(bound, Bound::Open)
    } else {
        slice.between(Bound::Open, bound)
    };
    slice.descending = !query.oldest_first;
    slice
}

fn matching(id: i64, body: &[u8], query: &AuditQuery) -> Result<Option<AuditEntry>, StoreError> {
    let stored = Stored::decode(body)?;
    let matches = query.since.is_none_or(|since| stored.at() >= since)
        && query.until.is_none_or(|until| stored.at() < until)
        && query.action.as_ref().is_none_or(|action| stored.is_of(action));
    Ok(matches.then(|| stored.entry(id)))
}
