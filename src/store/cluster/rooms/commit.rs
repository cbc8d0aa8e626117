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

/// Commits the steps that `plan` returns for the current facts of a room, and their author, with
/// one rev and no basis; called again if another change comes first. Nothing happens for no steps,
/// or for a room that is gone (`rev` 0). For work of many steps, such as leaving the rooms of a
/// deleted user.
pub(in crate::store::cluster) async fn commit_planned(at: &Cluster, id: RoomId, plan: &(dyn Fn(&RoomFacts) -> (Who, Vec<Change>) + Send + Sync)) -> Result<Committed, StoreError> {
    let _ = (at, plan(&facts(at, id).await?.ok_or(StoreError::Stale)?));
    unimplemented!("commit_planned")
}
