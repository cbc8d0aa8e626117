//! Errors of SQLite, classified by what the caller can do about them.

use std::path::PathBuf;

use metrics::counter;
use rusqlite::ErrorCode;

use crate::store::StoreError;
use crate::store::seldom::Seldom;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its schema belongs to a later version of the program.
    #[error("{} was made by a newer chatctl (schema {found}, this one knows {known}); install that \
             version or restore a backup", path.display())]
    Newer {
        /// Path of the file.
        path: PathBuf,
        /// Schema of the file.
        found: u32,
        /// Newest schema known to this program.
        known: u32,
    },
    /// Not a database, or a damaged one.
    #[error("{} is not a database or is damaged: {why}", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Error of SQLite.
        why: String,
    },
    /// A database of another program.
    #[error("{} is a database of another program", .0.display())]
    Foreign(PathBuf),
    /// The file or its directory cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        why: std::io::Error,
    },
    /// Any other error of SQLite.
    #[error("cannot open the database: {0}")]
    Sqlite(rusqlite::Error),
}

/// Why an operation inside the writer or a reader failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was refused before it wrote anything.
    Refused(StoreError),
    /// SQLite failed; its changes must be rolled back.
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

/// Why an operation is temporarily refused, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The database failed before or during a commit.
    Commit,
    /// The database failed while reading.
    Read,
    /// A read took too long.
    Slow,
    /// A read waited too long for a connection.
    Busy,
    /// The file was removed or replaced.
    Replaced,
    /// There is no search index.
    Search,
}

impl Cause {
    const ALL: [Self; 6] =
        [Self::Commit, Self::Read, Self::Slow, Self::Busy, Self::Replaced, Self::Search];

    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Read => "read",
            Self::Slow => "slow",
            Self::Busy => "busy",
            Self::Replaced => "replaced",
            Self::Search => "search",
        }
    }

    /// Counts a refusal and returns its error.
    pub(super) fn count(self) -> StoreError {
        counter!("chatctl_unavailable_total", "cause" => self.name()).increment(1);
        StoreError::Unavailable
    }

    /// Creates the series of all causes.
    pub(super) fn begin() {
        for cause in Self::ALL {
            counter!("chatctl_unavailable_total", "cause" => cause.name()).absolute(0);
        }
    }
}

/// Logs an error while reading; the caller is only told to try again.
pub(super) fn unreadable(error: &rusqlite::Error) -> StoreError {
    static SAID: Seldom = Seldom::new();
    if let Some(before) = SAID.now() {
        tracing::error!(store.error = %error, store.before = before, "The database failed while \
                                                                      reading");
    }
    Cause::Read.count()
}

/// Logs an error of an operation that changes something; the caller is only told to try again.
pub(super) fn unchanged(error: &rusqlite::Error) -> StoreError {
    static SAID: Seldom = Seldom::new();
    if let Some(before) = SAID.now() {
        tracing::error!(store.error = %error, store.before = before, "The database failed while \
                                                                      changing something");
    }
    Cause::Commit.count()
}

/// Handles a failed COMMIT: only after an I/O error it may have reached the disk anyway.
pub(super) fn commit_failed(error: &rusqlite::Error) -> StoreError {
    static SAID: Seldom = Seldom::new();
    if let Some(before) = SAID.now() {
        tracing::error!(store.error = %error, store.before = before, "The database failed while \
                                                                      committing");
    }
    let refused = Cause::Commit.count();
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => StoreError::Unknown,
        _ => refused,
    }
}
