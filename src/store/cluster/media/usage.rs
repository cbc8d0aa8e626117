//! What uses a file: messages of rooms, and the profile of its owner.

use std::collections::HashSet;

use crate::model::{Media, MediaId, RoomId, UserId};
use crate::store::StoreError;
use crate::store::cluster::tables::Slice;
use crate::store::cluster::tables::schema::people::EMOJI;
use crate::store::cluster::tables::schema::rooms::MEDIA_ROOMS;
use crate::store::cluster::{Cluster, acquaintance, rooms, users};

/// Returns the rooms that have the file attached to a message.
pub(super) async fn rooms_with(at: &Cluster, id: MediaId) -> Result<HashSet<RoomId>, StoreError> {
    let rows = at.tables().read(Slice::of(&MEDIA_ROOMS, [id.0.into()])).await?;
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    Ok(present.filter_map(|row| row.int("room")).map(RoomId).collect())
}

/// Returns whether the file is the profile picture of its owner.
async fn is_picture(at: &Cluster, media: &Media) -> Result<bool, StoreError> {
    let owner = users::read(at, media.owner).await?;
    Ok(owner.is_some_and(|owner| owner.stored.picture() == Some(media.id)))
}

/// Returns whether the file is the picture of a custom emoji.
async fn is_emoji(at: &Cluster, id: MediaId) -> Result<bool, StoreError> {
    Ok(!at.tables().read(Slice::of(&EMOJI, [id.0.into()]).first(1)).await?.is_empty())
}

/// Returns whether a message, profile or emoji uses the file.
pub(super) async fn is_used(at: &Cluster, media: &Media) -> Result<bool, StoreError> {
    Ok(!rooms_with(at, media.id).await?.is_empty()
        || is_picture(at, media).await?
        || is_emoji(at, media.id).await?)
}

/// Who reads files: their rooms are read once.
pub(super) struct Reader {
    id: UserId,
    guest: bool,
    rooms: Option<HashSet<RoomId>>,
}

impl Reader {
    pub(super) async fn new(at: &Cluster, id: UserId) -> Result<Self, StoreError> {
        let user = users::read(at, id).await?;
        let guest = user.is_some_and(|user| user.stored.user(id).guest);
        Ok(Self { id, guest, rooms: None })
    }

    /// Returns whether they may read the file: their own, a profile picture (for a guest: of
    /// somebody they share a room with), or attached to a message in a room of theirs.
    pub(super) async fn may_read(
        &mut self,
        at: &Cluster,
        media: &Media,
    ) -> Result<bool, StoreError> {
        if media.owner == self.id {
            return Ok(true);
        }
        if is_emoji(at, media.id).await? {
            return Ok(true);
        }
        if is_picture(at, media).await?
            && (!self.guest || acquaintance::among(at, self.id, &[media.owner]).await?.len() == 1)
        {
            return Ok(true);
        }
        let attached = rooms_with(at, media.id).await?;
        if attached.is_empty() {
            return Ok(false);
        }
        if self.rooms.is_none() {
            self.rooms = Some(rooms::of_user(at, self.id).await?.into_iter().collect());
        }
        Ok(self.rooms.as_ref().is_some_and(|mine| !mine.is_disjoint(&attached)))
    }
}
