//! STUB: read side.

use crate::store::cluster::Cluster;
use crate::model::*;
use crate::store::*;

pub(in crate::store::cluster) async fn cards(at: &Cluster, which: RoomQuery<'_>) -> Result<Vec<RoomCard>, StoreError> {
    let _ = at;
    unimplemented!("rooms")
}

pub(in crate::store::cluster) async fn pins(at: &Cluster, room: RoomId) -> Result<Vec<crate::model::Pin>, StoreError> {
    let _ = at;
    unimplemented!("pins")
}

pub(in crate::store::cluster) async fn of_user(at: &Cluster, user: UserId) -> Result<Vec<RoomId>, StoreError> {
    let _ = at;
    unimplemented!("rooms_of")
}

pub(in crate::store::cluster) async fn files(at: &Cluster, room: RoomId) -> Result<(u64, u64), StoreError> {
    let _ = at;
    unimplemented!("files_of")
}

pub(in crate::store::cluster) async fn page(at: &Cluster, room: RoomId, window: Window, limit: u32) -> Result<MessagePage, StoreError> {
    let _ = at;
    unimplemented!("page")
}

pub(in crate::store::cluster) async fn changes(at: &Cluster, room: RoomId, since: Rev, epoch: Option<&str>, limit: u32) -> Result<Changes, StoreError> {
    let _ = at;
    unimplemented!("changes")
}

pub(in crate::store::cluster) async fn mark_read(at: &Cluster, room: RoomId, user: UserId, upto: Seq) -> Result<ReadMark, StoreError> {
    let _ = at;
    unimplemented!("mark_read")
}

pub(in crate::store::cluster) async fn readers(at: &Cluster, room: RoomId, seq: Seq) -> Result<Vec<(ReadMark, String)>, StoreError> {
    let _ = at;
    unimplemented!("readers")
}

pub(in crate::store::cluster) async fn find(at: &Cluster, rooms: &[RoomId], words: &WordQuery, after: Option<&str>, limit: u32) -> Result<Found, StoreError> {
    let _ = at;
    unimplemented!("find_messages")
}

pub(in crate::store::cluster) async fn change_mine(at: &Cluster, room: RoomId, user: UserId, muted: bool) -> Result<(), StoreError> {
    let _ = at;
    unimplemented!("change_mine")
}
