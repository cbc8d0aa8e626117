//! `[cluster]` and the choice of the engine: data that several servers share.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Masked;

/// Where users, rooms and messages are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// In a file of this machine.
    #[default]
    #[serde(rename = "sqlite")]
    Embedded,
    /// In Cassandra or ScyllaDB, shared with other servers.
    Cluster,
}

/// `[cluster]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// Nodes of Cassandra or ScyllaDB, as `HOST` or `HOST:PORT` (9042). Some are enough; the others
    /// are found through them.
    pub cassandra: Vec<String>,
    /// Keyspace.
    pub keyspace: String,
    /// Data centre whose nodes are used. Unset: that of the first node found.
    pub datacenter: Option<String>,
    /// User of Cassandra or ScyllaDB. Unset: no log-in.
    pub user: Option<String>,
    /// Password of that user.
    pub password: Option<Masked>,
    /// URLs of Redis: `redis://HOST:PORT`, `rediss://` with TLS. Several independent servers share
    /// the rooms.
    pub redis: Vec<String>,
    /// User of Redis. Unset: the default user.
    pub redis_user: Option<String>,
    /// Password of Redis.
    pub redis_password: Option<Masked>,
    /// File with the certificates (PEM) of the authorities of `rediss://` servers. Unset: those that
    /// the system trusts.
    pub redis_tls_ca: Option<PathBuf>,
    /// Keep a search index of all rooms in the data directory of each server.
    pub search: bool,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            cassandra: Vec::new(),
            keyspace: "chatctl".to_owned(),
            datacenter: None,
            user: None,
            password: None,
            redis: Vec::new(),
            redis_user: None,
            redis_password: None,
            redis_tls_ca: None,
            search: true,
        }
    }
}
