//! STUB: write side.

use crate::store::cluster::Cluster;
use crate::model::*;
use crate::store::*;

pub(in crate::store::cluster) async fn add(at: &Cluster, new: NewRoom) -> Result<Added<RoomFacts>, StoreError> {
    let _ = at;
    unimplemented!("add_room")
}

pub(in crate::store::cluster) async fn facts(at: &Cluster, id: RoomId) -> Result<Option<RoomFacts>, StoreError> {
    let _ = at;
    unimplemented!("room")
}

pub(in crate::store::cluster) async fn change(at: &Cluster, id: RoomId, basis: Basis, by: Option<UserId>, change: RoomChange) -> Result<Committed, StoreError> {
    let _ = at;
    unimplemented!("change_room")
}

pub(in crate::store::cluster) async fn post(at: &Cluster, room: RoomId, basis: Basis, draft: Draft) -> Result<Posted, StoreError> {
    let _ = at;
    unimplemented!("post")
}

pub(in crate::store::cluster) async fn change_message(at: &Cluster, room: RoomId, seq: Seq, basis: Basis, by: Option<UserId>, whose: Whose, change: MessageChange) -> Result<Committed, StoreError> {
    let _ = at;
    unimplemented!("change_message")
}
