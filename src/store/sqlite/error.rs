//! Faults of SQLite, sorted by what the caller can do about them.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its schema is of a later version of the program.
    #[error("{} was made by a newer chatctl (schema {found}, this one knows {known}); install that version or restore a backup", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// No database, or one that is damaged.
    #[error("{} is not a database or is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// A database of another program.
    #[error("{} is a database of another program", .0.display())]
    Foreign(PathBuf),
    /// The file or its directory cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// Anything else that SQLite reports.
    #[error("cannot open the database: {0}")]
    Sqlite(rusqlite::Error),
}

/// Why an operation inside the writer or a reader ended early.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was refused before it wrote anything.
    Refused(StoreError),
    /// SQLite failed; what was written must be taken back.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// Tells the log what the caller is spared: to it every fault of SQLite means "not now".
pub(super) fn unavailable(doing: &str, error: &rusqlite::Error) -> StoreError {
    tracing::error!(store.error = %error, "The database failed while {doing}");
    StoreError::Unavailable
}

/// After a failed COMMIT: only an I/O error may have reached the disk all the same.
pub(super) fn commit_failed(error: &rusqlite::Error) -> StoreError {
    tracing::error!(store.error = %error, "The database failed while committing");
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => StoreError::Unknown,
        _ => StoreError::Unavailable,
    }
}
