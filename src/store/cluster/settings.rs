//! Settings that all servers share.

use super::tables::Tables;
use crate::store::{Settings, StoreError};

pub(super) async fn load_or_create(_tables: &dyn Tables) -> Result<Settings, StoreError> {
    unimplemented!()
}
