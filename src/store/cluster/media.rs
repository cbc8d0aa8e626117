//! STUB.

use super::Cluster;
use crate::model::*;
use crate::store::*;

pub(super) async fn add(at: &Cluster, new: NewMedia) -> Result<Added<Media>, StoreError> {
    let _ = at;
    unimplemented!("add_media")
}

pub(super) async fn readable(at: &Cluster, name: &str, id: Option<MediaId>, reader: UserId) -> Result<Option<Media>, StoreError> {
    let _ = at;
    unimplemented!("media")
}

pub(super) async fn unused_bytes(at: &Cluster, owner: UserId) -> Result<u64, StoreError> {
    let _ = at;
    unimplemented!("unused_media_bytes")
}

pub(super) async fn count_unused(at: &Cluster, before: Timestamp, after: MediaId, count: u32) -> Result<(u64, u64, Option<MediaId>), StoreError> {
    let _ = at;
    unimplemented!("count_unused_media")
}

pub(super) async fn drop_unused(at: &Cluster, before: Timestamp, after: MediaId, count: u32) -> Result<(Vec<String>, Option<MediaId>), StoreError> {
    let _ = at;
    unimplemented!("drop_unused_media")
}

pub(super) async fn known(at: &Cluster, names: &[String]) -> Result<Vec<String>, StoreError> {
    let _ = at;
    unimplemented!("known_media")
}

/// Returns these files in the given order; `NotFound` unless all are uploads of this user. Called
/// before a message with them is committed: for a day from now the collector of unused files
/// spares them.
pub(super) async fn attachable(at: &Cluster, owner: UserId, ids: &[MediaId]) -> Result<Vec<Media>, StoreError> {
    let _ = (at, owner, ids);
    unimplemented!("attachable")
}
