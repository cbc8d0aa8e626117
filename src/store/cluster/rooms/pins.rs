//! Pinned messages.

use std::collections::HashMap;

use super::messages::{self, Bare};
use super::names::{Names, Needed};
use super::open;
use super::stored::{Stored as _, StoredPin};
use crate::model::{Pin, RoomId, Seq, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::Slice;
use crate::store::cluster::tables::schema::rooms::PINS;

/// Returns the pinned messages of a room, most recently pinned first.
pub(in crate::store::cluster) async fn pins(
    at: &Cluster,
    room: RoomId,
) -> Result<Vec<Pin>, StoreError> {
    let Some(snapshot) = open::current(at, room).await? else { return Ok(Vec::new()) };
    let mut pinned = Vec::new();
    for row in at.tables().read(Slice::of(&PINS, [room.0.into()])).await? {
        if row.flag("present") == Some(true)
            && let (Some(seq), Some(body)) = (row.int("seq"), row.bytes("body"))
        {
            pinned.push((Seq(seq), StoredPin::decode(body)?));
        }
    }
    pinned.sort_by_key(|(seq, pin)| std::cmp::Reverse((pin.at, *seq)));
    let found = messages::these(at, room, pinned.iter().map(|(seq, _)| *seq).collect()).await?;
    let mut needed = Needed::default();
    for bare in &found {
        bare.needs(room, &mut needed);
    }
    for by in pinned.iter().filter_map(|(_, pin)| pin.by) {
        needed.shown(room, UserId(by));
    }
    needed.known_in(&snapshot);
    let names = Names::read(at, needed).await?;
    let mut found: HashMap<Seq, Bare> = found.into_iter().map(|bare| (bare.seq, bare)).collect();
    let pins = pinned.into_iter().filter_map(|(seq, pin)| {
        let bare = found.remove(&seq).filter(|bare| !bare.is_deleted())?;
        let by = pin.by.map(|by| names.who(room, UserId(by)));
        Some(Pin { message: bare.message(room, &names), by, at: Timestamp(pin.at) })
    });
    Ok(pins.collect())
}

/// Returns the seqs of the pinned messages of a room.
pub(super) async fn pinned(at: &Cluster, room: RoomId) -> Result<Vec<Seq>, StoreError> {
    let rows = at.tables().read(Slice::of(&PINS, [room.0.into()])).await?;
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    Ok(present.filter_map(|row| row.int("seq")).map(Seq).collect())
}

/// Returns whether a message is pinned.
pub(super) async fn is_pinned(
    at: &Cluster,
    room: RoomId,
    seq: Seq,
) -> Result<Option<()>, StoreError> {
    let slice = Slice::of(&PINS, [room.0.into()]).under([seq.0.into()]);
    let rows = at.tables().read(slice).await?;
    Ok(rows.first().and_then(|row| row.flag("present")).filter(|present| *present).map(drop))
}
