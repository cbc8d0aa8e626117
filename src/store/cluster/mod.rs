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
mod census;
mod claims;
mod emoji;
mod encoding;
#[cfg(test)]
mod faulty;
mod ids;
mod invitations;
mod jobs;
mod known_users;
mod late_answers;
mod leases;
mod lists;
mod look;
mod media;
mod memo;
mod outgoing;
mod peers;
mod personal;
pub mod promises;
mod rooms;
mod search;
mod servers;
mod session_verbs;
mod sessions;
mod settings;
mod slash_commands;
pub mod tables;
mod transfer;
mod users;
mod verbs;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use self::tables::closed::Closed;
use self::tables::{TableError, Tables};
use super::StoreError;
use super::memory::Attempts;
use super::sqlite::upkeep::Census;
use crate::model::{Attribution, Event, EventSink, Rev, RoomId};
use crate::store::Settings;

pub use self::peers::{PeerReply, Peers};
pub use self::servers::Member;
pub use self::transfer::Loader;

/// A handle of the engine; with an attribution, its changes are recorded in the audit log.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>, Option<Arc<Attribution>>);

struct Inner {
    tables: Arc<dyn Tables>,
    /// Distinguishes this server from others, until it ends.
    name: String,
    /// Whether the engine was closed.
    closed: AtomicBool,
    /// Committed events of this server, in the order of each room's log.
    sink: EventSink,
    settings: Settings,
    ids: ids::Ids,
    rooms: rooms::Rooms,
    directory: users::Directory,
    known_users: known_users::KnownUsers,
    workers: jobs::Workers,
    attempts: Attempts,
    /// None: there is no search.
    finder: OnceLock<search::Finder>,
    options: Options,
}

/// Settings of the engine that are not in its tables.
#[derive(Clone, Default)]
pub struct Options {
    /// How long entries of the audit log are kept; None: for ever.
    pub audit_for: Option<Duration>,
    /// File of this server's search index; None: `find_messages` is `Unavailable`.
    pub search: Option<PathBuf>,
    /// The other servers, to which posts into contended rooms are forwarded; None: to nobody.
    pub peers: Option<Arc<dyn Peers>>,
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
            name: hex::encode(settings::random::<8>()?),
            closed: AtomicBool::new(false),
            sink,
            settings,
            ids: ids::Ids::default(),
            rooms: rooms::Rooms::default(),
            directory: users::Directory::default(),
            known_users: known_users::KnownUsers::default(),
            workers: jobs::Workers::default(),
            attempts: Attempts::default(),
            finder: OnceLock::new(),
            options,
        };
        let cluster = Self(Arc::new(inner), None);
        cluster.start_search()?;
        rooms::declare_figures();
        jobs::start(&cluster);
        rooms::start(&cluster);
        Ok(cluster)
    }

    fn start_search(&self) -> Result<(), StoreError> {
        let Some(path) = self.0.options.search.clone() else { return Ok(()) };
        let epoch = &self.0.settings.epoch;
        let finder = search::Finder::start(path, epoch, Arc::downgrade(&self.0));
        let finder = finder.map_err(|error| {
            tracing::error!(%error, "The thread of the search index cannot be started");
            StoreError::Unavailable
        })?;
        // It was empty.
        drop(self.0.finder.set(finder));
        Ok(())
    }

    /// Takes note of an event that arrived from another server, or was lost: its message can be
    /// found, and a changed user is read again.
    pub fn noticed(&self, event: &Event) {
        match event {
            Event::Room(step) => {
                self.0.rooms.heard(step.room, step.rev);
                self.point(step.room, step.rev);
            }
            Event::UserChanged { user } => self.0.known_users.forget(*user),
            Event::Lost { room } => {
                if let Some(finder) = self.0.finder.get() {
                    finder.lose(*room);
                }
            }
            _ => {}
        }
    }

    /// Stores posts that another server has forwarded; returns the answer to it. None: the request
    /// is of a form that is not known here.
    pub async fn forwarded(&self, request: &[u8]) -> Option<Vec<u8>> {
        rooms::accept(self, request).await
    }

    /// Tells the search that a room has this rev.
    fn point(&self, room: RoomId, rev: Rev) {
        if let Some(finder) = self.0.finder.get() {
            finder.point(room, rev);
        }
    }

    /// Finishes what is being written and stops background work.
    pub async fn close(&self) {
        jobs::stop(self).await;
        rooms::close(self).await;
        if let Some(finder) = self.0.finder.get() {
            finder.close().await;
        }
        self.0.closed.store(true, Ordering::Release);
    }

    /// Emits an event of a change that is committed.
    async fn emit(&self, event: Event) {
        if let Event::UserChanged { user } = &event {
            self.0.known_users.forget(*user);
        }
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

/// Returns the servers of the last day that were not stopped, by their ids.
pub async fn members(tables: &dyn Tables) -> Result<Vec<Member>, StoreError> {
    servers::all(tables).await
}

/// Returns the numbers of accounts and rooms as servers counted them last; None: they never did.
pub async fn latest_census(tables: &dyn Tables) -> Result<Option<Census>, StoreError> {
    census::latest(tables).await
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unavailable => Self::Unavailable,
            TableError::Unknown => Self::Unknown,
        }
    }
}
