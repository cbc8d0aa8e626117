//! Administration of a running log: changing the level, starting a new file, following.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use super::alerts::{self, Reached, Seen};
use super::file::LogFile;
use super::line::{Entry, Line};
use super::ship::{self, Shipped, Waiting};
use crate::config::LogLevel;
use crate::config::current::Current;

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
    reached: Reached,
    waiting: Waiting,
}

impl Control {
    pub(super) fn new(file: LogFile, level: LogLevel, waiting: Waiting) -> Self {
        let (readers, _) = broadcast::channel(QUEUE);
        Self(Arc::new(Inner {
            file,
            level: AtomicU8::new(rank(level)),
            latest: Mutex::default(),
            readers,
            alerts: OnceLock::new(),
            reached: Reached::default(),
            waiting,
        }))
    }

    /// Sends alerts about errors, as configured at each time, until it is dropped. Once per process.
    pub async fn send_alerts(&self, current: Current) {
        let (sender, errors) = alerts::channel();
        if self.0.alerts.set(sender).is_ok() {
            alerts::run(current, errors, self.0.reached.clone()).await;
        }
    }

    /// Sends the log to an OTLP receiver, as configured at each time, as that of this server.
    /// [`end_shipping`](Self::end_shipping) ends the task. Once per process.
    pub fn ship(&self, current: Current, server: String) -> JoinHandle<()> {
        tokio::spawn(ship::run(self.0.waiting.clone(), current, server))
    }

    /// Ends the task of [`ship`](Self::ship): what waits is sent within a few seconds, or dropped.
    pub async fn end_shipping(&self, task: JoinHandle<()>) {
        ship::end(&self.0.waiting, task).await;
    }

    /// Returns the state of shipping.
    pub fn shipped(&self) -> Shipped {
        self.0.waiting.state()
    }

    /// Queues a line for the OTLP receiver, if there is one. Does not wait.
    pub(super) fn ship_line(&self, line: &Line) {
        self.0.waiting.push(line);
    }

    /// Returns which targets of alerts can be reached.
    pub fn reached(&self) -> &Reached {
        &self.0.reached
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
