//! STUB.

use super::Cluster;
use crate::model::*;
use crate::store::*;

pub(super) async fn start(at: &Cluster, new: NewSession) -> Result<Session, StoreError> {
    let _ = at;
    unimplemented!("start")
}

pub(super) async fn find(at: &Cluster, token: Hash32, now: Timestamp, life: Duration) -> Result<Option<Session>, StoreError> {
    let _ = at;
    unimplemented!("find")
}

pub(super) async fn list(at: &Cluster, user: UserId) -> Result<Vec<Session>, StoreError> {
    let _ = at;
    unimplemented!("list")
}

pub(super) async fn end(at: &Cluster, user: UserId, which: Ended) -> Result<u32, StoreError> {
    let _ = at;
    unimplemented!("end")
}

pub(super) async fn issue_ticket(at: &Cluster, ticket: Ticket, secret: Hash32, life: Duration) -> Result<(), StoreError> {
    let _ = at;
    unimplemented!("issue_ticket")
}

pub(super) async fn take_ticket(at: &Cluster, secret: Hash32) -> Result<Option<(Session, RoomId)>, StoreError> {
    let _ = at;
    unimplemented!("take_ticket")
}
