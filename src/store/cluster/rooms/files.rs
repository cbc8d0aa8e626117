//! Files attached to messages of a room.

use std::collections::BTreeMap;

use crate::model::RoomId;
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::Slice;
use crate::store::cluster::tables::schema::rooms::ROOM_MEDIA;

/// Returns the number of attached files, each counted once, and their bytes.
pub(in crate::store::cluster) async fn files(
    at: &Cluster,
    room: RoomId,
) -> Result<(u64, u64), StoreError> {
    let rows = at.tables().read(Slice::of(&ROOM_MEDIA, [room.0.into()])).await?;
    let attached = rows.iter().filter(|row| row.flag("present") == Some(true));
    let sizes: BTreeMap<_, _> =
        attached.map(|row| (row.int("media"), row.int("size").unwrap_or_default())).collect();
    Ok((sizes.len() as u64, sizes.values().sum::<i64>().unsigned_abs()))
}
