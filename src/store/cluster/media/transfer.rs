//! Files in exports and imports.

use futures_util::future::try_join_all;

use super::{adding, rows};
use crate::model::{Media, MediaId, UserId};
use crate::store::StoreError;
use crate::store::cluster::{Cluster, buckets};
use crate::store::transfer::{Key, MediaRecord};

/// Files read at the same time.
const AT_ONCE: usize = 32;

/// Adds a file of an export with its id. None if its id or its owner is none of this export.
pub(in crate::store::cluster) async fn load(
    at: &Cluster,
    record: &MediaRecord,
) -> Result<Option<Media>, StoreError> {
    let (Some(id), Some(owner)) = (record.id.number(), record.owner.number()) else {
        return Ok(None);
    };
    let media = Media {
        id: MediaId(id),
        name: record.name.clone(),
        kind: record.kind.clone(),
        owner: UserId(owner),
        is_image: record.image,
        size: record.size.unsigned_abs(),
        width: record.width,
        height: record.height,
        file_name: record.file_name.clone(),
        created: record.created,
    };
    if rows::read(at, media.id).await?.is_some() {
        rows::list(at, &media).await?;
    } else {
        rows::insert(at, &media).await?;
    }
    adding::claim(at, &media).await?;
    Ok(Some(media))
}

/// Returns these files in this order, except unknown ones.
pub(in crate::store::cluster) async fn these(
    at: &Cluster,
    ids: &[MediaId],
) -> Result<Vec<Media>, StoreError> {
    let found = try_join_all(ids.iter().map(|id| rows::read(at, *id))).await?;
    Ok(found.into_iter().flatten().map(|kept| kept.media).collect())
}

/// Returns all files, page by page, until `page` returns false.
pub(in crate::store::cluster) async fn export<F: Future<Output = bool>>(
    at: &Cluster,
    mut page: impl FnMut(Vec<MediaRecord>) -> F,
) -> Result<bool, StoreError> {
    for bucket in buckets::all(at, buckets::MEDIA).await? {
        let listed = rows::listed(at, bucket, MediaId(0)).await?;
        let mut records = Vec::new();
        for some in listed.chunks(AT_ONCE) {
            let ids: Vec<MediaId> = some.iter().map(|listed| listed.id).collect();
            records.extend(these(at, &ids).await?.into_iter().map(record));
        }
        if !page(records).await {
            return Ok(false);
        }
    }
    Ok(true)
}

fn record(media: Media) -> MediaRecord {
    MediaRecord {
        id: Key::Number(media.id.0),
        name: media.name,
        owner: Key::Number(media.owner.0),
        kind: media.kind,
        image: media.is_image,
        size: i64::try_from(media.size).unwrap_or(i64::MAX),
        width: media.width,
        height: media.height,
        file_name: media.file_name,
        created: media.created,
    }
}
