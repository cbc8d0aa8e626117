//! STUB.

use super::Cluster;
use crate::model::*;
use crate::store::*;

pub(super) async fn record(at: &Cluster, by: Attribution, note: AuditNote) -> Result<(), StoreError> {
    let _ = at;
    unimplemented!("record")
}

pub(super) async fn page(at: &Cluster, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
    let _ = at;
    unimplemented!("audit")
}
