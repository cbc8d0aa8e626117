//! Administration of a running log: changing the level, starting a new file, following.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{broadcast, mpsc};

use super::alerts::{self, Seen, Unsent};
use super::file::LogFile;
use super::line::Entry;
use crate::config::{Config, LogLevel};

/// Number of recent entries kept for new followers.
const REMEMBERED: usize = 200;
/// Maximum number of entries queued for followers; slow followers lose the oldest.
const QUEUE: usize = 1_024;

/// A handle to the log of this process. Cheap to clone.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    file: LogFile,
    level: AtomicU8,
    latest: Mutex<VecDeque<Arc<Entry>>>,
    readers: broadcast::Sender<Arc<Entry>>,
    /// Where errors go once alerts are sent.
    alerts: OnceLock<mpsc::Sender<Seen>>,
    unsent: Unsent,
}

impl Control {
    pub(super) fn new(file: LogFile, level: LogLevel) -> Self {
        let (readers, _) = broadcast::channel(QUEUE);
        Self(Arc::new(Inner {
            file,
            level: AtomicU8::new(rank(level)),
            latest: Mutex::default(),
            readers,
            alerts: OnceLock::new(),
            unsent: Unsent::default(),
        }))
    }

    /// Sends alerts about errors, as configured, until it is dropped. Once per process.
    pub async fn send_alerts(&self, config: Arc<Config>) {
        let (sender, errors) = alerts::channel();
        if self.0.alerts.set(sender).is_ok() {
            alerts::run(config, errors, self.0.unsent.clone()).await;
        }
    }

    /// Returns what could not be sent lately.
    pub fn unsent_alerts(&self) -> &Unsent {
        &self.0.unsent
    }

    /// Hands over an error, if alerts are sent. If too many wait, it is only in the log.
    pub(super) fn alert(&self, seen: impl FnOnce() -> Seen) {
        if let Some(alerts) = self.0.alerts.get() {
            drop(alerts.try_send(seen()));
        }
    }

    /// Continues in a new file after the old one was moved away (SIGHUP, logrotate).
    pub fn reopen(&self) {
        self.0.file.reopen();
    }

    /// Sets the minimum level.
    pub fn set_level(&self, level: LogLevel) {
        self.0.level.store(rank(level), Ordering::Relaxed);
    }

    /// Returns the minimum level.
    pub fn level(&self) -> LogLevel {
        match self.rank() {
            1 => LogLevel::Error,
            2 => LogLevel::Warn,
            3 => LogLevel::Info,
            4 => LogLevel::Debug,
            _ => LogLevel::Trace,
        }
    }

    /// Returns the latest entries, oldest first, and a receiver of new ones.
    pub fn follow(&self) -> (Vec<Arc<Entry>>, broadcast::Receiver<Arc<Entry>>) {
        let latest = self.latest();
        // Under the lock, so that no entry is missed or duplicated.
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
        // Usually there is no follower.
        drop(self.0.readers.send(entry));
    }

    fn latest(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns 1 for the most important level, up to 5.
pub(super) fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 1,
        LogLevel::Warn => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
        LogLevel::Trace => 5,
    }
}
