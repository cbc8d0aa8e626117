//! The engine for several servers, on Cassandra or ScyllaDB.
//!
//! A room is a log in one partition. A commit is one conditional write that moves the room's head
//! from `rev` h to h+k and inserts the k changes, or does nothing, so that any server may write at
//! any time. All other tables of a room are derived from its log and written with the rev as their
//! timestamp: repeating such a write is harmless, and no clock decides anything.
//!
//! [`tables`] is the seam below which an engine of tables is: CQL, or memory with faults.

mod audit;
mod claims;
mod encoding;
mod ids;
mod jobs;
mod media;
mod rooms;
mod session_verbs;
mod sessions;
mod settings;
pub mod tables;
mod users;
mod verbs;

use std::sync::Arc;

use self::tables::{TableError, Tables};
use super::StoreError;
use super::memory::Attempts;
use crate::model::{Attribution, EventSink};
use crate::store::Settings;

/// A handle of the engine; with an attribution, its changes are recorded in the audit log.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>, Option<Arc<Attribution>>);

struct Inner {
    tables: Arc<dyn Tables>,
    /// Committed events of this server, in the order of each room's log.
    sink: EventSink,
    settings: Settings,
    ids: ids::Ids,
    rooms: rooms::Rooms,
    attempts: Attempts,
}

impl Cluster {
    /// Opens the keyspace; creates what every cluster has once (signing key, epoch, instance id).
    /// `Unavailable` if the tables cannot be read.
    pub async fn open(tables: Arc<dyn Tables>, sink: EventSink) -> Result<Self, StoreError> {
        let settings = settings::load_or_create(&*tables).await?;
        let inner = Inner {
            tables,
            sink,
            settings,
            ids: ids::Ids::default(),
            rooms: rooms::Rooms::default(),
            attempts: Attempts::default(),
        };
        let cluster = Self(Arc::new(inner), None);
        jobs::start(&cluster);
        Ok(cluster)
    }

    /// Finishes what is being written and stops background work.
    pub async fn close(&self) {
        jobs::stop(self).await;
        rooms::close(self).await;
    }

    fn tables(&self) -> &dyn Tables {
        &*self.0.tables
    }
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unavailable => Self::Unavailable,
            TableError::Unknown => Self::Unknown,
        }
    }
}
