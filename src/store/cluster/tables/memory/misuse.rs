//! Refuses what a wide-column store would refuse, or would do without keeping its promises.
//!
//! All of it is a mistake of the engine above, so the functions panic: a test that uses the tables
//! in memory finds the mistake before a cluster does.

use std::fmt::Display;

use crate::store::cluster::tables::{
    Bound, Column, Compare, Condition, Kind, Put, Slice, Table, Type, Value,
};

/// Checks a plain write.
pub(super) fn check_write(puts: &[Put]) {
    for put in puts {
        let table = put.table;
        refuse(table, table.kind != Kind::Plain, "a plain write to a conditional table");
        refuse(table, put.timestamp == i64::MIN, "a timestamp that is reserved");
        check_put(put);
    }
}

/// Checks a conditional write.
pub(super) fn check_compare(compare: &Compare) {
    let Some(first) = compare.puts.first() else { panic!("a conditional write without rows") };
    let table = first.table;
    refuse(table, table.kind != Kind::Conditional, "a conditional write to a plain table");
    refuse(table, compare.conditions.is_empty(), "a conditional write without a condition");
    for put in &compare.puts {
        let same = put.table == table && put.partition == first.partition;
        refuse(table, !same, "a conditional write of two partitions");
        refuse(
            table,
            put.delete && put.clustering.len() < table.clustering.len(),
            "a conditional write that removes a partition",
        );
        check_put(put);
    }
    for condition in &compare.conditions {
        check_condition(table, condition, compare);
    }
}

fn check_condition(table: &'static Table, condition: &Condition, compare: &Compare) {
    let written = |key: &Vec<Value>| compare.puts.iter().any(|put| put.clustering == *key);
    match condition {
        Condition::Absent(key) => {
            check_values(table, table.clustering, key, "a row that must be absent");
            let put = compare.puts.iter().find(|put| put.clustering == *key);
            let inserted = put.is_some_and(|put| !put.delete);
            refuse(table, !inserted, "a row that must be absent but is not written");
            let is = |other: &Condition| {
                matches!(other, Condition::Is(other, name, _)
                    if other == key && !table.is_static(name))
            };
            let twice = compare.conditions.iter().any(is);
            refuse(table, twice, "a row that must be absent and have a value");
        }
        Condition::Is(key, name, value) => {
            let column = column(table, name);
            if let Some(value) = value {
                check_type(table, &column, value);
            }
            if table.is_static(name) {
                refuse(table, !key.is_empty(), "a static column of a row");
            } else {
                check_values(table, table.clustering, key, "a condition");
                let nothing = value.is_none() && !written(key);
                refuse(table, nothing, "a missing value of a row that is not written");
            }
        }
    }
}

/// Checks a read.
pub(super) fn check_slice(slice: &Slice) {
    let table = slice.table;
    check_values(table, table.partition, &slice.partition, "the partition of a read");
    let count = slice.prefix.len();
    refuse(table, count > table.clustering.len(), "more clustering values than columns");
    check_values(table, &table.clustering[..count], &slice.prefix, "the prefix of a read");
    for name in slice.columns.into_iter().flatten() {
        column(table, name);
    }
    for bound in [&slice.from, &slice.to] {
        let (Bound::Including(value) | Bound::Excluding(value)) = bound else { continue };
        let Some(column) = table.clustering.get(count) else {
            panic!("table {}: a range, but no clustering column is left", table.name)
        };
        check_type(table, column, value);
    }
}

fn check_put(put: &Put) {
    let table = put.table;
    check_values(table, table.partition, &put.partition, "the partition of a row");
    let only_statics = put.clustering.is_empty() && !table.clustering.is_empty();
    if !only_statics {
        check_values(table, table.clustering, &put.clustering, "a row");
    } else if !put.delete {
        refuse(table, put.cells.is_empty(), "a row without clustering values and cells");
    }
    let [one] = &put.partition[..] else { return check_cells(put, only_statics) };
    let empty = matches!(one, Value::Text(text) if text.is_empty())
        || matches!(one, Value::Bytes(bytes) if bytes.is_empty());
    refuse(table, empty, "an empty partition key");
    check_cells(put, only_statics);
}

fn check_cells(put: &Put, only_statics: bool) {
    let table = put.table;
    for (name, value) in &put.cells {
        check_type(table, &column(table, name), value);
        let is_static = table.is_static(name);
        let lost = only_statics && !is_static && !put.delete;
        refuse(table, lost, &format!("column {name} in a row without clustering values"));
        let expires = is_static && put.life.is_some();
        refuse(table, expires, &format!("static column {name} in a row that expires"));
        let twice = put.cells.iter().filter(|(other, _)| other == name).count() > 1;
        refuse(table, twice, &format!("column {name} twice in a row"));
    }
}

/// A column that is no part of the key.
fn column(table: &'static Table, name: &str) -> Column {
    let known = table.statics.iter().chain(table.columns).find(|column| column.name == name);
    let Some(column) = known else {
        panic!("table {}: no column {name} besides its key", table.name)
    };
    *column
}

fn check_values(table: &Table, columns: &[Column], values: &[Value], of: &str) {
    let (want, have) = (columns.len(), values.len());
    refuse(table, want != have, &format!("{have} values instead of {want} for {of}"));
    for (column, value) in columns.iter().zip(values) {
        check_type(table, column, value);
    }
}

fn check_type(table: &Table, column: &Column, value: &Value) {
    let of = match value {
        Value::Int(_) => Type::Int,
        Value::Text(_) => Type::Text,
        Value::Bytes(_) => Type::Bytes,
        Value::Flag(_) => Type::Flag,
    };
    let wrong = of != column.of;
    refuse(table, wrong, &format!("{value:?} in column {} of {:?}", column.name, column.of));
}

fn refuse(table: &Table, wrong: bool, what: &(impl Display + ?Sized)) {
    assert!(!wrong, "table {}: {what}", table.name);
}
