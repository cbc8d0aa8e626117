//! Counts attempts among all servers if there is a bus that can, otherwise on this server. Frequent
//! and harmless ones (requests, typing) are always counted by each server for itself.

use std::time::Duration;

use super::Chat;
use crate::model::Result;
use crate::store::RetryAfter;

impl Chat {
    /// Counts an attempt; see [`Sessions::attempt`](crate::store::Sessions::attempt).
    pub(super) async fn attempt(
        &self,
        key: &str,
        limit: u32,
        window: Duration,
    ) -> Result<(), RetryAfter> {
        match self.0.bus.attempt(key, limit, window).await {
            Ok(counted) => counted.map_err(RetryAfter),
            Err(_) => self.sessions().attempt(key, limit, window).await,
        }
    }

    /// Removes the newest attempt of this key.
    pub(super) async fn give_back(&self, key: &str) -> Result<()> {
        match self.0.bus.give_back(key).await {
            Ok(()) => Ok(()),
            Err(_) => Ok(self.sessions().give_back(key).await?),
        }
    }
}
