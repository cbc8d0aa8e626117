//! Full-text search in the messages of rooms.

use std::collections::HashMap;

use super::each::each;
use super::heads;
use super::messages::{self, Bare};
use super::names::{Names, Needed};
use crate::model::{Message, MessageId, MessageQuery, RoomId, Seq};
use crate::store::cluster::Cluster;
use crate::store::sqlite::search::{Reading, Search};
use crate::store::{Found, StoreError};

/// Finds messages of these rooms. `Unavailable` without an index.
pub(in crate::store::cluster) async fn find(
    at: &Cluster,
    rooms: &[RoomId],
    query: &MessageQuery,
    after: Option<&str>,
    limit: u32,
) -> Result<Found, StoreError> {
    let search = &at.0.finder.get().ok_or(StoreError::Unavailable)?.search;
    let read = |rows| -> Reading<'_> { Box::pin(current(at, search, rooms, rows)) };
    search.page(rooms, query, after, limit, &read).await
}

/// Returns the current messages of rows of the index, in the order of the rows, without deleted
/// ones and those of other rooms.
async fn current(
    at: &Cluster,
    search: &Search,
    rooms: &[RoomId],
    rows: Vec<i64>,
) -> Result<Vec<(i64, Message)>, StoreError> {
    let places: HashMap<i64, MessageId> = search.places(rows.clone()).await?.into_iter().collect();
    let mut wanted: HashMap<RoomId, Vec<Seq>> = HashMap::new();
    for place in places.values().filter(|place| rooms.contains(&place.room)) {
        wanted.entry(place.room).or_default().push(place.seq);
    }
    let mut found = standing_messages(at, wanted).await?;
    let messages = rows.into_iter().filter_map(|row| {
        let message = found.remove(places.get(&row)?)?;
        Some((row, message))
    });
    Ok(messages.collect())
}

/// Returns those of these messages that exist and are not deleted.
pub(in crate::store::cluster) async fn standing_messages(
    at: &Cluster,
    wanted: HashMap<RoomId, Vec<Seq>>,
) -> Result<HashMap<MessageId, Message>, StoreError> {
    let mut found = these_messages(at, wanted).await?;
    found.retain(|_, message| message.deleted.is_none());
    Ok(found)
}

/// Returns those of these messages that exist, deleted or not.
pub(super) async fn these_messages(
    at: &Cluster,
    wanted: HashMap<RoomId, Vec<Seq>>,
) -> Result<HashMap<MessageId, Message>, StoreError> {
    let found = each(wanted, |(room, seqs)| {
        Box::pin(async move {
            let exists = heads::head(at, room).await?.is_some();
            let found = if exists { messages::these(at, room, seqs).await? } else { Vec::new() };
            Ok((room, found))
        })
    });
    let mut bare: HashMap<MessageId, Bare> = HashMap::new();
    let mut needed = Needed::default();
    for (room, found) in found.await? {
        for found in found {
            found.needs(room, &mut needed);
            bare.insert(MessageId { room, seq: found.seq }, found);
        }
    }
    let names = Names::read(at, needed).await?;
    let complete = |(place, bare): (MessageId, Bare)| (place, bare.message(place.room, &names));
    Ok(bare.into_iter().map(complete).collect())
}
