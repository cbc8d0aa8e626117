//! How much of an owner's uploads nothing has used yet: rows of the last days, so that many older
//! files cost nothing.
//!
//! A file that was used once is not counted again when it becomes unused, because its message was
//! deleted: the collector removes it within a day.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::rows::Kept;
use crate::model::{Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::people::MEDIA_UNUSED;
use crate::store::cluster::tables::{Put, Slice, Value};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;
/// For longer than a day, after which unused files are removed.
const KEPT_FOR: Duration = Duration::from_hours(3 * 24);
/// A small file occupies a block of the disk.
const BLOCK: u64 = 4_096;

/// The row of a file that was just uploaded, or again while it was unused.
pub(super) fn added(kept: &Kept) -> Put {
    let size = i64::try_from(kept.media.size).unwrap_or(i64::MAX);
    let name = kept.media.name.clone();
    let cells = vec![("present", true.into()), ("name", name.into()), ("size", size.into())];
    put(kept, 0, cells)
}

/// The row of a file that is used from now on, or gone. None: there is none any more.
pub(super) fn used(kept: &Kept) -> Option<Put> {
    let is_recent = Timestamp::now() < kept.media.created.plus(KEPT_FOR);
    is_recent.then(|| put(kept, 1, vec![("present", false.into())]))
}

/// What is written later has a higher timestamp, whatever the clocks say: each refresh of a file
/// moves its time forward.
fn put(kept: &Kept, later: i64, cells: Vec<(&'static str, Value)>) -> Put {
    let timestamp = kept.fresh.0.saturating_mul(2).saturating_add(later);
    let partition = [kept.media.owner.0.into(), day(kept.media.created).into()];
    Put::plain(&MEDIA_UNUSED, timestamp, partition, [kept.media.id.0.into()], cells)
        .living(KEPT_FOR)
}

fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

/// Returns the size of this user's unused files, the same bytes once.
pub(in crate::store::cluster) async fn bytes(
    at: &Cluster,
    owner: UserId,
) -> Result<u64, StoreError> {
    let today = day(Timestamp::now());
    // Other servers' clocks may be a little ahead.
    let days = (today - 1..=today + 1)
        .map(|day| at.tables().read(Slice::of(&MEDIA_UNUSED, [owner.0.into(), day.into()])));
    let mut sizes: HashMap<String, u64> = HashMap::new();
    for row in try_join_all(days).await?.iter().flatten() {
        if let (Some(true), Some(name), Some(bytes)) =
            (row.flag("present"), row.text("name"), row.int("size"))
        {
            let size = sizes.entry(name.to_owned()).or_default();
            *size = (*size).max(bytes.unsigned_abs().max(BLOCK));
        }
    }
    Ok(sizes.values().fold(0, |sum, size| sum.saturating_add(*size)))
}
