//! Connections to the database of a cluster and to Redis, as the configuration names them.

use std::path::Path;
use std::time::Duration;

use redis::ConnectionAddr;

use crate::admin::Failure;
use crate::config::Config;
use crate::live::{RedisOptions, redis_client};
use crate::store::engine::cql::{Cql, Options};

/// Port of Cassandra and ScyllaDB.
const PORT: u16 = 9042;
/// Time-out of a request to the database.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time-out of a question to Redis.
const REDIS_PATIENCE: Duration = Duration::from_secs(3);

/// The database of a cluster is not reached.
#[derive(Debug, thiserror::Error)]
#[error("the nodes of [cluster] cassandra ({nodes}) cannot be used: {why}")]
pub struct Unreached {
    nodes: String,
    why: String,
}

impl From<Unreached> for Failure {
    fn from(error: Unreached) -> Self {
        Self::failed(error.to_string())
    }
}

/// `HOST:PORT` of a configured node.
fn with_port(node: &str) -> String {
    let has_port = match node.rsplit_once(':') {
        Some((host, _)) => !host.contains(':') || host.ends_with(']'),
        None => false,
    };
    if has_port {
        node.to_owned()
    } else if node.contains(':') && !node.starts_with('[') {
        format!("[{node}]:{PORT}")
    } else {
        format!("{node}:{PORT}")
    }
}

/// Connects to the database, once. `keyspace` replaces the configured one.
pub async fn database(config: &Config, keyspace: Option<&str>) -> Result<Cql, Unreached> {
    let cluster = &config.cluster;
    let login = cluster.user.clone().zip(cluster.password.as_ref().map(|it| it.0.clone()));
    let unreached = |why: String| Unreached { nodes: cluster.cassandra.join(", "), why };
    let options = Options {
        nodes: cluster.cassandra.iter().map(|node| with_port(node)).collect(),
        keyspace: keyspace.unwrap_or(&cluster.keyspace).to_owned(),
        datacenter: cluster.datacenter.clone(),
        login,
        patience: PATIENCE,
    };
    Cql::connect(options).await.map_err(|why| unreached(why.to_string()))
}

/// How the configuration reaches Redis. Reads the file of authorities.
pub fn redis_options(config: &Config) -> Result<RedisOptions, String> {
    let cluster = &config.cluster;
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| format!("redis_tls_ca {}: {error}", path.display()))
    };
    Ok(RedisOptions {
        urls: cluster.redis.clone(),
        user: cluster.redis_user.clone(),
        password: cluster.redis_password.as_ref().map(|password| password.0.clone()),
        roots: cluster.redis_tls_ca.as_deref().map(read).transpose()?,
        // Several clusters may share an instance.
        prefix: cluster.keyspace.clone(),
    })
}

/// What a Redis server says of itself.
pub struct Redis {
    /// Its version.
    pub version: String,
    /// What it does when its memory is full.
    pub policy: String,
    /// Limit of its memory in bytes; 0: none.
    pub max_memory: u64,
    /// Memory in use, in bytes.
    pub memory: u64,
}

/// Asks a Redis server of the configuration.
pub async fn redis(config: &Config, url: &str) -> Result<Redis, String> {
    let client = redis_client(url, &redis_options(config)?).map_err(|error| error.to_string())?;
    // No URL of the configuration has another form.
    if matches!(client.get_connection_info().addr(), ConnectionAddr::Unix(_)) {
        return Err("is not the address of a server".to_owned());
    }
    let asking = async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("INFO").query_async::<String>(&mut connection).await
    };
    match tokio::time::timeout(REDIS_PATIENCE, asking).await {
        Err(_) => Err(format!("no answer within {} seconds", REDIS_PATIENCE.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(info)) => Ok(understood(&info)),
    }
}

/// Reads the answer of `INFO`.
fn understood(info: &str) -> Redis {
    let value = |key: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    Redis {
        version: value("redis_version"),
        policy: value("maxmemory_policy"),
        max_memory: value("maxmemory").parse().unwrap_or(0),
        memory: value("used_memory").parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_node_may_be_left_out() {
        for (node, full) in [
            ("db1", "db1:9042"),
            ("db1:19042", "db1:19042"),
            ("10.0.0.1", "10.0.0.1:9042"),
            ("fd00::1", "[fd00::1]:9042"),
            ("[fd00::1]", "[fd00::1]:9042"),
            ("[fd00::1]:9043", "[fd00::1]:9043"),
        ] {
            assert_eq!(with_port(node), full);
        }
    }

    #[test]
    fn what_redis_says_is_understood() {
        let said = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:1024\r\n\
                    maxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        let redis = understood(said);
        assert_eq!((redis.version.as_str(), redis.policy.as_str()), ("7.0.15", "noeviction"));
        assert_eq!((redis.memory, redis.max_memory), (1024, 0));
    }
}
