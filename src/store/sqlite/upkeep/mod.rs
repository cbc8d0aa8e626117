//! Maintenance of the database: copying, checking, measuring, releasing space, rebuilding the
//! search index.
//!
//! Long operations use a connection of their own, or small steps between other commits, so that the
//! chat continues.

mod check;
pub mod checkup;
mod copy;
mod inspect;
mod plan;
mod reindex;
mod shape;
#[cfg(test)]
pub(crate) mod specimens;
mod status;
mod vacuum;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rusqlite::{Connection, OpenFlags};

use super::{OpenError, Sqlite};
use crate::store::StoreError;

pub use self::inspect::{Counts, Inspected, examine, inspect, renew};
pub(super) use self::plan::quiet;
pub use self::plan::{Plan, plan};
pub use self::status::{Census, LargeRoom, Sizes, Stats, Status};
pub use super::search::Glance;

#[cfg(test)]
pub(super) use self::{
    check::STATEMENTS as CHECKS, checkup::STATEMENTS as LOOKS, inspect::STATEMENTS as INSPECTIONS,
    reindex::STATEMENTS as ENDS, shape::STATEMENTS as SHAPES, status::STATEMENTS as FIGURES,
};

/// Why maintenance failed.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The caller has cancelled it.
    #[error("interrupted")]
    Interrupted,
    /// The store is closed or the disk fails; the log has details.
    #[error("the store is unavailable")]
    Unavailable,
    /// A file cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        why: std::io::Error,
    },
    /// A file cannot be opened as one of our databases.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The open file is no longer the file of that name.
    #[error("{} was removed or replaced while the server runs: bring the file back that was there, \
             or stop the server and restore a backup", .0.display())]
    Replaced(PathBuf),
    /// SQLite failed.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl From<StoreError> for UpkeepError {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl UpkeepError {
    /// Returns whether SQLite reports damaged data.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Open(OpenError::Damaged { .. }) => true,
            Self::Sqlite(error) | Self::Open(OpenError::Sqlite(error)) => {
                matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
                )
            }
            _ => false,
        }
    }

    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |why| Self::Io { path: path.to_owned(), why }
    }
}

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

/// Opens a read-only connection.
fn reader(path: &Path) -> rusqlite::Result<Connection> {
    readable(Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?)
}

fn readable(conn: Connection) -> rusqlite::Result<Connection> {
    conn.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -8192; PRAGMA \
         trusted_schema = OFF;",
    )?;
    // Problems with reading are found here, not by the first query.
    conn.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    Ok(conn)
}
