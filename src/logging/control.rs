//! What administrators do to a running log: its level, a new file, reading along.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::file::LogFile;
use super::line::Entry;
use crate::config::LogLevel;

/// Entries that are remembered for who begins to read along.
const REMEMBERED: usize = 200;
/// Entries that may wait for who reads along; the slowest loses the oldest.
const QUEUE: usize = 1_024;

/// A handle of the log of this process. Cheap to clone.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    file: LogFile,
    level: AtomicU8,
    latest: Mutex<VecDeque<Arc<Entry>>>,
    readers: broadcast::Sender<Arc<Entry>>,
}

impl Control {
    pub(super) fn new(file: LogFile, level: LogLevel) -> Self {
        let (readers, _) = broadcast::channel(QUEUE);
        Self(Arc::new(Inner {
            file,
            level: AtomicU8::new(rank(level)),
            latest: Mutex::default(),
            readers,
        }))
    }

    /// Goes on in a new file after something else has moved the old one away (SIGHUP, logrotate).
    pub fn reopen(&self) {
        self.0.file.reopen();
    }

    /// The least important level that is written from now on.
    pub fn set_level(&self, level: LogLevel) {
        self.0.level.store(rank(level), Ordering::Relaxed);
    }

    /// The least important level that is written.
    pub fn level(&self) -> LogLevel {
        match self.rank() {
            1 => LogLevel::Error,
            2 => LogLevel::Warn,
            3 => LogLevel::Info,
            4 => LogLevel::Debug,
            _ => LogLevel::Trace,
        }
    }

    /// The latest entries, oldest first, and all that come.
    pub fn follow(&self) -> (Vec<Arc<Entry>>, broadcast::Receiver<Arc<Entry>>) {
        let latest = self.latest();
        // Under the lock: no entry is missed or seen twice.
        (latest.iter().cloned().collect(), self.0.readers.subscribe())
    }

    pub(super) fn rank(&self) -> u8 {
        self.0.level.load(Ordering::Relaxed)
    }

    pub(super) fn say(&self, entry: Entry) {
        let entry = Arc::new(entry);
        let mut latest = self.latest();
        if latest.len() == REMEMBERED {
            latest.pop_front();
        }
        latest.push_back(Arc::clone(&entry));
        // Mostly nobody reads along.
        drop(self.0.readers.send(entry));
    }

    fn latest(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 1 for the most important level, up to 5.
pub(super) fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 1,
        LogLevel::Warn => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
        LogLevel::Trace => 5,
    }
}
