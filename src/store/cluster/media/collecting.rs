//! Unused files: finding and removing them.

use futures_util::future::try_join_all;

use super::rows::{self, Kept, Listed};
use super::{adding, usage};
use crate::model::{MediaId, Timestamp};
use crate::store::StoreError;
use crate::store::cluster::{Cluster, buckets};

/// Files examined at the same time.
const AT_ONCE: usize = 32;

/// Examines files to find unused ones: how many, how many of them unused, and where to continue.
pub(in crate::store::cluster) async fn count_unused(
    at: &Cluster,
    before: Timestamp,
    after: MediaId,
    count: u32,
) -> Result<(u64, u64, Option<MediaId>), StoreError> {
    let ids: Vec<MediaId> =
        page(at, after, count as usize).await?.iter().map(|listed| listed.id).collect();
    let unused = unused(at, &ids, before).await?;
    Ok((ids.len() as u64, unused.len() as u64, next(&ids, count)))
}

/// Examines files and removes unused ones; returns the names without any owner left, and where to
/// continue.
pub(in crate::store::cluster) async fn drop_unused(
    at: &Cluster,
    before: Timestamp,
    after: MediaId,
    count: u32,
) -> Result<(Vec<String>, Option<MediaId>), StoreError> {
    let page = page(at, after, count as usize).await?;
    let ids: Vec<MediaId> = page.iter().map(|listed| listed.id).collect();
    let mut names: Vec<String> = Vec::new();
    for kept in unused(at, &ids, before).await? {
        if adding::remove(at, &kept).await? {
            adding::release(at, &kept.media).await?;
            names.push(kept.media.name);
        }
    }
    for listed in page {
        // The server that removed it died before it was done.
        if !names.contains(&listed.name) && rows::read(at, listed.id).await?.is_none() {
            rows::unlist(at, &listed).await?;
            names.push(listed.name);
        }
    }
    let still = known(at, &names).await?;
    names.retain(|name| !still.contains(name));
    Ok((names, next(&ids, count)))
}

/// Returns those of the names that have an owner.
pub(in crate::store::cluster) async fn known(
    at: &Cluster,
    names: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for some in names.chunks(AT_ONCE) {
        let listed = try_join_all(some.iter().map(|name| rows::of_name(at, name))).await?;
        let known = some.iter().zip(listed).filter(|(_, ids)| !ids.is_empty());
        found.extend(known.map(|(name, _)| name.clone()));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn next(ids: &[MediaId], count: u32) -> Option<MediaId> {
    if ids.len() == count as usize { ids.last().copied() } else { None }
}

/// Returns the first files above `after`.
async fn page(at: &Cluster, after: MediaId, count: usize) -> Result<Vec<Listed>, StoreError> {
    let mut found = Vec::new();
    for bucket in buckets::all(at, buckets::MEDIA).await? {
        if found.len() < count && bucket >= buckets::number(after.0) {
            found.extend(rows::listed(at, bucket, after).await?);
        }
    }
    found.truncate(count);
    Ok(found)
}

/// Returns those of these files that nothing uses and that are older than `before`.
async fn unused(at: &Cluster, ids: &[MediaId], before: Timestamp) -> Result<Vec<Kept>, StoreError> {
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let examined = some.iter().map(async |id| {
            let kept = rows::read(at, *id).await?;
            match kept.filter(|kept| kept.fresh < before) {
                Some(kept) if !usage::is_used(at, &kept.media).await? => Ok(Some(kept)),
                _ => Ok::<_, StoreError>(None),
            }
        });
        found.extend(try_join_all(examined).await?.into_iter().flatten());
    }
    Ok(found)
}
