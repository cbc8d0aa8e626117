//! Why upkeep was not done.

use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::store::sqlite::error::OpenError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// Whoever wanted it does not want it any more.
    #[error("interrupted")]
    Interrupted,
    /// The store is closed or the disk does not do what it should; the log says more.
    #[error("the store is unavailable")]
    Unavailable,
    /// A file cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// A file cannot be opened as a database of ours.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file that is open is not the file of that name any more.
    #[error("{} was removed or replaced while the server runs: bring the file back that was there, or stop the server and restore a backup", .0.display())]
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
    /// Whether the data are damaged, as far as SQLite says.
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
