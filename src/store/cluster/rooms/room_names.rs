//! Names of public rooms, each of which is claimed by its room.
//!
//! A room claims a new name before the commit that gives it the name, and releases the old one
//! after. A server that dies in between leaves a claim without a room of that name, which the next
//! one who wants it takes over.

use std::time::Duration;

use super::committing::supersede;
#[cfg(test)]
use super::model_tests::Mutant;
use super::open::catch_up;
use super::orders::Release;
use super::state::Snapshot;
use crate::model::{Change, Claim, Room, RoomId, Timestamp, Visibility, fold};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::claims::{self, Kind};
use crate::store::cluster::tables::Consistency;

/// How long a claim may precede the commit that it was made for, until others try to take it over.
const PREPARED: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 10 });

/// Claims the name of a public room for it; `Taken` if another one has it.
pub(super) async fn claim(at: &Cluster, room: RoomId, name: &str) -> Result<Release, StoreError> {
    let key = fold(name);
    let taken = StoreError::Taken(Claim::RoomName);
    if let Some(other) = claims::claim(at, Kind::PublicRoom, &key, room.0).await? {
        let old = other.at.plus(PREPARED) <= Timestamp::now();
        if !is_free(at, RoomId(other.holder), &key, old).await?
            || !claims::replace(at, Kind::PublicRoom, &key, other, room.0).await?
        {
            return Err(taken);
        }
    }
    of_room(at, room, key).await?.ok_or(taken)
}

/// Returns the claim of a room.
async fn of_room(at: &Cluster, room: RoomId, key: String) -> Result<Option<Release>, StoreError> {
    let claimed = claims::holder_of(at, Kind::PublicRoom, &key).await?;
    let claimed = claimed.filter(|claimed| claimed.holder == room.0);
    Ok(claimed.map(|claimed| Release { key, claimed }))
}

/// Returns whether the room that claims this name does not have it, and can no longer get it from a
/// decision that a server has made.
async fn is_free(at: &Cluster, room: RoomId, key: &str, old: bool) -> Result<bool, StoreError> {
    let open = at.0.rooms.open(room);
    let now = catch_up(at, &open, Consistency::Serial).await?;
    if now.gone {
        return Ok(true);
    }
    let another = old && key_of(&now).as_deref() != Some(key);
    #[cfg(test)]
    if at.0.rooms.is(Mutant::TakeOverUnseen) {
        return Ok(another);
    }
    Ok(another && supersede(at, &open, &now).await?)
}

fn key_of(room: &Snapshot) -> Option<String> {
    let public = room.stands() && room.room.public;
    room.room.name.as_deref().filter(|_| public).map(fold)
}

/// Claims the name that a public room gets with these changes, and returns the one it loses.
pub(super) async fn prepare(
    at: &Cluster,
    before: &Snapshot,
    changes: &[Change],
) -> Result<Vec<Release>, StoreError> {
    let old = key_of(before);
    let deleted = changes.iter().any(|change| matches!(change, Change::RoomDeleted));
    let room = changes.iter().rev().find_map(|change| match change {
        Change::Updated(room) => Some(room),
        _ => None,
    });
    let name = room.map_or(before.room.name.as_deref(), |room| room.name.as_deref());
    let public =
        room.map_or(before.room.public, |room: &Room| room.visibility == Visibility::Public);
    let new = name.filter(|_| public && !deleted).map(fold);
    if let (Some(name), Some(key)) = (name, &new)
        && old.as_ref() != Some(key)
    {
        claim(at, before.id, name).await?;
    }
    match old.filter(|old| new.as_ref() != Some(old)) {
        Some(lost) => Ok(of_room(at, before.id, lost).await?.into_iter().collect()),
        None => Ok(Vec::new()),
    }
}
