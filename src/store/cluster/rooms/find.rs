//! Full-text search.

use crate::model::{RoomId, WordQuery};
use crate::store::cluster::Cluster;
use crate::store::{Found, StoreError};

/// There is no index.
pub(in crate::store::cluster) async fn find(
    _at: &Cluster,
    _rooms: &[RoomId],
    _words: &WordQuery,
    _after: Option<&str>,
    _limit: u32,
) -> Result<Found, StoreError> {
    Err(StoreError::Unavailable)
}
