//! The rows of all tables, with what is late or in doubt.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;

use tokio::time::Instant;

use super::faults::Dice;
use super::partition::Partition;
use crate::store::cluster::tables::{Compare, Condition, Page, Put, Row, Slice, Table, Value};

/// A partition key after its hash.
type Key = (u64, Vec<Value>);

#[derive(Default)]
pub(super) struct State {
    tables: BTreeMap<&'static str, BTreeMap<Key, Partition>>,
    /// Timestamp of the last conditional write: each is newer than all before.
    ballot: i64,
    /// Where pages of scans ended: the number of a place is what the caller gets.
    places: Vec<Place>,
    /// Plain writes that happen after their failure was reported.
    late: Vec<(Instant, Put)>,
    /// Conditional writes of unknown outcome, by their partition; from the time, if any, they have
    /// happened.
    doubts: BTreeMap<(&'static str, Vec<Value>), Doubt>,
    /// Conditional writes that their node tries once more at that time.
    again: Vec<(Instant, Compare)>,
    pub(super) dice: Dice,
}

/// A conditional write in doubt, and the time from which it has happened.
type Doubt = (Option<Instant>, Compare);

/// The last row of a page.
struct Place {
    partition: Key,
    row: Vec<Value>,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), ..Self::default() }
    }

    fn partition(&mut self, table: &'static Table, key: &[Value]) -> &mut Partition {
        self.tables.entry(table.name).or_default().entry(hashed(key)).or_default()
    }

    pub(super) fn read(&self, slice: &Slice, now: Instant) -> Vec<Row> {
        let partitions = self.tables.get(slice.table.name);
        partitions
            .and_then(|partitions| partitions.get(&hashed(&slice.partition)))
            .map_or_else(Vec::new, |partition| partition.read(slice, now))
    }

    pub(super) fn write(&mut self, put: &Put, now: Instant) {
        self.partition(put.table, &put.partition).put(put, put.timestamp, true, now);
    }

    /// Returns whether the conditions hold.
    pub(super) fn holds(&mut self, compare: &Compare, now: Instant) -> bool {
        let first = &compare.puts[0];
        let partition = self.partition(first.table, &first.partition);
        compare.conditions.iter().all(|condition| match condition {
            Condition::Absent(key) => !partition.has(key, now),
            Condition::Is(key, name, value) => partition.cell(key, name, now) == value.as_ref(),
        })
    }

    /// Writes the rows of a conditional write.
    pub(super) fn commit(&mut self, compare: &Compare, now: Instant) {
        self.ballot += 1;
        let ballot = self.ballot;
        for put in &compare.puts {
            // A row with a condition on one of its columns is written by UPDATE.
            let updated = |condition: &Condition| {
                matches!(condition, Condition::Is(key, name, _)
                    if *key == put.clustering && !put.table.is_static(name))
            };
            let marker = !compare.conditions.iter().any(updated);
            self.partition(put.table, &put.partition).put(put, ballot, marker, now);
        }
    }

    /// Writes these rows at a later time.
    pub(super) fn delay(&mut self, due: Instant, puts: impl IntoIterator<Item = Put>) {
        self.late.extend(puts.into_iter().map(|put| (due, put)));
    }

    /// Leaves a conditional write, whose conditions hold, in doubt; `due`: until then at most.
    pub(super) fn doubt(&mut self, due: Option<Instant>, compare: Compare) {
        let first = &compare.puts[0];
        self.doubts.insert((first.table.name, first.partition.clone()), (due, compare));
    }

    /// Tries a conditional write at a later time, whatever is read before.
    pub(super) fn try_again(&mut self, due: Instant, compare: Compare) {
        self.again.push((due, compare));
    }

    /// Does what was late until now.
    pub(super) fn catch_up(&mut self, now: Instant) {
        for (_, put) in self.late.extract_if(.., |(due, _)| *due <= now).collect::<Vec<_>>() {
            self.write(&put, now);
        }
        let due = |(due, _): &Doubt| due.is_some_and(|due| due <= now);
        let done: Vec<_> = self.doubts.extract_if(.., |_, doubt| due(doubt)).collect();
        for (_, (_, compare)) in done {
            self.commit(&compare, now);
        }
        let again = self.again.extract_if(.., |(due, _)| *due <= now).collect::<Vec<_>>();
        for (_, compare) in again {
            self.decide(compare.puts[0].table, &compare.puts[0].partition, now);
            if self.holds(&compare, now) {
                self.commit(&compare, now);
            }
        }
    }

    /// Does what is late, whenever it would have happened.
    pub(super) fn catch_up_at_once(&mut self, now: Instant) {
        for (_, put) in std::mem::take(&mut self.late) {
            self.write(&put, now);
        }
        self.catch_up(now);
    }

    /// Finishes or drops the conditional write that is in doubt in this partition.
    pub(super) fn decide(&mut self, table: &'static Table, key: &[Value], now: Instant) {
        let Some((_, compare)) = self.doubts.remove(&(table.name, key.to_vec())) else { return };
        if self.dice.roll(2) == 0 {
            self.commit(&compare, now);
        }
    }

    /// Returns a page of a table.
    pub(super) fn scan(
        &mut self,
        table: &'static Table,
        from: Option<&[u8]>,
        limit: u32,
        now: Instant,
    ) -> Page {
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
