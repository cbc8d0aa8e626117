//! Tables of a wide-column store as the cluster engine uses them: partitions of sorted rows, plain
//! writes that carry their own timestamp, and a conditional write of one partition.
//!
//! This is the second seam of the engine: above it are rooms, users and sessions; below it are
//! [`cql`], which speaks to Cassandra or ScyllaDB, and [`memory`], which keeps rows in memory,
//! with faults, for tests. Nothing above it knows CQL, and nothing below it knows a chat.
//!
//! Two kinds of tables, never mixed, since both engines order conditional and plain writes by
//! different clocks: [`Kind::Conditional`] is written by [`Tables::compare`] alone, and
//! [`Kind::Plain`] by [`Tables::write`] alone.

pub mod closed;
pub mod cql;
pub mod memory;
mod row;
pub mod schema;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use row::{Column, Kind, Order, Row, Table, Type, Value};

/// Attempts at a conditional write of unknown outcome, and the pause after the first one.
const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(50);

/// Why a table operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Nothing was written, or only a read failed.
    #[error("the tables are unavailable")]
    Unavailable,
    /// The write may have happened. It may also happen later, as long as its conditions hold: a node
    /// goes on trying for some seconds when nobody waits any more, whatever was read meanwhile.
    #[error("the outcome of the write is unknown")]
    Unknown,
}

/// Reply of a table operation.
pub type TableReply<'a, T> = Pin<Box<dyn Future<Output = Result<T, TableError>> + Send + 'a>>;

/// How much a read must have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Every acknowledged write (`LOCAL_QUORUM`).
    Quorum,
    /// Every acknowledged write; conditional writes of unknown outcome are finished or dropped
    /// before it answers (`LOCAL_SERIAL`).
    Serial,
    /// Whatever the nearest replica has (`LOCAL_ONE`).
    One,
}

/// End of a range of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// No end.
    Open,
    /// This value is part of the range.
    Including(Value),
    /// This value is not.
    Excluding(Value),
}

/// A slice of one partition.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The table.
    pub table: &'static Table,
    /// Values of all partition columns.
    pub partition: Vec<Value>,
    /// Values of the first clustering columns.
    pub prefix: Vec<Value>,
    /// Range of the clustering column after `prefix`.
    pub from: Bound,
    /// End of that range.
    pub to: Bound,
    /// Descending by the clustering columns; otherwise ascending.
    pub descending: bool,
    /// Maximum number of rows.
    pub limit: Option<u32>,
    /// How much the read must have seen.
    pub consistency: Consistency,
    /// The columns that are needed besides those of the key; others may be missing in the rows.
    /// None: all.
    pub columns: Option<&'static [&'static str]>,
}

impl Slice {
    /// All rows of a partition, ascending, at [`Consistency::Quorum`]. A partition with static
    /// columns and no rows is one row without clustering values.
    pub fn of(table: &'static Table, partition: impl Into<Vec<Value>>) -> Self {
        Self {
            table,
            partition: partition.into(),
            prefix: Vec::new(),
            from: Bound::Open,
            to: Bound::Open,
            descending: false,
            limit: None,
            consistency: Consistency::Quorum,
            columns: None,
        }
    }

    /// Only rows whose first clustering columns have these values.
    #[must_use]
    pub fn under(mut self, prefix: impl Into<Vec<Value>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Only rows in this range of the next clustering column.
    #[must_use]
    pub fn between(mut self, from: Bound, to: Bound) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// Descending, at most `limit` rows.
    #[must_use]
    pub fn newest(mut self, limit: u32) -> Self {
        (self.descending, self.limit) = (true, Some(limit));
        self
    }

    /// Ascending, at most `limit` rows.
    #[must_use]
    pub fn first(mut self, limit: u32) -> Self {
        (self.descending, self.limit) = (false, Some(limit));
        self
    }

    /// Only these columns besides those of the key.
    #[must_use]
    pub fn only(mut self, columns: &'static [&'static str]) -> Self {
        self.columns = Some(columns);
        self
    }

    /// With another consistency.
    #[must_use]
    pub fn at(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }
}

