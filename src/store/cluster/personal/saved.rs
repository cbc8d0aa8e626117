//! Messages that users have saved for later.

use std::collections::{HashMap, HashSet};

use super::next_version;
use crate::model::{
    Event, MAX_SAVED, MessageId, Missing, Personal, RoomId, Saved, SavedPlace, Seq, Timestamp,
    UserId,
};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::people::SAVED;
use crate::store::cluster::tables::{Put, Row, Slice};
use crate::store::cluster::{Cluster, rooms};

/// Saves a message, or removes it from the saved ones.
pub(in crate::store::cluster) async fn change(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    seq: Seq,
    saved: bool,
) -> Result<(), StoreError> {
    let slice = Slice::of(&SAVED, [user.0.into()]).under([room.0.into(), seq.0.into()]);
    let row = at.tables().read(slice).await?.into_iter().next();
    let message = MessageId { room, seq };
    let missing = || StoreError::NotFound(Missing::Message);
    if saved {
        let wanted = HashMap::from([(room, vec![seq])]);
        rooms::standing_messages(at, wanted).await?.remove(&message).ok_or_else(missing)?;
    }
    if row.as_ref().is_some_and(|row| row.flag("present") == Some(true)) == saved {
        return Ok(());
    }
    if saved && places(at, user).await?.len() >= MAX_SAVED as usize {
        return Err(StoreError::TooManySaved);
    }
    let (now, version) = (Timestamp::now(), next_version(row.and_then(|row| row.int("version"))));
    at.tables().write(vec![put(user, message, saved, now, version)]).await?;
    at.emit(Event::Personal { user, change: Personal::Saved(message, saved), at: now }).await;
    Ok(())
}

/// Returns a page of saved messages, most recently saved first.
pub(in crate::store::cluster) async fn of_user(
    at: &Cluster,
    user: UserId,
    after: Option<SavedPlace>,
    limit: u32,
) -> Result<Vec<Saved>, StoreError> {
    let mut left = places(at, user).await?;
    left.retain(|place| after.is_none_or(|after| *place < after));
    left.sort_unstable_by(|one, other| other.cmp(one));
    let limit = limit as usize;
    let (mut left, mut found) = (left.into_iter(), Vec::new());
    // Deleted messages are left out, so that more than one turn may be needed.
    while found.len() < limit {
        let some: Vec<SavedPlace> = left.by_ref().take(limit - found.len()).collect();
        if some.is_empty() {
            break;
        }
        let mut wanted: HashMap<RoomId, Vec<Seq>> = HashMap::new();
        for place in &some {
            wanted.entry(place.room).or_default().push(place.seq);
        }
        let mut messages = rooms::standing_messages(at, wanted).await?;
        found.extend(some.into_iter().filter_map(|SavedPlace { at, room, seq }| {
            Some(Saved { message: messages.remove(&MessageId { room, seq })?, at })
        }));
    }
    Ok(found)
}

/// Returns the places of saved messages in the user's rooms, in no order.
async fn places(at: &Cluster, user: UserId) -> Result<Vec<SavedPlace>, StoreError> {
    let (mut places, own) = futures_util::try_join!(all(at, user), rooms::of_user(at, user))?;
    let own: HashSet<RoomId> = own.into_iter().collect();
    places.retain(|place| own.contains(&place.room));
    Ok(places)
}

/// Returns the places of saved messages of a user, also those of rooms that they have left, in no
/// order.
pub(in crate::store::cluster) async fn all(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<SavedPlace>, StoreError> {
    let rows = at.tables().read(Slice::of(&SAVED, [user.0.into()])).await?;
    Ok(rows.iter().filter_map(place).collect())
}

/// Returns the place of a message that is saved.
pub(super) fn place(row: &Row) -> Option<SavedPlace> {
    let is_present = row.flag("present") == Some(true);
    Some(SavedPlace {
        at: Timestamp(row.int("at").filter(|_| is_present)?),
        room: RoomId(row.int("room")?),
        seq: Seq(row.int("seq")?),
    })
}

pub(super) fn put(
    user: UserId,
    message: MessageId,
    saved: bool,
    at: Timestamp,
    version: i64,
) -> Put {
    let key = [message.room.0.into(), message.seq.0.into()];
    let cells: [_; 3] =
        [("present", saved.into()), ("at", at.0.into()), ("version", version.into())];
    Put::plain(&SAVED, version, [user.0.into()], key, cells)
}
