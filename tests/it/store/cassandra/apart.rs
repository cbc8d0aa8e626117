//! Parts of shared tables, one for each test.

use std::sync::atomic::{AtomicI64, Ordering};

use chatctl::store::cluster::tables::cql::Cql;
use chatctl::store::cluster::tables::{
    Compare, Outcome, Page, Put, Row, Slice, Table, TableReply, Tables, Value,
};

use super::connect;

/// Returns tables that are empty, in the keyspace of all tests.
pub(crate) async fn tables() -> Apart {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    Apart { inner: connect().await, world: NEXT.fetch_add(1, Ordering::Relaxed) }
}

/// A part of shared tables that nobody else uses: the first value of each partition key tells to
/// whom the partition belongs. Creating the tables anew for each test would take longer than most
/// tests.
pub(crate) struct Apart {
    inner: Cql,
    world: i64,
}

/// Integers of a test are between plus and minus half of this.
const REACH: i64 = 1 << 46;

impl Apart {
    fn hide(&self, partition: &mut [Value]) {
        match &mut partition[0] {
            Value::Int(value) => {
                assert!(value.unsigned_abs() < REACH.unsigned_abs() / 2, "{value}");
                *value += self.world * REACH;
            }
            Value::Text(text) => text.insert_str(0, &format!("{}/", self.world)),
            Value::Bytes(bytes) => drop(bytes.splice(0..0, self.world.to_be_bytes())),
            Value::Flag(_) => panic!("a partition of two"),
        }
    }

    /// None: a row of another test.
    fn reveal(&self, table: &'static Table, row: &Row) -> Option<Row> {
        let mut cells: Vec<Option<Value>> =
            table.all_columns().map(|column| row.get(column.name).cloned()).collect();
        match cells[0].as_mut().unwrap() {
            Value::Int(value) => {
                *value -= self.world * REACH;
                if value.unsigned_abs() >= REACH.unsigned_abs() / 2 {
                    return None;
                }
            }
            Value::Text(text) => *text = text.strip_prefix(&format!("{}/", self.world))?.to_owned(),
            Value::Bytes(bytes) => {
                *bytes = bytes.strip_prefix(&self.world.to_be_bytes())?.to_vec();
            }
            Value::Flag(_) => panic!("a partition of two"),
        }
        Some(Row::new(table, cells))
    }
}

impl Tables for Apart {
    fn read(&self, mut slice: Slice) -> TableReply<'_, Vec<Row>> {
        self.hide(&mut slice.partition);
        let table = slice.table;
        Box::pin(async move {
            let rows = self.inner.read(slice).await?;
            Ok(rows.iter().filter_map(|row| self.reveal(table, row)).collect())
        })
    }

    fn write(&self, mut puts: Vec<Put>) -> TableReply<'_, ()> {
        for put in &mut puts {
            self.hide(&mut put.partition);
        }
        self.inner.write(puts)
    }

    fn compare(&self, mut compare: Compare) -> TableReply<'_, Outcome> {
        for put in &mut compare.puts {
            self.hide(&mut put.partition);
        }
        self.inner.compare(compare)
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        Box::pin(async move {
            let page = self.inner.scan(table, from, limit).await?;
            let rows = page.rows.iter().filter_map(|row| self.reveal(table, row)).collect();
            Ok(Page { rows, next: page.next })
        })
    }

    fn ping(&self) -> TableReply<'_, ()> {
        self.inner.ping()
    }
}
