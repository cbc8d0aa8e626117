//! Rows of a partition, with the rules of Cassandra for cells: the larger timestamp wins, whenever
//! it was written; what was deleted or has expired hides older values.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::store::cluster::tables::{Bound, Put, Row, Slice, Value};

/// A value with its timestamp. As a row's marker it has no value: it makes a row without other
/// cells one that is there.
#[derive(Clone, Debug)]
struct Cell {
    timestamp: i64,
    expires: Option<Instant>,
    value: Option<Value>,
}

impl Cell {
    /// Of two cells of one column; of equal timestamps the deleted one wins, then the one that
    /// expires (later), then the larger value.
    fn rank(&self, now: Instant) -> (i64, bool, Option<Instant>, &Option<Value>) {
        (self.timestamp, !self.lives(now), self.expires, &self.value)
    }

    fn lives(&self, now: Instant) -> bool {
        self.expires.is_none_or(|end| now < end)
    }

    /// Whether it can be read where everything up to `deleted` was removed.
    fn seen(&self, deleted: Option<i64>, now: Instant) -> bool {
        self.lives(now) && deleted < Some(self.timestamp)
    }
}

/// Cells by the name of their column; the marker has no name.
#[derive(Clone, Debug, Default)]
struct Cells {
    cells: BTreeMap<Option<&'static str>, Cell>,
    deleted: Option<i64>,
}

impl Cells {
    fn put(&mut self, name: Option<&'static str>, cell: Cell, now: Instant) {
        match self.cells.get_mut(&name) {
            Some(held) if held.rank(now) >= cell.rank(now) => {}
            Some(held) => *held = cell,
            None => {
                self.cells.insert(name, cell);
            }
        }
    }

    fn get(&self, name: &str, deleted: Option<i64>, now: Instant) -> Option<&Value> {
        let deleted = self.deleted.max(deleted);
        self.cells
            .iter()
            .find(|(column, cell)| **column == Some(name) && cell.seen(deleted, now))
            .and_then(|(_, cell)| cell.value.as_ref())
    }

    fn exists(&self, deleted: Option<i64>, now: Instant) -> bool {
        let deleted = self.deleted.max(deleted);
        self.cells.values().any(|cell| cell.seen(deleted, now))
    }
}

/// A partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Partition {
    rows: BTreeMap<Vec<Value>, Cells>,
    statics: Cells,
    deleted: Option<i64>,
}

impl Partition {
    /// Writes a row, or removes it. With `marker` the row is there even without other cells, as
    /// after an INSERT; an UPDATE does not set one.
    pub(super) fn put(&mut self, put: &Put, timestamp: i64, marker: bool, now: Instant) {
        let whole = put.clustering.len() < put.table.clustering.len();
        if put.delete && whole {
            self.deleted = self.deleted.max(Some(timestamp));
            return;
        }
        let expires = put.life.map(|life| now + whole_seconds(life));
        let cell = |value| Cell { timestamp, expires, value };
        if !whole {
            let row = self.rows.entry(put.clustering.clone()).or_default();
            if put.delete {
                row.deleted = row.deleted.max(Some(timestamp));
                return;
            }
            if marker {
                row.put(None, cell(None), now);
            }
        }
        for (name, value) in &put.cells {
            let cell = cell(Some(value.clone()));
            if put.table.is_static(name) {
                self.statics.put(Some(name), cell, now);
            } else if let Some(row) = self.rows.get_mut(&put.clustering) {
                row.put(Some(name), cell, now);
            }
        }
    }

    /// Returns whether a row is there.
    pub(super) fn has(&self, clustering: &[Value], now: Instant) -> bool {
        self.rows.get(clustering).is_some_and(|row| row.exists(self.deleted, now))
    }

    /// Returns a cell; a static one with no clustering values.
    pub(super) fn cell(&self, clustering: &[Value], name: &str, now: Instant) -> Option<&Value> {
        let row = self.rows.get(clustering).and_then(|row| row.get(name, self.deleted, now));
        row.or_else(|| self.statics.get(name, self.deleted, now))
    }

    /// Returns the rows of a slice.
    pub(super) fn read(&self, slice: &Slice, now: Instant) -> Vec<Row> {
        let limit = slice.limit.map_or(usize::MAX, |limit| limit as usize);
        let inside = |key: &&Vec<Value>| {
            let next = key.get(slice.prefix.len());
            key.starts_with(&slice.prefix)
                && next.is_none_or(|value| above(value, &slice.from) && below(value, &slice.to))
        };
        let there = |key: &&Vec<Value>| self.has(key, now);
        let row = |key: &Vec<Value>| self.row(slice, Some(key), now);
        let keys = self.rows.keys().filter(inside).filter(there);
        let mut rows: Vec<Row> = if slice.descending {
            keys.rev().take(limit).map(row).collect()
        } else {
            keys.take(limit).map(row).collect()
        };
        let everything =
            slice.prefix.is_empty() && slice.from == Bound::Open && slice.to == Bound::Open;
        if rows.is_empty() && everything && limit > 0 && self.statics.exists(self.deleted, now) {
            rows.push(self.row(slice, None, now));
        }
        rows
    }

    fn row(&self, slice: &Slice, key: Option<&Vec<Value>>, now: Instant) -> Row {
        let table = slice.table;
        let empty = Vec::new();
        let clustering = key.unwrap_or(&empty);
        let mut cells: Vec<Option<Value>> = slice.partition.iter().cloned().map(Some).collect();
        cells.extend((0..table.clustering.len()).map(|at| clustering.get(at).cloned()));
        let row = key.and_then(|key| self.rows.get(key));
        let statics = table.statics.iter().map(|column| (column.name, Some(&self.statics)));
        for (name, held) in statics.chain(table.columns.iter().map(|column| (column.name, row))) {
            let wanted = slice.columns.is_none_or(|columns| columns.contains(&name));
            let held = held.filter(|_| wanted);
            cells.push(held.and_then(|held| held.get(name, self.deleted, now)).cloned());
        }
        Row::new(table, cells)
    }
}

/// Rows expire after whole seconds, at least one, as in CQL.
fn whole_seconds(life: Duration) -> Duration {
    let seconds = life.as_secs() + u64::from(life.subsec_nanos() > 0);
    Duration::from_secs(seconds.max(1))
}

fn above(value: &Value, from: &Bound) -> bool {
    match from {
        Bound::Open => true,
        Bound::Including(least) => value >= least,
        Bound::Excluding(least) => value > least,
    }
}

fn below(value: &Value, to: &Bound) -> bool {
    match to {
        Bound::Open => true,
        Bound::Including(most) => value <= most,
        Bound::Excluding(most) => value < most,
    }
}
