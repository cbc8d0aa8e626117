//! Errors of database maintenance.

use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::store::sqlite::error::OpenError;

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

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |why| Self::Io { path: path.to_owned(), why }
    }
}