/// A row to write: cells not named keep their values, and no null is ever written.
#[derive(Clone, Debug)]
pub struct Put {
    /// The table.
    pub table: &'static Table,
    /// Values of all partition columns.
    pub partition: Vec<Value>,
    /// Values of all clustering columns; empty in a table with clustering columns: only static
    /// columns are written.
    pub clustering: Vec<Value>,
    /// Columns with their values.
    pub cells: Vec<(&'static str, Value)>,
    /// Removes the row instead.
    pub delete: bool,
    /// Timestamp of the cells, for plain tables: a cell with the larger one wins, whenever it is
    /// written; of equal ones the same value is expected. Ignored by conditional tables.
    pub timestamp: i64,
    /// The row expires after this time.
    pub life: Option<Duration>,
}

impl Put {
    /// A row of a plain table with this timestamp.
    pub fn plain(
        table: &'static Table,
        timestamp: i64,
        partition: impl Into<Vec<Value>>,
        clustering: impl Into<Vec<Value>>,
        cells: impl Into<Vec<(&'static str, Value)>>,
    ) -> Self {
        Self {
            table,
            partition: partition.into(),
            clustering: clustering.into(),
            cells: cells.into(),
            delete: false,
            timestamp,
            life: None,
        }
    }

    /// A row of a conditional table.
    pub fn conditional(
        table: &'static Table,
        partition: impl Into<Vec<Value>>,
        clustering: impl Into<Vec<Value>>,
        cells: impl Into<Vec<(&'static str, Value)>>,
    ) -> Self {
        Self::plain(table, 0, partition, clustering, cells)
    }

    /// The same row, removed.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.delete = true;
        self
    }

    /// The same row, which expires.
    #[must_use]
    pub fn living(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }
}

/// Condition of a conditional write, on the partition that it writes.
#[derive(Clone, Debug)]
pub enum Condition {
    /// There is no row with these clustering values.
    Absent(Vec<Value>),
    /// The column of this row has this value; None: it has none, or there is no row. The values of
    /// the clustering columns are empty for a static column.
    Is(Vec<Value>, &'static str, Option<Value>),
}

/// A conditional write: all rows are written, or none.
#[derive(Clone, Debug)]
pub struct Compare {
    /// What must hold, all of it.
    pub conditions: Vec<Condition>,
    /// Rows of one partition of one conditional table.
    pub puts: Vec<Put>,
}

/// Result of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The conditions held, and the rows are durable on a majority of replicas.
    Applied,
    /// A condition did not hold. Usually nothing was written; but a node that tries a write again
    /// by itself also answers this if its first try was made. Who must know reads what is there.
    Refused,
}

/// Makes a conditional write again until its outcome is known. For writes that make their own
/// condition false, so that at most one of them is made; also if `Refused`, it may be this one.
/// `Unknown` only after many attempts.
pub async fn compare_until_known(
    tables: &dyn Tables,
    compare: Compare,
) -> Result<Outcome, TableError> {
    for n in 0..ATTEMPTS {
        match tables.compare(compare.clone()).await {
            Err(TableError::Unknown) => tokio::time::sleep(PAUSE * (n + 1)).await,
            // An earlier attempt may still be made.
            Err(TableError::Unavailable) if n > 0 => tokio::time::sleep(PAUSE * (n + 1)).await,
            known => return known,
        }
    }
    Err(TableError::Unknown)
}

/// A page of a whole table, in no useful order.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins; None: this was the last one.
    pub next: Option<Vec<u8>>,
}

/// A wide-column store.
pub trait Tables: Send + Sync {
    /// Returns the rows of a slice.
    fn read(&self, slice: Slice) -> TableReply<'_, Vec<Row>>;
    /// Writes rows of plain tables: rows of one partition together, those of several partitions in
    /// any order. May be repeated after a failure, since each row carries its timestamp.
    fn write(&self, puts: Vec<Put>) -> TableReply<'_, ()>;
    /// Writes rows of one partition of a conditional table if the conditions hold.
    fn compare(&self, compare: Compare) -> TableReply<'_, Outcome>;
    /// Returns a page of a whole table, at [`Consistency::Quorum`]. For work that nobody waits for.
    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page>;
    /// Checks cheaply that the tables can be read.
    fn ping(&self) -> TableReply<'_, ()>;
}
