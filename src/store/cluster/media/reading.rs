//! Reading files, and preparing to use them.

use std::time::Duration;

use super::rows::{self, Kept};
use super::unused;
use super::usage::{self, Reader};
use crate::model::{Media, MediaId, Missing, RoomId, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;

/// A file whose age is less need not be made fresh before it is used. Far below the age at which
/// unused files are removed.
const FRESH: Duration = Duration::from_hours(1);
/// Attempts, each of which another use may overtake.
const TRIES: usize = 10;

/// Returns these files in the given order; `NotFound` unless all are uploads of this user. Called
/// before a message or profile with them is committed: the collector of unused files spares them
/// from now on as if they had just been uploaded. `room` is that of the message.
pub(in crate::store::cluster) async fn attachable(
    at: &Cluster,
    owner: UserId,
    ids: &[MediaId],
    room: Option<RoomId>,
) -> Result<Vec<Media>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let kept = fresh(at, owner, *id).await?;
        found.push(kept.ok_or(StoreError::NotFound(Missing::Media))?);
    }
    let used = found.iter().filter_map(unused::used);
    let intents =
        room.into_iter().flat_map(|room| ids.iter().map(move |id| usage::intent(*id, room)));
    let puts: Vec<_> = used.chain(intents).collect();
    if !puts.is_empty() {
        at.tables().write(puts).await?;
    }
    Ok(found.into_iter().map(|kept| kept.media).collect())
}

async fn fresh(at: &Cluster, owner: UserId, id: MediaId) -> Result<Option<Kept>, StoreError> {
    for _ in 0..TRIES {
        let Some(kept) = rows::read(at, id).await?.filter(|kept| kept.media.owner == owner) else {
            return Ok(None);
        };
        let now = Timestamp::now();
        if now < kept.fresh.plus(FRESH) {
            return Ok(Some(kept));
        }
        if let Some(kept) = rows::refresh(at, &kept, now, false).await? {
            return Ok(Some(kept));
        }
    }
    Err(StoreError::Unavailable)
}

/// Returns the newest file with these bytes, or the one with this id, that this user may read.
pub(in crate::store::cluster) async fn readable(
    at: &Cluster,
    name: &str,
    id: Option<MediaId>,
    reader: UserId,
) -> Result<Option<Media>, StoreError> {
    let ids = match id {
        Some(id) => vec![id],
        None => rows::of_name(at, name).await?,
    };
    let mut found: Vec<Media> = Vec::with_capacity(ids.len());
    for id in ids {
        let kept = rows::read(at, id).await?.filter(|kept| kept.media.name == name);
        found.extend(kept.map(|kept| kept.media));
    }
    found.sort_by_key(|media| std::cmp::Reverse((media.created, media.id)));
    let mut reader = Reader::new(at, reader).await?;
    for media in found {
        if reader.may_read(at, &media).await? {
            return Ok(Some(media));
        }
    }
    Ok(None)
}
