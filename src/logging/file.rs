//! Log files: `chatctl.log.2025-07-15` by day or hour, followed by `.1`, `.2` … when a file grows
//! too large, or one `chatctl.log` moved away by logrotate. Old files are removed, but only our
//! own.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::{self, Rotation};
use crate::model::Timestamp;

const NAME: &str = "chatctl.log";

/// The current log file; clones write to the same one.
#[derive(Clone)]
pub(super) struct LogFile(Arc<Mutex<Current>>);

struct Current {
    directory: PathBuf,
    rotation: Rotation,
    /// Number of files to keep; 0: unlimited.
    max_files: usize,
    /// Size at which the next file is started; 0: unlimited.
    max_bytes: u64,
    /// Size of all files together; 0: unlimited.
    max_total_bytes: u64,
    /// Size of all files but the current one, as of the last removal.
    kept_bytes: u64,
    name: Name,
    open: Open,
}

/// Name of a log file: `chatctl.log`, its time, and the part of that time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// `2025-07-15` or `2025-07-15-14`; empty for the file moved away by logrotate.
    time: String,
    /// 0 for the first part.
    part: u32,
}

/// An open log file.
struct Open {
    file: File,
    size: u64,
    /// Whether the last line is incomplete: the disk was full, or the process ended while writing.
    torn: bool,
}

/// Returns the size at which the next file is started; 0: unlimited. At most half of the total, so
/// that removing other files suffices to keep it.
fn largest_file(config: &config::Log) -> u64 {
    let limits = [config.max_bytes, config.max_total_bytes.div_ceil(2)];
    match config.rotation {
        Rotation::Never => 0,
        _ => limits.into_iter().filter(|limit| *limit > 0).min().unwrap_or(0),
    }
}

impl LogFile {
    /// Opens the current file, creating the directory if necessary.
    pub(super) fn open(directory: &Path, config: &config::Log) -> io::Result<Self> {
        let name = Name::latest(directory, config.rotation, Timestamp::now());
        let open = Open::new(directory, &name)?;
        let mut current = Current {
            directory: directory.to_owned(),
            rotation: config.rotation,
            max_files: config.max_files,
            max_bytes: largest_file(config),
            max_total_bytes: config.max_total_bytes,
            kept_bytes: 0,
            name,
            open,
        };
        current.prune();
        Ok(Self(Arc::new(Mutex::new(current))))
    }

    /// Continues in a file with the right name, even if the old one was moved away. Keeps the old
    /// file if that fails.
    pub(super) fn reopen(&self) {
        let mut current = self.lock();
        if let Ok(open) = Open::new(&current.directory, &current.name) {
            current.open = open;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// Writes complete lines. A partially written line is ended before the next one.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut current = self.lock();
        current.rotate();
        current.open.append(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().open.file.flush()
    }
}

impl Current {
    /// Starts a new file when its time has come, when it is large enough, or when the old one was
    /// removed (unless logrotate will notify us).
    fn rotate(&mut self) {
        let due = Name::first(self.rotation, Timestamp::now());
        let gone = || {
            self.rotation != Rotation::Never
                && self.open.file.metadata().is_ok_and(|meta| meta.nlink() == 0)
        };
        let next = if due.time != self.name.time {
            due
        } else if self.max_bytes > 0 && self.open.size >= self.max_bytes {
            Name { part: self.name.part.saturating_add(1), ..due }
        } else if gone() {
            self.name.clone()
        } else {
            if self.is_over(self.kept_bytes) {
                self.prune();
            }
            return;
        };
        if let Ok(open) = Open::new(&self.directory, &next) {
            self.open = open;
            self.name = next;
            self.prune();
        }
    }

    /// Returns whether the current file and other files of this size exceed `max_total_bytes`.
    fn is_over(&self, others: u64) -> bool {
        self.max_total_bytes > 0
            && others > 0
            && self.open.size.saturating_add(others) > self.max_total_bytes
    }

    /// Removes the oldest files beyond `max_files` and `max_total_bytes`. Only removes files with
    /// our names, never the current one, and none if logrotate manages them.
    fn prune(&mut self) {
        if self.rotation == Rotation::Never {
            return;
        }
        let mut others = Name::all(&self.directory);
        others.retain(|name| *name != self.name);
        others.sort();
        let sizes: Vec<u64> = others.iter().map(|name| self.size_of(name)).collect();
        let mut left: u64 = sizes.iter().sum();
        let mut count = others.len();
        for (old, size) in others.iter().zip(sizes) {
            let too_many = self.max_files > 0 && count >= self.max_files;
            if !too_many && !self.is_over(left) {
                break;
            }
            (left, count) = (left.saturating_sub(size), count - 1);
            // If it fails, removal is retried with the next file.
            drop(fs::remove_file(self.directory.join(old.text())));
        }
        self.kept_bytes = left;
    }

    fn size_of(&self, name: &Name) -> u64 {
        fs::metadata(self.directory.join(name.text())).map_or(0, |meta| meta.len())
    }
}

impl Name {
    /// Returns the first file name of this time.
    fn first(rotation: Rotation, now: Timestamp) -> Self {
        let time = match rotation {
            Rotation::Daily => now.date(),
            Rotation::Hourly => now.seconds()[..13].replace('T', "-"),
            Rotation::Never => String::new(),
        };
        Self { time, part: 0 }
    }

    /// Returns the name of the file last written at this time.
    fn latest(directory: &Path, rotation: Rotation, now: Timestamp) -> Self {
        let first = Self::first(rotation, now);
        Self::all(directory)
            .into_iter()
            .filter(|name| name.time == first.time)
            .max()
            .unwrap_or(first)
    }

    /// Returns all file names with a time, unordered.
    fn all(directory: &Path) -> Vec<Self> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.filter_map(|entry| Self::parse(entry.file_name().to_str()?)).collect()
    }

    fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(NAME)?.strip_prefix('.')?;
        let (time, part) =
            rest.split_once('.').map_or((rest, None), |(time, part)| (time, Some(part)));
        let is_time = matches!(time.len(), 10 | 13)
            && time
                .bytes()
                .enumerate()
                .all(|(i, b)| if matches!(i, 4 | 7 | 10) { b == b'-' } else { b.is_ascii_digit() });
        let part = part.map_or(Some(0), |part| {
            part.parse().ok().filter(|number: &u32| *number > 0 && number.to_string() == part)
        })?;
        is_time.then(|| Self { time: time.to_owned(), part })
    }

    fn text(&self) -> String {
        let mut name = NAME.to_owned();
        if !self.time.is_empty() {
            name = format!("{name}.{}", self.time);
        }
        if self.part > 0 {
            name = format!("{name}.{}", self.part);
        }
        name
    }
}

impl Open {
    fn new(directory: &Path, name: &Name) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o750).create(directory)?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o640)
            .open(directory.join(name.text()))?;
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size > 0 {
            file.read_exact_at(&mut last, size - 1)?;
        }
        Ok(Self { file, size, torn: last != [b'\n'] })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.write(b"\n")?;
            self.torn = false;
        }
        let before = self.size;
        let written = self.write(line);
        self.torn = written.is_err() && self.size > before;
        written
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.size = self.size.saturating_add(count as u64);
                    bytes = &bytes[count..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
