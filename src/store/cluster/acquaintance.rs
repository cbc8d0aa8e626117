//! Who shares a room with whom.

use std::collections::HashSet;

use futures_util::future::try_join_all;

use super::tables::Slice;
use super::tables::schema::rooms::PARTICIPANTS;
use super::{Cluster, rooms};
use crate::model::{RoomId, UserId};
use crate::store::StoreError;

/// Users up to whom the rooms of each are read; for more, the participants of the user's rooms.
const FEW: usize = 64;
/// Partitions read at the same time.
const AT_ONCE: usize = 16;

/// Returns those of these users who share a room with `user`, in this order; `user` always does.
pub(super) async fn among(
    at: &Cluster,
    user: UserId,
    with: &[UserId],
) -> Result<Vec<UserId>, StoreError> {
    if with.iter().all(|other| *other == user) {
        return Ok(with.to_vec());
    }
    let rooms = rooms::of_user(at, user).await?;
    let near = if with.len() <= FEW {
        sharing(at, &rooms, with).await?
    } else {
        participants(at, &rooms).await?
    };
    Ok(with.iter().copied().filter(|other| *other == user || near.contains(other)).collect())
}

async fn sharing(
    at: &Cluster,
    rooms: &[RoomId],
    with: &[UserId],
) -> Result<HashSet<UserId>, StoreError> {
    let rooms: HashSet<RoomId> = rooms.iter().copied().collect();
    let mut near = HashSet::new();
    for some in with.chunks(AT_ONCE) {
        let theirs = try_join_all(some.iter().map(|other| rooms::of_user(at, *other))).await?;
        for (other, theirs) in some.iter().zip(theirs) {
            if theirs.iter().any(|room| rooms.contains(room)) {
                near.insert(*other);
            }
        }
    }
    Ok(near)
}

async fn participants(at: &Cluster, rooms: &[RoomId]) -> Result<HashSet<UserId>, StoreError> {
    let mut near = HashSet::new();
    for some in rooms.chunks(AT_ONCE) {
        let slices = some.iter().map(|room| Slice::of(&PARTICIPANTS, [room.0.into()]));
        for rows in try_join_all(slices.map(|slice| at.tables().read(slice))).await? {
            let present = rows.iter().filter(|row| row.flag("present") == Some(true));
            near.extend(present.filter_map(|row| row.int("user")).map(UserId));
        }
    }
    Ok(near)
}
