//! Faults of SQLite, sorted by what the caller can do about them.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;
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

/// How long nothing more is said of the same thing: on a full disk every send fails, and the log is
/// on that disk too.
const QUIET: Duration = Duration::from_mins(1);

/// Lets one line a minute through and counts the others.
pub(super) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    pub(super) const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Whether to say it now, and if so how often it was left out before.
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

/// Why a caller is told "not now", for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The database failed before or at a commit.
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

    /// Counts one.
    pub(super) fn count(self) -> StoreError {
        counter!("chatctl_unavailable_total", "cause" => self.name()).increment(1);
        StoreError::Unavailable
    }

    /// Lets each cause be counted from nothing.
    pub(super) fn begin() {
        for cause in Self::ALL {
            counter!("chatctl_unavailable_total", "cause" => cause.name()).absolute(0);
        }
    }
}

/// Tells the log what the caller is spared: to it every fault of SQLite means "not now".
pub(super) fn unreadable(error: &rusqlite::Error) -> StoreError {
    static SAID: Seldom = Seldom::new();
    if let Some(before) = SAID.now() {
        tracing::error!(store.error = %error, store.before = before, "The database failed while reading");
    }
    Cause::Read.count()
}

/// The same of an operation that was to change something.
pub(super) fn unchanged(error: &rusqlite::Error) -> StoreError {
    static SAID: Seldom = Seldom::new();
    if let Some(before) = SAID.now() {
        tracing::error!(store.error = %error, store.before = before, "The database failed while changing something");
    }
    Cause::Commit.count()
}

/// After a failed COMMIT: only an I/O error may have reached the disk all the same.
pub(super) fn commit_failed(error: &rusqlite::Error) -> StoreError {
    static SAID: Seldom = Seldom::new();
    if let Some(before) = SAID.now() {
        tracing::error!(store.error = %error, store.before = before, "The database failed while committing");
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
