//! What administers the database of a cluster and Redis. These commands connect to both themselves,
//! so that they work before the first server starts and beside running ones.

pub mod connect;
pub mod report;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::connect::database;
use super::{Failure, Kind};
use crate::config::{Config, Engine};
use crate::model::rules::count;
use crate::store::engine::cql::{Checkup, Cql, SchemaError};
use crate::store::engine::{cluster_tables, new_epoch, promises};

/// Replicas of each row, where there are as many nodes.
const REPLICAS: u32 = 3;

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        Self::failed(format!("the database of the cluster: {error}"))
    }
}

/// Fails if the configuration names no cluster.
fn configured(config: &Config) -> Result<(), Failure> {
    if config.cluster.cassandra.is_empty() {
        return Err(Failure::usage(
            "[cluster] cassandra names no node; see docs/cluster.md for the configuration",
        ));
    }
    Ok(())
}

/// Creates the keyspace and its tables, or what is missing of them. `replicas` only matters for a
/// new keyspace.
pub async fn init(config: &Config, replicas: Option<u32>) -> Result<Value, Failure> {
    configured(config)?;
    let cql = database(config, None).await?;
    let found = cql.checkup().await?;
    let existed = found.replication.is_some();
    if existed && replicas.is_some() {
        return Err(Failure::conflict(format!(
            "the keyspace {} exists; change its replicas with ALTER KEYSPACE and nodetool repair",
            config.cluster.keyspace
        )));
    }
    if !existed {
        let datacenter = datacenter(config, &found)?;
        let nodes = nodes_of(&found, &datacenter);
        let replicas = replicas.unwrap_or_else(|| nodes.clamp(1, REPLICAS));
        if replicas > nodes {
            return Err(Failure::usage(format!(
                "{} cannot be kept by {} of the data centre {datacenter}",
                count(replicas as usize, "replica"),
                count(nodes as usize, "node"),
            )));
        }
        cql.create_keyspace(&BTreeMap::from([(datacenter, replicas)])).await?;
    }
    let missing = cql.differences(cluster_tables()).await?;
    cql.create_tables(cluster_tables()).await?;
    let left = cql.differences(cluster_tables()).await?;
    if let Some(first) = left.first() {
        return Err(Failure::conflict(format!("the tables cannot be used: {first}")));
    }
    let now = cql.checkup().await?;
    Ok(json!({
        "keyspace": config.cluster.keyspace,
        "created": !existed,
        "replicas": report::replicas(&now),
        "tables": cluster_tables().count(),
        "changed": missing.len(),
    }))
}

/// The data centre of the configuration, or the only one.
fn datacenter(config: &Config, found: &Checkup) -> Result<String, Failure> {
    let mut all: Vec<&String> =
        found.nodes.iter().filter_map(|node| node.datacenter.as_ref()).collect();
    all.sort();
    all.dedup();
    match (&config.cluster.datacenter, all.as_slice()) {
        (Some(given), all) if all.contains(&given) => Ok(given.clone()),
        (Some(given), all) => Err(Failure::usage(format!(
            "[cluster] datacenter {given:?} does not exist; there is {}",
            all.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
        ))),
        (None, [only]) => Ok((*only).clone()),
        (None, all) => Err(Failure::usage(format!(
            "there are several data centres ({}); name one in [cluster] datacenter",
            all.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
        ))),
    }
}

fn nodes_of(found: &Checkup, datacenter: &str) -> u32 {
    let nodes = found.nodes.iter();
    let there = nodes.filter(|node| node.datacenter.as_deref() == Some(datacenter)).count();
    u32::try_from(there).unwrap_or(u32::MAX)
}

/// Tries what the server relies on, in a temporary keyspace with the replication of the real one.
/// `tell` receives an item for each promise.
pub async fn check(
    config: &Config,
    tell: &mut dyn FnMut(Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    configured(config)?;
    let found = database(config, None).await?.checkup().await?;
    let name = format!("{:.42}_check", config.cluster.keyspace);
    let cql = database(config, Some(&name)).await?;
    let replicas = if let Some(replication) = &found.replication {
        of_replication(replication)
    } else {
        let datacenter = datacenter(config, &found)?;
        let nodes = nodes_of(&found, &datacenter);
        BTreeMap::from([(datacenter, nodes.clamp(1, REPLICAS))])
    };
    cql.drop_keyspace().await?;
    cql.create_keyspace(&replicas).await?;
    let tried = try_all(&cql, tell).await;
    cql.drop_keyspace().await?;
    match tried? {
        0 => Ok(()),
        broken => Err(Failure::new(
            Kind::Problems,
            format!("{} of {} not kept", count(broken, "promise"), promises::PROMISES.len()),
        )),
    }
}

async fn try_all(
    cql: &Cql,
    tell: &mut dyn FnMut(Value) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    cql.create_tables(cluster_tables()).await?;
    let mut broken = 0;
    for (n, promise) in (1_i64..).zip(promises::PROMISES) {
        let tried = promise.tried(cql, -1_000 * n).await;
        broken += usize::from(tried.is_err());
        tell(json!({
            "promise": promise.says,
            "kept": tried.is_ok(),
            "found": tried.err().map(|broken| broken.to_string()),
        }))?;
    }
    Ok(broken)
}

/// The number of replicas by data centre; a replication without data centres has none.
fn of_replication(replication: &BTreeMap<String, String>) -> BTreeMap<String, u32> {
    let number = |(name, text): (&String, &String)| Some((name.clone(), text.parse().ok()?));
    replication.iter().filter_map(number).collect()
}

/// Gives the data a new epoch, after they were restored from a snapshot.
pub async fn renew(config: &Config) -> Result<Value, Failure> {
    configured(config)?;
    let cql = database(config, None).await?;
    let epoch = new_epoch(&cql).await?;
    Ok(json!({"epoch": epoch}))
}

/// Fails if the tables are not those of this version.
pub async fn ready(config: &Config, cql: &Cql) -> Result<(), Failure> {
    let missing = cql.differences(cluster_tables()).await?;
    let Some(first) = missing.first() else { return Ok(()) };
    Err(Failure::not_found(format!(
        "the keyspace {} cannot be used: {first}; create what is missing with chatctl cluster init",
        config.cluster.keyspace
    )))
}

/// Whether servers with this configuration share their data.
pub fn is_cluster(config: &Config) -> bool {
    config.database.engine == Engine::Cluster
}
