//! Errors of SQLite, classified by what the caller can do about them.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;
use rusqlite::ErrorCode;

use crate::store::StoreError;

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

/// Minimum interval between log lines about the same problem: on a full disk every post fails, and
/// the log may be on the same disk.
const QUIET: Duration = Duration::from_mins(1);

/// Allows one log line per minute and counts the others.
pub(super) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    pub(super) const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Returns how many lines were omitted if the line may be logged now.
    pub(super) fn now(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_some_and(|said| said.elapsed() < QUIET) {
            state.1 += 1;
            return None;
        }
        state.0 = Some(Instant::now());
        Some(std::mem::take(&mut state.1))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_a_minute() {
        let said = Seldom::new();
        assert_eq!((said.now(), said.now(), said.now()), (Some(0), None, None));
        said.0.lock().unwrap().0 = Instant::now().checked_sub(QUIET);
        assert_eq!((said.now(), said.now()), (Some(2), None));
    }
}
