//! Health of the database: whether it can be read and written, and whether its path still names the
//! open file.
//!
//! The writer and the readers report failures; `/health`, the metrics and `doctor` read them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, counter, gauge};
use rusqlite::{Error, ErrorCode};

/// After this time without a commit, `/health` triggers one.
const PROBE_AFTER: Duration = Duration::from_secs(10);

/// Device and inode: identify a file regardless of its name.
type Identity = (u64, u64);

/// Health state, shared by the writer, the readers and the checks.
pub(super) struct Health {
    path: PathBuf,
    main: Option<Identity>,
    log: OnceLock<Identity>,
    log_path: PathBuf,
    commits_fail: AtomicBool,
    jobs_fail: AtomicBool,
    reads_fail: AtomicBool,
    damaged: AtomicBool,
    /// Time of the last write; None: not yet.
    written: Mutex<Option<Instant>>,
    failures: Counter,
    failing: Gauge,
}

impl Health {
    /// Health of a database that was just opened.
    pub(super) fn of(path: &Path) -> Self {
        let mut log_path = path.as_os_str().to_owned();
        log_path.push("-wal");
        let failing = gauge!("chatctl_store_failing");
        failing.set(0.0);
        let failures = counter!("chatctl_commit_failures_total");
        failures.absolute(0);
        Self {
            path: path.to_owned(),
            main: identity(path),
            log: OnceLock::new(),
            log_path: log_path.into(),
            commits_fail: AtomicBool::new(false),
            jobs_fail: AtomicBool::new(false),
            reads_fail: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            written: Mutex::default(),
            failures,
            failing,
        }
    }

    /// Returns whether the path still names the open files. Writes to an unlinked file are lost
    /// with the process.
    pub(super) fn in_place(&self) -> bool {
        let log = match (identity(&self.log_path), self.log.get()) {
            (Some(found), _) => *self.log.get_or_init(|| found) == found,
            (None, known) => known.is_none(),
        };
        log && self.main.is_some() && identity(&self.path) == self.main
    }

    /// Records a failed commit, or a failed operation before it.
    pub(super) fn failed(&self, error: &Error) {
        self.failures.increment(1);
        self.note_damage(error);
        // Other errors belong to one operation; the disk works.
        let disk = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::PermissionDenied
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::OutOfMemory
            )
        );
        if disk {
            self.commits_fail.store(true, Ordering::Release);
        }
        self.tell();
    }

    /// Records a successful commit with changes; returns true if those before had failed.
    pub(super) fn wrote(&self) -> bool {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let again = self.commits_fail.swap(false, Ordering::AcqRel);
        if again {
            self.tell();
        }
        again
    }

    /// Records the result of a step of a job.
    pub(super) fn stepped(&self, well: bool) {
        self.jobs_fail.store(!well, Ordering::Release);
    }

    /// Records the result of a read.
    pub(super) fn read(&self, error: Option<&Error>) {
        match error {
            Some(error) => {
                self.note_damage(error);
                self.reads_fail.store(true, Ordering::Release);
                self.tell();
            }
            None if self.reads_fail.load(Ordering::Relaxed) => {
                self.reads_fail.store(false, Ordering::Release);
                self.tell();
            }
            None => (),
        }
    }

    /// Records that a check of the complete database found no problems.
    pub(super) fn whole(&self) {
        self.damaged.store(false, Ordering::Release);
        self.tell();
    }

    /// Returns whether commits fail.
    pub(super) fn commits_fail(&self) -> bool {
        self.commits_fail.load(Ordering::Acquire)
    }

    /// Returns whether the last step of a job failed.
    pub(super) fn jobs_fail(&self) -> bool {
        self.jobs_fail.load(Ordering::Acquire)
    }

    /// Returns whether commits or reads fail, or damage was found. Damage does not disappear: it
    /// counts until a check finds none.
    pub(super) fn fails(&self) -> bool {
        self.commits_fail()
            || self.reads_fail.load(Ordering::Acquire)
            || self.damaged.load(Ordering::Acquire)
    }

    /// Returns whether nothing was written for a while, so that it is unknown whether writes work.
    pub(super) fn is_unsure(&self) -> bool {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none_or(|at| at.elapsed() > PROBE_AFTER)
    }

    fn note_damage(&self, error: &Error) {
        if matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ) {
            self.damaged.store(true, Ordering::Release);
        }
    }

    fn tell(&self) {
        self.failing.set(if self.fails() { 1.0 } else { 0.0 });
    }
}

fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn error(code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn commits_fail_until_one_succeeds_and_damage_stays() {
        let dir = tempfile::tempdir().unwrap();
        let health = Health::of(&dir.path().join("chat.db"));
        assert!(!health.fails());
        health.failed(&error(ffi::SQLITE_CONSTRAINT));
        assert!(!health.fails());
        health.failed(&error(ffi::SQLITE_FULL));
        assert!(health.fails() && health.commits_fail());
        assert!(health.wrote() && !health.fails() && !health.wrote());
        health.read(Some(&error(ffi::SQLITE_IOERR)));
        assert!(health.fails());
        health.read(None);
        assert!(!health.fails());
        health.read(Some(&error(ffi::SQLITE_CORRUPT)));
        health.read(None);
        assert!(health.fails());
        health.whole();
        assert!(!health.fails());
    }

    #[test]
    fn a_file_that_is_removed_or_replaced_is_not_in_place_until_it_is_back() {
        let dir = tempfile::tempdir().unwrap();
        let (path, log, aside) =
            (dir.path().join("chat.db"), dir.path().join("chat.db-wal"), dir.path().join("aside"));
        std::fs::write(&path, "database").unwrap();
        let health = Health::of(&path);
        assert!(health.in_place(), "a log that is not there yet is none that is missing");
        std::fs::write(&log, "log").unwrap();
        assert!(health.in_place());
        for file in [&path, &log] {
            std::fs::rename(file, &aside).unwrap();
            assert!(!health.in_place(), "{file:?} is gone");
            std::fs::write(file, "another").unwrap();
            assert!(!health.in_place(), "{file:?} is another");
            std::fs::rename(&aside, file).unwrap();
            assert!(health.in_place(), "{file:?} is back");
        }
    }
}
