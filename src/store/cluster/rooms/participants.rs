//! Reads rows of participants.

use super::each::each;
use super::stored::{Stored as _, StoredParticipant};
use crate::model::{RoomId, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::PARTICIPANTS;
use crate::store::cluster::tables::{Row, Slice};

/// In larger rooms only the order of joining is read of those who are not shown.
const SMALL: u32 = 64;

/// Returns a participant; None for one who has left.
pub(super) fn participant(row: &Row) -> Result<Option<StoredParticipant>, StoreError> {
    if row.flag("present") != Some(true) {
        return Ok(None);
    }
    row.bytes("body").map(StoredParticipant::decode).transpose()
}

/// Returns a user who participates in a room.
pub(super) async fn one(
    at: &Cluster,
    room: RoomId,
    user: UserId,
) -> Result<Option<StoredParticipant>, StoreError> {
    let slice = Slice::of(&PARTICIPANTS, [room.0.into()]).under([user.0.into()]);
    at.tables().read(slice).await?.first().map_or(Ok(None), participant)
}

/// Returns the first participants in the order of joining; the room has `count` of them.
pub(super) async fn first(
    at: &Cluster,
    room: RoomId,
    count: u32,
    limit: u32,
) -> Result<Vec<(UserId, StoredParticipant)>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let all = Slice::of(&PARTICIPANTS, [room.0.into()]);
    let whole = count <= SMALL.max(limit);
    let slice = if whole { all } else { all.only(&["present", "entered"]) };
    let mut rows = at.tables().read(slice).await?;
    rows.retain(|row| row.flag("present") == Some(true));
    rows.sort_by_key(|row| row.int("entered"));
    rows.truncate(limit as usize);
    if whole {
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            if let (Some(user), Some(participant)) = (row.int("user"), participant(row)?) {
                found.push((UserId(user), participant));
            }
        }
        return Ok(found);
    }
    let users: Vec<UserId> = rows.iter().filter_map(|row| row.int("user").map(UserId)).collect();
    let found = each(users, |user| {
        Box::pin(async move { Ok(one(at, room, user).await?.map(|found| (user, found))) })
    });
    Ok(found.await?.into_iter().flatten().collect())
}
