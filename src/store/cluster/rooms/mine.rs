//! What a user chose for a room.

use super::participants;
use crate::model::{RoomId, Timestamp, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::MINE;
use crate::store::cluster::tables::{Put, Row};
use crate::store::{Missing, StoreError};

/// Mutes or unmutes a room for the user.
pub(in crate::store::cluster) async fn change_mine(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    muted: bool,
) -> Result<(), StoreError> {
    let missing = StoreError::NotFound(Missing::Participant);
    let joined = participants::one(at, room, user).await?.ok_or(missing)?.joined;
    let put = Put::plain(
        &MINE,
        Timestamp::now().0.saturating_mul(1000),
        [user.0.into()],
        [room.0.into()],
        [("muted", muted.into()), ("joined", joined.into())],
    );
    Ok(at.tables().write(vec![put]).await?)
}

/// Returns whether the user has muted the room. What was chosen before leaving and returning does
/// not count.
pub(super) async fn is_muted(at: &Cluster, row: Option<&Row>) -> Result<bool, StoreError> {
    let Some(row) = row.filter(|row| row.flag("muted") == Some(true)) else { return Ok(false) };
    let (Some(user), Some(room)) = (row.int("user"), row.int("room")) else { return Ok(false) };
    let participant = participants::one(at, RoomId(room), UserId(user)).await?;
    Ok(participant.is_some_and(|found| row.int("joined") == Some(found.joined)))
}
