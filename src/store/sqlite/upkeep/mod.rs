//! Maintenance of the database: copying, checking, measuring, releasing space, rebuilding the
//! search index.
//!
//! Long operations use a connection of their own, or small steps between other commits, so that the
//! chat continues.

mod check;
pub mod checkup;
mod copy;
mod error;
mod inspect;
mod open;
mod plan;
mod reindex;
mod restored;
mod scrub;
mod shape;
#[cfg(test)]
pub(crate) mod specimens;
mod status;
mod vacuum;

use std::path::Path;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::Sqlite;

pub use self::error::UpkeepError;
pub use self::inspect::{Counts, Inspected, examine, inspect, renew};
pub(super) use self::open::quiet;
use self::open::reader;
pub use self::plan::{Plan, plan};
pub use self::restored::{Kept, keep_audit, record_restore};
pub use self::status::{Census, LargeRoom, Sizes, Stats, Status};
pub use super::search::Glance;

#[cfg(test)]
pub(super) use self::{
    check::STATEMENTS as CHECKS, checkup::STATEMENTS as LOOKS, inspect::STATEMENTS as INSPECTIONS,
    reindex::STATEMENTS as ENDS, restored::STATEMENTS as RESTORED, shape::STATEMENTS as SHAPES,
    status::STATEMENTS as FIGURES,
};

impl Sqlite {
    /// Runs a long query on a connection of its own, in one transaction with a consistent state.
    async fn aside<T, F>(&self, ask: F) -> Result<T, UpkeepError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Path) -> Result<T, UpkeepError> + Send + 'static,
    {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(UpkeepError::Unavailable);
        }
        let path = self.0.path.clone();
        if !self.is_in_place() {
            // Another file would be read as if it were ours.
            return Err(UpkeepError::Replaced(path));
        }
        let asked = tokio::task::spawn_blocking(move || {
            let conn = reader(&path)?;
            let tx = conn.unchecked_transaction()?;
            let answer = ask(&tx, &path)?;
            tx.commit()?;
            Ok(answer)
        });
        asked.await.unwrap_or(Err(UpkeepError::Unavailable))
    }
}
