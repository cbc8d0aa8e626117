//! Adding a file. The same bytes of the same owner under the same file name are one file: whoever
//! claims them last finds the first.

use sha2::{Digest, Sha256};

use super::rows::{self, Kept};
use super::{unused, usage};
use crate::model::{Media, MediaId, Timestamp, UserId};
use crate::store::cluster::claims::{self, Kind};
use crate::store::cluster::{Cluster, ids};
use crate::store::{Added, NewMedia, StoreError};

/// Attempts, each of which another upload of the same may overtake.
const TRIES: usize = 10;

/// Adds a file, or finds the existing one.
pub(in crate::store::cluster) async fn add(
    at: &Cluster,
    new: NewMedia,
) -> Result<Added<Media>, StoreError> {
    let key = key(new.owner, &new.name, new.file_name.as_deref());
    if let Some(claimed) = claims::holder_of(at, Kind::File, &key).await?
        && let Some(value) = again(at, MediaId(claimed.holder)).await?
    {
        return Ok(Added { value, existed: true });
    }
    let media = insert(at, new).await?;
    for _ in 0..TRIES {
        let Some(other) = claims::claim(at, Kind::File, &key, media.id.0).await? else {
            return Ok(Added { value: media, existed: false });
        };
        if let Some(value) = again(at, MediaId(other.holder)).await? {
            forget(at, media).await;
            return Ok(Added { value, existed: true });
        }
        // The file is gone for good.
        if claims::replace(at, Kind::File, &key, other, media.id.0).await? {
            return Ok(Added { value: media, existed: false });
        }
    }
    Err(StoreError::Unavailable)
}

async fn insert(at: &Cluster, new: NewMedia) -> Result<Media, StoreError> {
    let media = Media {
        id: MediaId(ids::take(at, ids::Kind::Media).await?),
        name: new.name,
        kind: new.kind,
        owner: new.owner,
        is_image: new.is_image,
        size: new.size,
        width: new.width,
        height: new.height,
        file_name: new.file_name,
        created: Timestamp::now(),
    };
    rows::insert(at, &media).await?;
    let kept = Kept { fresh: media.created, media };
    at.tables().write(vec![unused::added(&kept)]).await?;
    Ok(kept.media)
}

/// Returns a file that is uploaded again. It is about to be used: its age starts again.
async fn again(at: &Cluster, id: MediaId) -> Result<Option<Media>, StoreError> {
    for _ in 0..TRIES {
        let Some(kept) = rows::read(at, id).await? else { return Ok(None) };
        let renewed = !usage::is_used(at, &kept.media).await?;
        if let Some(kept) = rows::refresh(at, &kept, Timestamp::now(), renewed).await? {
            if renewed {
                at.tables().write(vec![unused::added(&kept)]).await?;
            }
            return Ok(Some(kept.media));
        }
    }
    Err(StoreError::Unavailable)
}

/// Removes a file that lost the race for its claim. A failure is only logged: it is unused.
async fn forget(at: &Cluster, media: Media) {
    let fresh = media.created;
    if let Err(error) = remove(at, &Kept { media, fresh }).await {
        tracing::debug!(%error, "A file that was uploaded twice is left for the collector");
    }
}

/// Removes a file unless it was changed in between.
pub(super) async fn remove(at: &Cluster, kept: &Kept) -> Result<bool, StoreError> {
    let removed = rows::remove(at, kept).await?;
    if removed && let Some(gone) = unused::used(kept) {
        at.tables().write(vec![gone]).await?;
    }
    Ok(removed)
}

/// Releases the claim of a file that is gone.
pub(super) async fn release(at: &Cluster, media: &Media) -> Result<(), StoreError> {
    claims::release(at, Kind::File, &key_of(media), media.id.0).await
}

/// Claims the name of a file that was added elsewhere; it stays another one's if it is.
pub(super) async fn claim(at: &Cluster, media: &Media) -> Result<(), StoreError> {
    claims::claim(at, Kind::File, &key_of(media), media.id.0).await.map(drop)
}

fn key_of(media: &Media) -> String {
    key(media.owner, &media.name, media.file_name.as_deref())
}

fn key(owner: UserId, name: &str, file_name: Option<&str>) -> String {
    let text = format!("{owner} {name} {}", file_name.unwrap_or_default());
    hex::encode(Sha256::digest(text.as_bytes()))
}
