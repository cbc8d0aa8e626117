//! The engine for several servers, on Cassandra or ScyllaDB.
//!
//! A room is a log in one partition. A commit is one conditional write that moves the room's head
//! from `rev` h to h+k and inserts the k changes, or does nothing, so that any server may write at
//! any time. All other tables of a room are derived from its log and written with the rev as their
//! timestamp: repeating such a write is harmless, and no clock decides anything.
//!
//! [`tables`] is the seam below which an engine of tables is: CQL, or memory with faults.

mod acquaintance;
mod audit;
mod buckets;
mod claims;
mod encoding;
mod ids;
mod jobs;
mod leases;
mod media;
pub mod promises;
mod rooms;
mod session_verbs;
mod sessions;
mod settings;
pub mod tables;
mod users;
mod verbs;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::tables::closed::Closed;
use self::tables::{TableError, Tables};
use super::StoreError;
use super::memory::Attempts;
use crate::model::{Attribution, Event, EventSink};
use crate::store::Settings;

/// A handle of the engine; with an attribution, its changes are recorded in the audit log.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>, Option<Arc<Attribution>>);

struct Inner {
    tables: Arc<dyn Tables>,
    /// Whether the engine was closed.
    closed: AtomicBool,
    /// Committed events of this server, in the order of each room's log.
    sink: EventSink,
    settings: Settings,
    ids: ids::Ids,
    rooms: rooms::Rooms,
    directory: users::Directory,
    workers: jobs::Workers,
    attempts: Attempts,
    options: Options,
}

/// Settings of the engine that are not in its tables.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How long entries of the audit log are kept; None: for ever.
    pub audit_for: Option<Duration>,
}

impl Cluster {
    /// Opens the keyspace; creates what every cluster has once (signing key, epoch, instance id).
    /// `Unavailable` if the tables cannot be read.
    pub async fn open(tables: Arc<dyn Tables>, sink: EventSink) -> Result<Self, StoreError> {
        Self::open_with(tables, sink, Options::default()).await
    }

    /// Like [`open`](Self::open), with other options.
    pub async fn open_with(
        tables: Arc<dyn Tables>,
        sink: EventSink,
        options: Options,
    ) -> Result<Self, StoreError> {
        let settings = settings::load_or_create(&*tables).await?;
        let inner = Inner {
            tables,
            closed: AtomicBool::new(false),
            sink,
            settings,
            ids: ids::Ids::default(),
            rooms: rooms::Rooms::default(),
            directory: users::Directory::default(),
            workers: jobs::Workers::default(),
            attempts: Attempts::default(),
            options,
        };
        let cluster = Self(Arc::new(inner), None);
        jobs::start(&cluster);
        Ok(cluster)
    }

    /// Finishes what is being written and stops background work.
    pub async fn close(&self) {
        jobs::stop(self).await;
        rooms::close(self).await;
        self.0.closed.store(true, Ordering::Release);
    }

    /// Emits an event of a change that is committed.
    async fn emit(&self, event: Event) {
        // Without a receiver the process is ending.
        drop(self.0.sink.send(event).await);
    }

    /// Waits until jobs (deletion of rooms and accounts) are done, or a step of them fails.
    pub async fn settle(&self) {
        jobs::settle(self).await;
    }

    fn tables(&self) -> &dyn Tables {
        if self.0.closed.load(Ordering::Acquire) { &Closed } else { &*self.0.tables }
    }
}

/// Gives the data a new epoch, after they were restored: every client reads its rooms again. Servers
/// that are running must be started again. Returns the epoch.
pub async fn new_epoch(tables: &dyn Tables) -> Result<String, StoreError> {
    settings::new_epoch(tables).await
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unavailable => Self::Unavailable,
            TableError::Unknown => Self::Unknown,
        }
    }
}
