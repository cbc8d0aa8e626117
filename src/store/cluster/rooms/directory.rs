//! Lists of rooms by id, each in several partitions: pages that join without gap.

use super::each::each;
use super::stored::{SHARDS, shard_of};
use crate::model::RoomId;
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{ALL_ROOMS, PUBLIC_ROOMS};
use crate::store::cluster::tables::{Bound, Slice, Table};

/// A list that is read page by page.
pub(super) struct Listing {
    table: &'static Table,
    descending: bool,
    /// End of the last page.
    place: Bound,
    ended: bool,
}

/// Rooms of a list that are read at once to count them.
const COUNTED: u32 = 10_000;

/// Returns the number of all rooms, and of the public ones among them.
pub(in crate::store::cluster) async fn count(at: &Cluster) -> Result<(u64, u64), StoreError> {
    let mut counts = [0; 2];
    for (count, table) in counts.iter_mut().zip([&ALL_ROOMS, &PUBLIC_ROOMS]) {
        let mut listing = Listing::after(table, None);
        while let Some(rooms) = listing.next(at, COUNTED).await? {
            *count += rooms.len() as u64;
        }
    }
    Ok(counts.into())
}

impl Listing {
    /// Rooms above this id, ascending.
    pub(super) fn after(table: &'static Table, room: Option<RoomId>) -> Self {
        let place = room.map_or(Bound::Open, |room| Bound::Excluding(room.0.into()));
        Self { table, descending: false, place, ended: false }
    }

    /// All rooms, descending.
    pub(super) fn newest(table: &'static Table) -> Self {
        Self { table, descending: true, place: Bound::Open, ended: false }
    }

    /// Returns the next rooms, about `count`; None after the last.
    pub(super) async fn next(
        &mut self,
        at: &Cluster,
        count: u32,
    ) -> Result<Option<Vec<RoomId>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let full = (count / u32::try_from(SHARDS).unwrap_or(1) + 1) as usize;
        let shards = each(0..SHARDS, |shard| {
            let slice = self.slice(RoomId(shard), full);
            Box::pin(async move { Ok(at.tables().read(slice).await?) })
        });
        let shards = shards.await?;
        // Partitions that have more rows end here, and no other one may be listed beyond.
        let ends = shards
            .iter()
            .filter(|rows| rows.len() == full)
            .filter_map(|rows| rows.last().and_then(|row| row.int("room")));
        let end = if self.descending { ends.max() } else { ends.min() };
        let within = |room: i64| match end {
            Some(end) if self.descending => room >= end,
            Some(end) => room <= end,
            None => true,
        };
        let rows = shards.iter().flatten().filter(|row| row.flag("present") == Some(true));
        let mut rooms: Vec<RoomId> = rows
            .filter_map(|row| row.int("room"))
            .filter(|room| within(*room))
            .map(RoomId)
            .collect();
        rooms.sort_unstable();
        if self.descending {
            rooms.reverse();
        }
        match end {
            Some(end) => self.place = Bound::Excluding(end.into()),
            None => self.ended = true,
        }
        Ok(Some(rooms))
    }

    fn slice(&self, shard: RoomId, rows: usize) -> Slice {
        let slice = Slice::of(self.table, shard_of(shard)).only(&["present"]);
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        if self.descending {
            slice.between(Bound::Open, self.place.clone()).newest(rows)
        } else {
            slice.between(self.place.clone(), Bound::Open).first(rows)
        }
    }
}
