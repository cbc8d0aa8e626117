//! What uses a file: messages of rooms, and the profile of its owner.

use std::collections::HashSet;
use std::time::Duration;

use super::rows::{self, Kept};
use crate::model::{Media, MediaId, RoomId, UserId};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::people::{EMOJI, MEDIA_INTENTS};
use crate::store::cluster::tables::schema::rooms::MEDIA_ROOMS;
use crate::store::cluster::tables::{Put, Slice};
use crate::store::cluster::{Cluster, acquaintance, rooms, users};

/// Time for which the log of a room, and so a message of which nothing is derived yet, is kept.
const LOG: Duration = Duration::from_hours(31 * 24);

/// The row that says that a file is about to be attached to a message in this room.
pub(super) fn intent(id: MediaId, room: RoomId) -> Put {
    let cells = [("present", true.into())];
    Put::plain(&MEDIA_INTENTS, 1, [id.0.into()], [room.0.into()], cells).living(LOG)
}

/// Returns whether a message has the file attached, from which nothing was derived yet: its server
/// died. Brings the rooms up to date in which somebody wanted to attach it.
async fn is_underway(at: &Cluster, id: MediaId) -> Result<bool, StoreError> {
    let intents = at.tables().read(Slice::of(&MEDIA_INTENTS, [id.0.into()])).await?;
    for room in intents.iter().filter_map(|row| row.int("room")) {
        rooms::bring_up_to_date(at, RoomId(room)).await?;
    }
    Ok(!intents.is_empty() && !rooms_with(at, id).await?.is_empty())
}

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
pub(super) async fn is_emoji(at: &Cluster, id: MediaId) -> Result<bool, StoreError> {
    Ok(!at.tables().read(Slice::of(&EMOJI, [id.0.into()]).first(1)).await?.is_empty())
}

/// Returns whether a message, profile or emoji uses the file.
pub(super) async fn is_used(at: &Cluster, media: &Media) -> Result<bool, StoreError> {
    Ok(!rooms_with(at, media.id).await?.is_empty()
        || is_picture(at, media).await?
        || is_emoji(at, media.id).await?
        || is_underway(at, media.id).await?)
}

/// Returns those of these files that something outside this room uses.
pub(in crate::store::cluster) async fn used_elsewhere(
    at: &Cluster,
    ids: &[MediaId],
    room: RoomId,
) -> Result<Vec<MediaId>, StoreError> {
    let mut used = Vec::new();
    for id in ids.iter().copied() {
        let Some(Kept { media, .. }) = rows::read(at, id).await? else { continue };
        let in_others = rooms_with(at, id).await?.into_iter().any(|with| with != room);
        if in_others || is_picture(at, &media).await? || is_emoji(at, id).await? {
            used.push(id);
        }
    }
    Ok(used)
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
