//! Log files: `chatctl.log.2025-07-15` by day or hour, or one `chatctl.log` that logrotate moves away. Old ones go, and only ours.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Rotation;
use crate::model::Timestamp;

const NAME: &str = "chatctl.log";

/// The current log file; clones write to the same one.
#[derive(Clone)]
pub(super) struct LogFile(Arc<Mutex<Current>>);

struct Current {
    directory: PathBuf,
    rotation: Rotation,
    max_files: usize,
    name: String,
    file: File,
}

impl LogFile {
    /// Opens today's file, making the directory where it is missing.
    pub(super) fn open(directory: &Path, rotation: Rotation, max_files: usize) -> io::Result<Self> {
        let name = name(rotation, Timestamp::now());
        let file = open(directory, &name)?;
        let current = Current { directory: directory.to_owned(), rotation, max_files, name, file };
        current.prune();
        Ok(Self(Arc::new(Mutex::new(current))))
    }

    /// Goes on in a file of the right name, even where the old one has been moved away. Keeps the old one when that fails.
    pub(super) fn reopen(&self) {
        let mut current = self.lock();
        if let Ok(file) = open(&current.directory, &current.name) {
            current.file = file;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut current = self.lock();
        current.rotate();
        current.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().file.flush()
    }
}

impl Current {
    /// Begins a new file when its time has come, or when somebody has removed the old one (unless logrotate will tell).
    fn rotate(&mut self) {
        let due = name(self.rotation, Timestamp::now());
        let gone = || self.rotation != Rotation::Never && self.file.metadata().is_ok_and(|meta| meta.nlink() == 0);
        if due == self.name && !gone() {
            return;
        }
        if let Ok(file) = open(&self.directory, &due) {
            self.file = file;
            self.name = due;
            self.prune();
        }
    }

    /// Removes the oldest beyond `max_files`. Only names that we make: `chatctl.log.` and a date.
    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let mut dated: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_dated(path)).collect();
        dated.sort();
        let excess = dated.len().saturating_sub(self.max_files.max(1));
        for old in &dated[..excess] {
            // A file that cannot be removed now is tried again with the next one.
            drop(fs::remove_file(old));
        }
    }
}

fn name(rotation: Rotation, now: Timestamp) -> String {
    match rotation {
        Rotation::Daily => format!("{NAME}.{}", now.date()),
        Rotation::Hourly => format!("{NAME}.{}", now.seconds()[..13].replace('T', "-")),
        Rotation::Never => NAME.to_owned(),
    }
}

fn is_dated(path: &Path) -> bool {
    let date = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(NAME)?.strip_prefix('.'));
    date.is_some_and(|date| {
        matches!(date.len(), 10 | 13) && date.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7 | 10) { b == b'-' } else { b.is_ascii_digit() })
    })
}

fn open(directory: &Path, name: &str) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o750).create(directory)?;
    OpenOptions::new().append(true).create(true).mode(0o640).open(directory.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_their_time() {
        let now = Timestamp(1_752_589_930_245);
        assert_eq!(name(Rotation::Daily, now), "chatctl.log.2025-07-15");
        assert_eq!(name(Rotation::Hourly, now), "chatctl.log.2025-07-15-14");
        assert_eq!(name(Rotation::Never, now), "chatctl.log");
    }

    #[test]
    fn only_our_own_old_files_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["chatctl.log.2020-01-01", "chatctl.log.2020-01-02", "chatctl.log.old", "chatctl.log.2020-01-0x", "other.2020-01-01"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let mut file = LogFile::open(dir.path(), Rotation::Daily, 2).unwrap();
        file.write_all(b"line\n").unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let today = name(Rotation::Daily, Timestamp::now());
        assert_eq!(left, ["chatctl.log.2020-01-02", "chatctl.log.2020-01-0x", today.as_str(), "chatctl.log.old", "other.2020-01-01"]);
    }

    #[test]
    fn a_file_that_was_moved_or_removed_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = LogFile::open(dir.path(), Rotation::Never, 2).unwrap();
        file.write_all(b"one\n").unwrap();
        fs::rename(dir.path().join(NAME), dir.path().join("moved")).unwrap();
        file.reopen();
        file.write_all(b"two\n").unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(NAME)).unwrap(), "two\n");
        let logs = dir.path().join("logs");
        let mut daily = LogFile::open(&logs, Rotation::Daily, 2).unwrap();
        fs::remove_dir_all(&logs).unwrap();
        daily.write_all(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(logs.join(name(Rotation::Daily, Timestamp::now()))).unwrap(), "three\n");
    }
}
