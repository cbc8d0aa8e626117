//! What the keyspace and the nodes say of themselves.

use std::collections::BTreeMap;

use chatctl::store::cluster::tables::cql::{ConnectError, Cql};
use chatctl::store::cluster::tables::{Column, Kind, Order, Table, TableError, Tables};
use chatctl::store::engine::promises::PROMISES;

use super::{DATACENTER, cassandra, is_wanted, options};

/// A table, and how a later version has it.
static BEFORE: Table = Table {
    name: "changing",
    kind: Kind::Plain,
    partition: &[Column::int("id")],
    clustering: &[Column::int("at")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::text("body")],
};
static AFTER: Table = Table {
    statics: &[Column::flag("new_static")],
    columns: &[Column::text("body"), Column::bytes("new")],
    ..BEFORE
};
static OTHER: Table = Table { columns: &[Column::int("body")], ..BEFORE };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_tables_and_columns_are_told_and_added() {
    if !is_wanted() {
        return;
    }
    let cql = Box::pin(Cql::connect(options(cassandra(), "changing"))).await.unwrap();
    let differences = async |table| cql.differences([table]).await.unwrap();
    assert_eq!(differences(&BEFORE).await, ["table changing does not exist"]);
    assert!(cql.checkup().await.unwrap().replication.is_none());
    cql.create_keyspace(&BTreeMap::from([(DATACENTER.to_owned(), 1)])).await.unwrap();
    cql.create_tables([&BEFORE]).await.unwrap();
    assert!(differences(&BEFORE).await.is_empty());
    assert_eq!(
        differences(&AFTER).await,
        ["table changing has no column new_static", "table changing has no column new"]
    );
    let wrong = "column body of table changing is of type text instead of bigint";
    assert_eq!(differences(&OTHER).await, [wrong]);
    for _ in 0..2 {
        cql.create_keyspace(&BTreeMap::from([(DATACENTER.to_owned(), 1)])).await.unwrap();
        cql.create_tables([&AFTER]).await.unwrap();
    }
    assert!(differences(&AFTER).await.is_empty());
    assert!(differences(&BEFORE).await.is_empty(), "an older version can go on");
    cql.drop_keyspace().await.unwrap();
    assert_eq!(differences(&BEFORE).await, ["table changing does not exist"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkup_tells_what_the_nodes_are() {
    if !is_wanted() {
        return;
    }
    let checkup = super::connect().await.checkup().await.unwrap();
    let [node] = &checkup.nodes[..] else { panic!("{checkup:?}") };
    assert_eq!(node.address, cassandra().address);
    assert_eq!(
        (node.datacenter.as_deref(), node.rack.as_deref()),
        (Some(DATACENTER), Some("rack1"))
    );
    assert!(node.engine.as_deref().unwrap().starts_with("Cassandra 5.0."), "{node:?}");
    assert_eq!((node.commitlog_sync.as_deref(), node.syncs_first()), (Some("group"), Some(true)));
    let replication = checkup.replication.unwrap();
    assert_eq!(replication[DATACENTER], "1");
    assert!(replication["class"].ends_with("NetworkTopologyStrategy"), "{replication:?}");
    assert!(checkup.durable_writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_keyspace_or_node_is_told() {
    if !is_wanted() {
        return;
    }
    for name in ["", "a-b", "a\"b", &"a".repeat(49)] {
        let refused = Box::pin(Cql::connect(options(cassandra(), name))).await.err().unwrap();
        assert!(matches!(refused, ConnectError::Keyspace(_)), "{refused}");
    }
    let mut nowhere = options(cassandra(), "chatctl");
    nowhere.nodes = vec!["127.0.0.1:1".to_owned()];
    let refused = Box::pin(Cql::connect(nowhere)).await.err().unwrap();
    assert!(matches!(refused, ConnectError::Connection(_)), "{refused:?}");
    assert!(refused.to_string().contains("refused"), "{refused}");
    let mut far = options(cassandra(), "chatctl");
    far.datacenter = Some("elsewhere".to_owned());
    let cql = Box::pin(Cql::connect(far)).await.unwrap();
    assert_eq!(cql.ping().await, Err(TableError::Unavailable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engine_relies_on_holds() {
    if !is_wanted() {
        return;
    }
    let cql = super::connect().await;
    for (n, promise) in (1_i64..).zip(PROMISES) {
        assert_eq!(promise.tried(&cql, -1_000 * n).await, Ok(()), "{}", promise.says);
    }
}
