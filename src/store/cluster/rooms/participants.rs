//! Reads rows of participants.

use std::sync::Arc;

use super::heads::State;
use super::open;
use super::state::Snapshot;
use super::stored::{Stored as _, StoredParticipant};
use crate::model::{RoomId, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::PARTICIPANTS;
use crate::store::cluster::tables::{Row, Slice};

/// Larger rooms are opened, rather than reading all their participants each time.
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

/// Returns what is in memory of a room, if its facts are those of this state.
pub(super) fn in_memory(at: &Cluster, state: &State) -> Option<Arc<Snapshot>> {
    at.0.rooms.known(state.id).filter(|known| known.room.facts_rev == state.head.facts_rev.0)
}

/// Returns the first participants in the order of joining, as of this state of the room.
pub(super) async fn first(
    at: &Cluster,
    state: &State,
    limit: u32,
) -> Result<Vec<(UserId, StoredParticipant)>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    if let Some(known) = in_memory(at, state) {
        return Ok(first_of(&known, limit));
    }
    if state.body.users > SMALL {
        // Stays in memory for the next list.
        let known = open::current(at, state.id).await?;
        return Ok(known.map(|known| first_of(&known, limit)).unwrap_or_default());
    }
    let mut rows = at.tables().read(Slice::of(&PARTICIPANTS, [state.id.0.into()])).await?;
    rows.retain(|row| row.flag("present") == Some(true));
    rows.sort_by_key(|row| row.int("entered"));
    rows.truncate(limit as usize);
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        if let (Some(user), Some(participant)) = (row.int("user"), participant(row)?) {
            found.push((UserId(user), participant));
        }
    }
    Ok(found)
}

fn first_of(room: &Snapshot, limit: u32) -> Vec<(UserId, StoredParticipant)> {
    let first = room.members.list().iter().take(limit as usize);
    first.map(|member| (member.user, member.body.clone())).collect()
}
