//! A real Cassandra: one node for all tests of the process, on request.

mod apart;
mod loss;
mod node;
mod passwords;
mod ring;
mod schema;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use chatctl::store::cluster::tables::cql::{Cql, Options};
use tokio::sync::OnceCell;

pub(crate) use self::apart::tables;
pub(crate) use self::node::Node;
pub(crate) use self::ring::{Ring, RingPlan};
use super::tables::{GUARDED, PLAIN, SINGLE};

/// The data centre of all nodes.
pub(crate) const DATACENTER: &str = "datacenter1";

/// Whether tests on it are wanted: set by `tests/run`.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os("CHATCTL_CASSANDRA").is_some()
}

/// Returns the node of all tests; the first call starts it. It ends with the process.
pub(crate) fn cassandra() -> &'static Node {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(Node::temporary)
}

/// Connects to the keyspace of all tests, which the first call creates.
pub(crate) async fn connect() -> Cql {
    static CREATED: OnceCell<()> = OnceCell::const_new();
    let cql = Box::pin(Cql::connect(options(cassandra(), "chatctl"))).await.unwrap();
    Box::pin(CREATED.get_or_init(async || create(&cql, 1).await)).await;
    cql
}

/// Creates the keyspace and all tables, with so many replicas.
async fn create(cql: &Cql, replicas: u32) {
    let tables = chatctl::store::cluster::tables::schema::all();
    cql.create_keyspace(&BTreeMap::from([(DATACENTER.to_owned(), replicas)])).await.unwrap();
    cql.create_tables(tables.chain([&PLAIN, &GUARDED, &SINGLE])).await.unwrap();
}

/// How to reach a node.
pub(crate) fn options(node: &Node, keyspace: &str) -> Options {
    Options {
        nodes: vec![node.address.clone()],
        keyspace: keyspace.to_owned(),
        datacenter: Some(DATACENTER.to_owned()),
        login: None,
        // One machine does everything, and the disk is busy.
        patience: Duration::from_secs(10),
    }
}
