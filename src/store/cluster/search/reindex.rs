//! Builds the index of this server again, and measures it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::store::cluster::{Cluster, rooms};
use crate::store::sqlite::upkeep::UpkeepError;

/// Polling interval.
const LOOK: Duration = Duration::from_millis(50);

impl Cluster {
    /// Discards the search index of this server and waits until it contains all rooms again. The
    /// chat continues; a search reports that older messages may be missing. `progress` receives the
    /// rooms that are in the index and their total, and returns whether to wait further: the index
    /// is built in any case. None: this server has no index.
    pub async fn reindex(
        &self,
        mut progress: impl FnMut(u64, u64) -> bool + Send,
    ) -> Result<Option<()>, UpkeepError> {
        let Some(finder) = self.0.finder.get() else { return Ok(None) };
        let (all, _) = rooms::count(self).await?;
        let search = &finder.search;
        let before = search.thrown_away();
        search.throw_away();
        loop {
            if self.0.closed.load(Ordering::Acquire) {
                return Err(UpkeepError::Unavailable);
            }
            let begun = search.thrown_away() > before;
            let followed = if begun { search.followed_rooms().await.min(all) } else { 0 };
            if !progress(followed, all) {
                return Err(UpkeepError::Interrupted);
            }
            if begun && !search.behind() {
                return Ok(Some(()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Removes the words of deleted messages from the search index of this server.
    pub async fn purge_search(&self) {
        if let Some(finder) = self.0.finder.get() {
            finder.search.purge().await;
        }
    }

    /// Returns the number of changes of rooms that this server knows of and that its search index does
    /// not contain yet; None: it has none.
    pub fn search_lag(&self) -> Option<u64> {
        self.0.finder.get().map(super::Finder::lag)
    }

    /// Returns the size of the search index of this server in bytes; None: it has none.
    pub fn search_bytes(&self) -> Option<u64> {
        let path = self.0.options.search.as_ref()?;
        std::fs::metadata(path).ok().map(|found| found.len())
    }
}
