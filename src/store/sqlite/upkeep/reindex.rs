//! Rebuilds the search index and reports progress.

use std::time::Duration;

use super::{Sqlite, UpkeepError};
use crate::store::sqlite::sql;

/// Polling interval.
const LOOK: Duration = Duration::from_millis(50);

const LAST: &str = "SELECT coalesce(max(id), 0) FROM messages";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] = &[LAST];

impl Sqlite {
    /// Discards the search index and waits until it contains all current messages again. The chat
    /// continues; a search reports that older messages may be missing. `progress` receives the rows
    /// added and the total, and returns whether to wait further: the index is built in any case.
    pub async fn reindex(
        &self,
        mut progress: impl FnMut(u64, u64) -> bool + Send,
    ) -> Result<(), UpkeepError> {
        let all = self
            .read(|conn| Ok(sql::one(conn, LAST, (), |row| row.get::<_, i64>(0))?))
            .await?
            .unwrap_or(0);
        let before = self.0.search.thrown_away();
        self.0.search.throw_away();
        loop {
            if self.0.closed.load(std::sync::atomic::Ordering::Acquire) {
                return Err(UpkeepError::Unavailable);
            }
            let begun = self.0.search.thrown_away() > before;
            let fed = if begun { self.0.search.fed().min(all) } else { 0 };
            if !progress(fed.unsigned_abs(), all.unsigned_abs()) {
                return Err(UpkeepError::Interrupted);
            }
            if begun && fed >= all && !self.0.search.behind() {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
