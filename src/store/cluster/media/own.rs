//! The files of one owner.

use futures_util::future::try_join_all;

use super::rows::{self, Kept};
use super::{adding, usage};
use crate::model::{Media, MediaId, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::people::MEDIA_BY_OWNER;
use crate::store::cluster::tables::{Bound, Slice};
use crate::store::{OwnFile, StoreError};

/// Files read at the same time.
const AT_ONCE: usize = 32;

/// Returns a page of the files of an owner, and where to continue.
pub(in crate::store::cluster) async fn of_owner(
    at: &Cluster,
    owner: UserId,
    after: MediaId,
    count: u32,
) -> Result<(Vec<OwnFile>, Option<MediaId>), StoreError> {
    let slice = Slice::of(&MEDIA_BY_OWNER, [owner.0.into()])
        .between(Bound::Excluding(after.0.into()), Bound::Open)
        .first(count);
    let listed = at.tables().read(slice).await?;
    let ids: Vec<MediaId> = rows::ids(&listed).collect();
    let mut files = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let found = try_join_all(some.iter().map(|id| rows::read(at, *id))).await?;
        let own = found.into_iter().flatten().filter(|kept| kept.media.owner == owner);
        let judged = own.map(|Kept { media, .. }| judge(at, media));
        files.extend(try_join_all(judged).await?);
    }
    let next = ids.last().copied().filter(|_| ids.len() == count as usize);
    Ok((files, next))
}

/// Returns a file with what needs its bytes.
async fn judge(at: &Cluster, media: Media) -> Result<OwnFile, StoreError> {
    let stays = usage::is_emoji(at, media.id).await?;
    let (mut bytes_stay, mut needed) = (stays, stays);
    for id in rows::of_name(at, &media.name).await? {
        if bytes_stay {
            break;
        }
        let Some(kept) = rows::read(at, id).await? else { continue };
        bytes_stay = kept.media.owner != media.owner || usage::is_emoji(at, id).await?;
        needed |= bytes_stay || usage::is_used(at, &kept.media).await?;
    }
    Ok(OwnFile { media, needed, stays, bytes_stay })
}

/// Removes these files of an owner unless they are used.
pub(in crate::store::cluster) async fn drop_own(
    at: &Cluster,
    owner: UserId,
    ids: &[MediaId],
) -> Result<(), StoreError> {
    for id in ids {
        let kept = rows::read(at, *id).await?.filter(|kept| kept.media.owner == owner);
        if let Some(kept) = kept
            && !usage::is_used(at, &kept.media).await?
            && adding::remove(at, &kept).await?
        {
            adding::release(at, &kept.media).await?;
        }
    }
    Ok(())
}
