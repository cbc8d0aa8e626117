//! Selects the storage engine. Everything above the store names this module and never an engine
//! itself.
//!
//! SQLite is embedded: unlike an external server it has a file that can be checked, copied,
//! compacted and migrated ([`upkeep`]), which only administration does. A [`Cluster`] keeps the
//! data in Cassandra or ScyllaDB, whose own tools do that.

use std::sync::Arc;

use super::{Sessions, Store, StoreError};

pub use super::cluster::tables::schema::all as cluster_tables;
pub use super::cluster::tables::{Tables, cql};
pub use super::cluster::{
    Cluster, Loader, Member, Options as ClusterOptions, PeerReply, Peers, latest_census, members,
    new_epoch, promises,
};
pub use super::sqlite::{OpenError, Options, Sqlite as Embedded, engine as version, upkeep};

/// The engine in use. Clones share it.
#[derive(Clone)]
pub enum Engine {
    /// A file of this machine.
    Embedded(Embedded),
    /// Data shared with other servers.
    Cluster(Cluster),
}

impl Engine {
    /// Returns the store.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(embedded) => Arc::new(embedded.clone()),
            Self::Cluster(cluster) => Arc::new(cluster.clone()),
        }
    }

    /// Returns the sessions.
    pub fn sessions(&self) -> Arc<dyn Sessions> {
        match self {
            Self::Embedded(embedded) => Arc::new(embedded.clone()),
            Self::Cluster(cluster) => Arc::new(cluster.clone()),
        }
    }

    /// Returns the engine if it is embedded.
    pub fn embedded(&self) -> Option<&Embedded> {
        if let Self::Embedded(embedded) = self { Some(embedded) } else { None }
    }

    /// Returns the engine if it is a cluster.
    pub fn cluster(&self) -> Option<&Cluster> {
        if let Self::Cluster(cluster) = self { Some(cluster) } else { None }
    }

    /// Returns the login names of imported users who could log in if they had a password.
    pub async fn without_password(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Embedded(embedded) => embedded.without_password().await,
            Self::Cluster(cluster) => cluster.without_password().await,
        }
    }

    /// Waits until jobs (deletion of rooms and accounts) are done, a step of them fails, or the
    /// store does not respond.
    pub async fn settle(&self) {
        match self {
            Self::Embedded(embedded) => embedded.settle().await,
            Self::Cluster(cluster) => cluster.settle().await,
        }
    }

    /// Removes the words of deleted messages from the search index of this server.
    pub async fn purge_search(&self) {
        match self {
            Self::Embedded(embedded) => embedded.purge_search().await,
            Self::Cluster(cluster) => cluster.purge_search().await,
        }
    }

    /// Removes what deleted rows leave in the files of an embedded database: older versions of
    /// pages in the write-ahead log. With `rewrite`, for a stopped server, also the copies of rows
    /// that it left in its pages when it moved them. False: the log could not be emptied yet.
    pub async fn scrub(&self, rewrite: bool) -> Result<bool, upkeep::UpkeepError> {
        let Self::Embedded(embedded) = self else { return Ok(true) };
        if rewrite {
            embedded.rewrite().await?;
        }
        embedded.empty_log().await
    }

    /// Completes what is queued and ends background work. Later requests are `Unavailable`.
    pub async fn close(&self) {
        match self {
            Self::Embedded(embedded) => embedded.close().await,
            Self::Cluster(cluster) => cluster.close().await,
        }
    }
}
