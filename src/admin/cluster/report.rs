//! The state of the database of a cluster and of Redis, for `cluster status` and `doctor`.

use serde_json::{Value, json};

use super::connect::{Redis, database, redis};
use super::{Failure, configured};
use crate::config::Config;
use crate::store::engine::cluster_tables;
use crate::store::engine::cql::{Checkup, Node};

/// A part of the cluster: a node, the keyspace, a Redis server.
pub struct Part {
    /// `cassandra`, `keyspace` or `redis`.
    pub part: &'static str,
    /// Its address or name.
    pub name: String,
    /// Whether it can be used.
    pub up: bool,
    /// What is known of it.
    pub details: String,
}

impl Part {
    fn json(&self) -> Value {
        json!({"part": self.part, "name": self.name, "up": self.up, "details": self.details})
    }
}

/// Everything that answers, or does not.
pub struct State {
    /// The nodes and the keyspace.
    pub checkup: Checkup,
    /// What the keyspace lacks.
    pub missing: Vec<String>,
    /// Each Redis server of the configuration.
    pub redis: Vec<(String, Result<Redis, String>)>,
}

/// Asks all of them. Fails if no node of the database can be used.
pub async fn state(config: &Config) -> Result<State, Failure> {
    configured(config)?;
    let cql = database(config, None).await?;
    let checkup = cql.checkup().await?;
    let missing = match checkup.replication {
        Some(_) => cql.differences(cluster_tables()).await?,
        None => Vec::new(),
    };
    let mut servers = Vec::new();
    for url in &config.cluster.redis {
        servers.push((url.clone(), redis(config, url).await));
    }
    Ok(State { checkup, missing, redis: servers })
}

/// The parts, one item each.
pub async fn status(config: &Config) -> Result<Vec<Value>, Failure> {
    let state = state(config).await?;
    let nodes = state.checkup.nodes.iter().map(of_node);
    let keyspace = Part {
        part: "keyspace",
        name: config.cluster.keyspace.clone(),
        up: state.checkup.replication.is_some() && state.missing.is_empty(),
        details: match (&state.checkup.replication, state.missing.first()) {
            (None, _) => "does not exist".to_owned(),
            (_, Some(first)) => first.clone(),
            _ => format!("replicas {}", replicas(&state.checkup)),
        },
    };
    let redis = state.redis.iter().map(|(url, found)| Part {
        part: "redis",
        name: url.clone(),
        up: found.is_ok(),
        details: match found {
            Ok(redis) => format!(
                "Redis {}, {} MiB, {}",
                redis.version,
                redis.memory.div_ceil(1 << 20),
                redis.policy
            ),
            Err(why) => why.clone(),
        },
    });
    Ok(nodes.chain([keyspace]).chain(redis).map(|part| part.json()).collect())
}

fn of_node(node: &Node) -> Part {
    let datacenter = node.datacenter.as_deref().map(|name| format!("data centre {name}"));
    let sync = node.commitlog_sync.as_deref().map(|sync| format!("commitlog_sync {sync}"));
    let known = [node.engine.clone(), datacenter, sync];
    Part {
        part: "cassandra",
        name: node.address.clone(),
        up: node.engine.is_some(),
        details: known.into_iter().flatten().collect::<Vec<_>>().join(", "),
    }
}

/// The replicas of the keyspace by data centre, such as `dc1: 3`.
pub fn replicas(checkup: &Checkup) -> String {
    let known = checkup.replication.iter().flatten().filter(|(key, _)| *key != "class");
    known.map(|(name, number)| format!("{name}: {number}")).collect::<Vec<_>>().join(", ")
}
