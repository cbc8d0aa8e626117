//! STUB.

use super::Cluster;
use crate::model::*;
use crate::store::*;

pub(super) async fn add(at: &Cluster, new: NewUser) -> Result<User, StoreError> {
    let _ = at;
    unimplemented!("add_user")
}

pub(super) async fn account(at: &Cluster, who: UserKey<'_>) -> Result<Option<Account>, StoreError> {
    let _ = at;
    unimplemented!("account")
}

pub(super) async fn has_administrator(at: &Cluster) -> Result<bool, StoreError> {
    let _ = at;
    unimplemented!("has_administrator")
}

pub(super) async fn users(at: &Cluster, which: UserQuery<'_>) -> Result<Vec<User>, StoreError> {
    let _ = at;
    unimplemented!("users")
}

pub(super) async fn change(at: &Cluster, id: UserId, change: UserChange) -> Result<User, StoreError> {
    let _ = at;
    unimplemented!("change_user")
}

pub(super) async fn add_digests(at: &Cluster, id: UserId, digests: Digests) -> Result<(), StoreError> {
    let _ = at;
    unimplemented!("add_digests")
}

pub(super) async fn forget_digests(at: &Cluster) -> Result<usize, StoreError> {
    let _ = at;
    unimplemented!("forget_digests")
}

pub(super) async fn remove(at: &Cluster, id: UserId) -> Result<(), StoreError> {
    let _ = at;
    unimplemented!("remove_user")
}

pub(super) async fn find(at: &Cluster, text: &str, names_too: bool, near: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
    let _ = at;
    unimplemented!("find_users")
}

pub(super) async fn acquainted(at: &Cluster, user: UserId, with: &[UserId]) -> Result<Vec<UserId>, StoreError> {
    let _ = at;
    unimplemented!("acquainted")
}

/// Returns these users with their pictures, ascending by id, except unknown and deleted ones.
pub(super) async fn these(at: &Cluster, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    users(at, UserQuery::Ids(ids)).await
}
