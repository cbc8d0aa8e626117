//! What the engine for several servers relies on in its tables, for each kind of them.
//!
//! A test is a function of some [`Tables`] that hold the tables below and a name of its own for
//! its partitions: on a real cluster all tests share the tables.

mod guarded;
mod plain;

use std::sync::Arc;
use std::time::Duration;

use chatctl::store::cluster::tables::memory::Memory;
use chatctl::store::cluster::tables::{Column, Kind, Order, Table, Tables};

/// Written by plain writes; sorted by two columns, descending.
pub(super) static PLAIN: Table = Table {
    name: "test_plain",
    kind: Kind::Plain,
    partition: &[Column::text("test"), Column::int("part")],
    clustering: &[Column::int("at"), Column::text("name")],
    order: Order::Descending,
    statics: &[Column::int("total")],
    columns: &[Column::int("n"), Column::text("t"), Column::bytes("b"), Column::flag("f")],
};

/// Written by conditional writes.
pub(super) static GUARDED: Table = Table {
    name: "test_guarded",
    kind: Kind::Conditional,
    partition: &[Column::text("test")],
    clustering: &[Column::int("at")],
    order: Order::Ascending,
    statics: &[Column::int("head"), Column::int("owner")],
    columns: &[Column::text("body"), Column::int("n")],
};

/// Partitions of one row each.
pub(super) static SINGLE: Table = Table {
    name: "test_single",
    kind: Kind::Conditional,
    partition: &[Column::bytes("key")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("version"), Column::text("body")],
};

/// Creates a test of each function for each kind of tables.
macro_rules! tables_contract {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(std::sync::Arc::new($crate::store::tables::Memory::new()), stringify!($name)).await;
                }
            )*
        }

        mod on_cassandra {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if $crate::store::cassandra::is_wanted() {
                        let tables = $crate::store::cassandra::connect().await;
                        super::$name(std::sync::Arc::new(tables), stringify!($name)).await;
                    }
                }
            )*
        }
    };
}
use tables_contract;

type T = Arc<dyn Tables>;

/// Waits for what comes with time; rows expire by the clock of the tables.
async fn until(mut done: impl AsyncFnMut() -> bool) {
    let search = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(super::PATIENCE, search).await.expect("it comes");
}
