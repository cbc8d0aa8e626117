//! Tables that list ids in partitions of 1,000, and which of these partitions there are: an import
//! may leave large gaps between ids.

use super::Cluster;
use super::tables::schema::people::BUCKETS;
use super::tables::{Put, Slice};
use crate::store::StoreError;

/// Ids of one partition.
pub(super) const SIZE: i64 = 1_000;

/// Users, in the table `directory`.
pub(super) const USERS: &str = "users";
/// Uploaded files, in the table `media_ids`.
pub(super) const MEDIA: &str = "media";
/// Entries of the audit log, in the table `audit`.
pub(super) const AUDIT: &str = "audit";

/// Returns the partition of an id, and the row that says that there is such a partition, which is
/// written with the id.
pub(super) fn of(kind: &'static str, id: i64) -> (i64, Put) {
    let bucket = number(id);
    let mark = Put::plain(&BUCKETS, 1, [kind.into()], [bucket.into()], [("present", true.into())]);
    (bucket, mark)
}

/// Returns the partition of an id.
pub(super) fn number(id: i64) -> i64 {
    id / SIZE
}

/// Returns all partitions, ascending.
pub(super) async fn all(at: &Cluster, kind: &'static str) -> Result<Vec<i64>, StoreError> {
    let rows = at.tables().read(Slice::of(&BUCKETS, [kind.into()])).await?;
    Ok(rows.iter().filter_map(|row| row.int("bucket")).collect())
}
