//! What the nodes say of themselves, for `cluster check` and `doctor`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use scylla::policies::load_balancing::{NodeIdentifier, SingleTargetLoadBalancingPolicy};
use scylla::statement::Consistency as Level;
use scylla::value::{CqlValue, Row as CqlRow};

use super::error::Failure;
use super::{Bind, Cql, SchemaError};
use crate::model::Timestamp;
use crate::store::cluster::tables::Value;

/// State of the cluster.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// All nodes, also of other data centres.
    pub nodes: Vec<Node>,
    /// Replication of the keyspace: `class`, and the number of replicas by data centre; None: there
    /// is no such keyspace.
    pub replication: Option<BTreeMap<String, String>>,
    /// Whether the keyspace is written to the commit log at all.
    pub durable_writes: bool,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Address and port.
    pub address: String,
    /// Its data centre.
    pub datacenter: Option<String>,
    /// Its rack.
    pub rack: Option<String>,
    /// `Cassandra 5.0.8` or `ScyllaDB 2025.4.1`; None: it does not answer.
    pub engine: Option<String>,
    /// Its setting `commitlog_sync`; None: unknown.
    pub commitlog_sync: Option<String>,
    /// Difference between its clock and that of this machine, at least; None: unknown.
    pub clock_off: Option<Duration>,
}

impl Node {
    /// Returns whether conditional writes are on disk before they are acknowledged; None: unknown.
    /// ScyllaDB always syncs them.
    pub fn syncs_first(&self) -> Option<bool> {
        let scylla = self.engine.as_deref().is_some_and(|engine| engine.starts_with("ScyllaDB"));
        let sync = self.commitlog_sync.as_deref();
        if scylla { Some(true) } else { sync.map(|sync| matches!(sync, "batch" | "group")) }
    }
}

impl Cql {
    /// Asks each node, and reads the replication of the keyspace.
    pub async fn checkup(&self) -> Result<Checkup, SchemaError> {
        let state = self.session.get_cluster_state();
        let mut nodes = Vec::new();
        for node in state.get_nodes_info() {
            let engine = self.engine(node).await;
            let sync = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'";
            let commitlog_sync =
                if engine.is_some() { self.text_of(Some(node), sync).await } else { None };
            nodes.push(Node {
                address: format!("{}:{}", node.address.ip(), node.address.port()),
                datacenter: node.datacenter.clone(),
                rack: node.rack.clone(),
                engine,
                commitlog_sync,
                clock_off: self.clock_off(node).await,
            });
        }
        let (replication, durable_writes) = self.replication().await?;
        Ok(Checkup { nodes, replication, durable_writes })
    }

    /// Compares clocks; what the question took may be part of no difference.
    async fn clock_off(&self, node: &Arc<scylla::cluster::Node>) -> Option<Duration> {
        let text = "SELECT toUnixTimestamp(now()) FROM system.local";
        let before = Timestamp::now();
        let rows = self.ask_node(Some(node), text, Vec::new()).await.ok()?;
        let after = Timestamp::now();
        let theirs = rows.into_iter().next()?.columns.into_iter().next()??.as_bigint()?;
        let off = (before.0 - theirs).max(theirs - after.0).max(0);
        Some(Duration::from_millis(off.unsigned_abs()))
    }

    async fn engine(&self, node: &Arc<scylla::cluster::Node>) -> Option<String> {
        let scylla = "SELECT version FROM system.versions WHERE key = 'local'";
        if let Some(version) = self.text_of(Some(node), scylla).await {
            return Some(format!("ScyllaDB {version}"));
        }
        let version = self.text_of(Some(node), "SELECT release_version FROM system.local").await?;
        Some(format!("Cassandra {version}"))
    }

    async fn replication(&self) -> Result<(Option<BTreeMap<String, String>>, bool), SchemaError> {
        let text = "SELECT replication, durable_writes FROM system_schema.keyspaces WHERE \
                    keyspace_name = ?";
        let values = vec![Bind::Value(Value::Text(self.keyspace.clone()))];
        let rows = self.ask(text, values).await?;
        let Some(row) = rows.into_iter().next() else { return Ok((None, false)) };
        let mut columns = row.columns.into_iter();
        let Some(Some(CqlValue::Map(pairs))) = columns.next() else {
            return Err(Failure::Odd("replication".to_owned()).into());
        };
        let text = |value: CqlValue| value.into_string();
        let pairs = pairs.into_iter().filter_map(|(key, value)| Some((text(key)?, text(value)?)));
        let durable = columns.next().flatten().and_then(|value| value.as_boolean());
        Ok((Some(pairs.collect()), durable == Some(true)))
    }

    /// Reads all rows of a system table.
    pub(super) async fn ask(&self, text: &str, values: Vec<Bind>) -> Result<Vec<CqlRow>, Failure> {
        self.ask_node(None, text, values).await
    }

    async fn ask_node(
        &self,
        node: Option<&Arc<scylla::cluster::Node>>,
        text: &str,
        values: Vec<Bind>,
    ) -> Result<Vec<CqlRow>, Failure> {
        let mut prepared = self.prepare(text).await?;
        prepared.set_consistency(Level::LocalOne);
        if let Some(node) = node {
            let target = NodeIdentifier::Node(Arc::clone(node));
            let only = SingleTargetLoadBalancingPolicy::new(target, None);
            prepared.set_load_balancing_policy(Some(only));
        }
        let mut rows = Vec::new();
        self.rows(prepared, values, None, true, |row| rows.push(row)).await?;
        Ok(rows)
    }

    /// Reads the first value of a system table, a text.
    pub(super) async fn text(&self, text: &str) -> Option<String> {
        self.text_of(None, text).await
    }

    async fn text_of(
        &self,
        node: Option<&Arc<scylla::cluster::Node>>,
        text: &str,
    ) -> Option<String> {
        let rows = self.ask_node(node, text, Vec::new()).await.ok()?;
        rows.into_iter().next()?.columns.into_iter().next()??.into_string()
    }
}
