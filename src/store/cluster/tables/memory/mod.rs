//! Tables in memory, with the semantics of Cassandra, for tests.
//!
//! Rows live as long as the value: an engine that is closed and opened again finds what it wrote,
//! and several engines over one value are several servers of one cluster. What a real cluster would
//! refuse, or would do without keeping its promises, panics ([`misuse`]). Lives of rows count by the
//! clock of tokio, so that a test with paused time can let them end.

mod misuse;
mod partition;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::yield_now;
use tokio::time::Instant;

use self::partition::Partition;
use super::{Compare, Condition, Outcome, Page, Put, Row, Slice, Table, TableReply, Tables, Value};

/// A partition key after its hash.
type Key = (u64, Vec<Value>);

/// Tables in memory.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tables: BTreeMap<&'static str, BTreeMap<Key, Partition>>,
    /// Timestamp of the last conditional write: each is newer than all before.
    ballot: i64,
    /// Where pages of scans ended: the number of a place is what the caller gets.
    places: Vec<Place>,
}

/// The last row of a page.
struct Place {
    partition: Key,
    row: Vec<Value>,
}

impl State {
    fn partition(&mut self, table: &'static Table, key: &[Value]) -> &mut Partition {
        self.tables.entry(table.name).or_default().entry(hashed(key)).or_default()
    }

    fn read(&self, slice: &Slice, now: Instant) -> Vec<Row> {
        let partitions = self.tables.get(slice.table.name);
        partitions
            .and_then(|partitions| partitions.get(&hashed(&slice.partition)))
            .map_or_else(Vec::new, |partition| partition.read(slice, now))
    }

    fn write(&mut self, put: &Put, now: Instant) {
        self.partition(put.table, &put.partition).put(put, put.timestamp, true, now);
    }

    fn holds(&mut self, compare: &Compare, now: Instant) -> bool {
        let first = &compare.puts[0];
        let partition = self.partition(first.table, &first.partition);
        compare.conditions.iter().all(|condition| match condition {
            Condition::Absent(key) => !partition.has(key, now),
            Condition::Is(key, name, value) => partition.cell(key, name, now) == value.as_ref(),
        })
    }

    fn commit(&mut self, compare: &Compare, now: Instant) {
        self.ballot += 1;
        let ballot = self.ballot;
        for put in &compare.puts {
            // A row with a condition on one of its columns is written by UPDATE.
            let updated = |condition: &Condition| {
                matches!(condition, Condition::Is(key, name, _)
                    if *key == put.clustering && !partition::is_static(put.table, name))
            };
            let marker = !compare.conditions.iter().any(updated);
            self.partition(put.table, &put.partition).put(put, ballot, marker, now);
        }
    }

    fn scan(&mut self, table: &'static Table, from: Option<&[u8]>, limit: u32) -> Page {
        let now = Instant::now();
        let place = from.map(|from| self.place(from));
        let start = place.map_or(Bound::Unbounded, |place| Bound::Included(&place.partition));
        let empty = BTreeMap::new();
        let partitions = self.tables.get(table.name).unwrap_or(&empty);
        let mut rows = Vec::new();
        let mut last = None;
        for (key, partition) in partitions.range::<Key, _>((start, Bound::Unbounded)) {
            let after = place.filter(|place| place.partition == *key).map(|place| &place.row);
            for row in partition.read(&Slice::of(table, key.1.clone()), now) {
                let clustering = row.clustering();
                if after.is_some_and(|after| clustering <= *after) {
                    continue;
                }
                rows.push(row);
                if rows.len() == limit as usize {
                    last = Some(Place { partition: key.clone(), row: clustering });
                    break;
                }
            }
            if last.is_some() {
                break;
            }
        }
        // As with a real cluster, the page after a full one may be empty.
        let next = last.map(|place| {
            self.places.push(place);
            (self.places.len() - 1).to_be_bytes().to_vec()
        });
        Page { rows, next }
    }

    fn place(&self, from: &[u8]) -> &Place {
        let number = from.try_into().map(usize::from_be_bytes);
        number.ok().and_then(|at| self.places.get(at)).expect("a place that a scan returned")
    }
}

/// Partitions are in the order of a hash, as those of a cluster are.
fn hashed(key: &[Value]) -> Key {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish(), key.to_vec())
}

impl Memory {
    /// Empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables for Memory {
    fn read(&self, slice: Slice) -> TableReply<'_, Vec<Row>> {
        misuse::check_slice(&slice);
        Box::pin(async move {
            yield_now().await;
            Ok(self.lock().read(&slice, Instant::now()))
        })
    }

    fn write(&self, puts: Vec<Put>) -> TableReply<'_, ()> {
        misuse::check_write(&puts);
        Box::pin(async move {
            yield_now().await;
            let now = Instant::now();
            let mut state = self.lock();
            puts.iter().for_each(|put| state.write(put, now));
            Ok(())
        })
    }

    fn compare(&self, compare: Compare) -> TableReply<'_, Outcome> {
        misuse::check_compare(&compare);
        Box::pin(async move {
            yield_now().await;
            let now = Instant::now();
            let mut state = self.lock();
            if !state.holds(&compare, now) {
                return Ok(Outcome::Refused);
            }
            state.commit(&compare, now);
            Ok(Outcome::Applied)
        })
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        Box::pin(async move {
            yield_now().await;
            Ok(self.lock().scan(table, from, limit))
        })
    }

    fn ping(&self) -> TableReply<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
