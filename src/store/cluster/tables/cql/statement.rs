//! Texts of CQL statements, made from the data of the tables, with the values bound to them.
//!
//! A text depends only on the table and on which columns are named, so that few are ever prepared.

use std::fmt::{Arguments, Write as _};
use std::time::Duration;

use crate::store::cluster::tables::{
    Bound, Column, Compare, Condition, Order, Put, Slice, Table, Value,
};

/// The longest time after which a row may expire in both engines: 20 years.
const LONGEST_LIFE: i32 = 630_720_000;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bind {
    /// A value of a column, or a timestamp.
    Value(Value),
    /// A life in seconds or a limit, which are 32-bit integers.
    Short(i32),
}

/// A statement with its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) values: Vec<Bind>,
}

impl Line {
    fn new(text: String) -> Self {
        Self { text, values: Vec::new() }
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, value: &Value) {
        self.values.push(Bind::Value(value.clone()));
    }

    /// Adds ` "name" = ?`, after `before`.
    fn equals(&mut self, before: &str, name: &str, value: &Value) {
        add(&mut self.text, format_args!("{before}\"{name}\" = ?"));
        self.bind(value);
    }

    /// Adds ` WHERE` with the key of a row, or of a partition.
    fn key(&mut self, table: &Table, partition: &[Value], clustering: &[Value]) {
        let mut before = " WHERE ";
        let parts = table.partition.iter().zip(partition);
        for (column, value) in parts.chain(table.clustering.iter().zip(clustering)) {
            self.equals(before, column.name, value);
            before = " AND ";
        }
    }

    /// Adds ` IF` with conditions on columns of one row.
    fn conditions(&mut self, conditions: &[(&'static str, Option<&Value>)]) {
        let mut before = " IF ";
        for (name, value) in conditions {
            match value {
                Some(value) => self.equals(before, name, value),
                None => add(&mut self.text, format_args!("{before}\"{name}\" = null")),
            }
            before = " AND ";
        }
    }

    fn life(&mut self, before: &str, life: Option<Duration>) {
        let Some(life) = life else { return };
        self.add(before);
        self.add("TTL ?");
        self.values.push(Bind::Short(seconds(life)));
    }
}

/// Whole seconds, at least one; a part of a second counts as one.
fn seconds(life: Duration) -> i32 {
    let whole = life.as_secs() + u64::from(life.subsec_nanos() > 0);
    i32::try_from(whole).unwrap_or(LONGEST_LIFE).clamp(1, LONGEST_LIFE)
}

/// Adds to a text.
pub(super) fn add(text: &mut String, what: Arguments<'_>) {
    text.write_fmt(what).expect("a String takes everything");
}

/// `"keyspace"."table"`.
pub(super) fn full_name(keyspace: &str, table: &Table) -> String {
    format!("\"{keyspace}\".\"{}\"", table.name)
}

/// A row of a plain table.
pub(super) fn plain(keyspace: &str, put: &Put) -> Line {
    let timestamp = Value::Int(put.timestamp);
    if put.delete {
        let text = format!("DELETE FROM {} USING TIMESTAMP ?", full_name(keyspace, put.table));
        let mut line = Line::new(text);
        line.bind(&timestamp);
        line.key(put.table, &put.partition, &put.clustering);
        return line;
    }
    let cells: Vec<_> = put.cells.iter().collect();
    let mut line = insert(keyspace, put, &put.clustering, &cells);
    line.add(" USING TIMESTAMP ?");
    line.bind(&timestamp);
    line.life(" AND ", put.life);
    line
}

/// `INSERT INTO … VALUES (…)`, to be continued.
fn insert(
    keyspace: &str,
    put: &Put,
    clustering: &[Value],
    cells: &[&(&'static str, Value)],
) -> Line {
    let table = put.table;
    let mut line = Line::new(format!("INSERT INTO {} (", full_name(keyspace, table)));
    let parts = table.partition.iter().zip(&put.partition);
    let key = parts.chain(table.clustering.iter().zip(clustering));
    let key = key.map(|(column, value)| (column.name, value));
    let mut marks = String::new();
    for (name, value) in key.chain(cells.iter().map(|(name, value)| (*name, value))) {
        let comma = if marks.is_empty() { "" } else { ", " };
        add(&mut line.text, format_args!("{comma}\"{name}\""));
        add(&mut marks, format_args!("{comma}?"));
        line.bind(value);
    }
    add(&mut line.text, format_args!(") VALUES ({marks})"));
    line
}

/// `UPDATE … SET … WHERE …`, to be continued.
fn update(
    keyspace: &str,
    put: &Put,
    clustering: &[Value],
    cells: &[(&'static str, &Value)],
) -> Line {
    let mut line = Line::new(format!("UPDATE {}", full_name(keyspace, put.table)));
    line.life(" USING ", put.life);
    let mut before = " SET ";
    for (name, value) in cells {
        line.equals(before, name, value);
        before = ", ";
    }
    line.key(put.table, &put.partition, clustering);
    line
}

/// The statements of a conditional write: one batch.
///
/// A row with a condition on a column is an UPDATE, one that must be absent an INSERT; conditions
/// on what is not written write the value that they want.
pub(super) fn guarded(keyspace: &str, compare: &Compare) -> Vec<Line> {
    let mut left: Vec<&Condition> = compare.conditions.iter().collect();
    let mut lines = Vec::new();
    for put in &compare.puts {
        let (statics, cells): (Vec<_>, Vec<_>) =
            put.cells.iter().partition(|(name, _)| put.table.is_static(name));
        if !put.delete && !statics.is_empty() {
            let conditions = take(&mut left, put.table, true, &[]);
            lines.push(changed(keyspace, put, &[], &statics, &conditions));
        }
        let of_row = put.table.clustering.is_empty() || !put.clustering.is_empty();
        if of_row {
            lines.push(row(keyspace, put, &cells, &mut left));
        }
    }
    while let [condition, ..] = left[..] {
        let Condition::Is(key, name, _) = condition else { break };
        let put = &compare.puts[0];
        let of_static = put.table.is_static(name);
        let conditions = take(&mut left, put.table, of_static, key);
        lines.push(changed(keyspace, put, key, &[], &conditions));
    }
    lines
}

/// A row of a conditional write without its static columns.
fn row(
    keyspace: &str,
    put: &Put,
    cells: &[&(&'static str, Value)],
    left: &mut Vec<&Condition>,
) -> Line {
    let absent = |condition: &&Condition| match condition {
        Condition::Absent(key) => *key == put.clustering,
        Condition::Is(..) => false,
    };
    if let Some(at) = left.iter().position(absent) {
        left.remove(at);
        let mut line = insert(keyspace, put, &put.clustering, cells);
        line.add(" IF NOT EXISTS");
        line.life(" USING ", put.life);
        return line;
    }
    let conditions = take(left, put.table, false, &put.clustering);
    if put.delete {
        let mut line = Line::new(format!("DELETE FROM {}", full_name(keyspace, put.table)));
        line.key(put.table, &put.partition, &put.clustering);
        line.conditions(&conditions);
        return line;
    }
    if conditions.is_empty() {
        let mut line = insert(keyspace, put, &put.clustering, cells);
        line.life(" USING ", put.life);
        return line;
    }
    changed(keyspace, put, &put.clustering, cells, &conditions)
}

/// An UPDATE of a row, or of static columns, with conditions. Without cells it writes the values of
/// the conditions, which are there.
fn changed(
    keyspace: &str,
    put: &Put,
    clustering: &[Value],
    cells: &[&(&'static str, Value)],
    conditions: &[(&'static str, Option<&Value>)],
) -> Line {
    let mut written: Vec<_> = cells.iter().map(|(name, value)| (*name, value)).collect();
    if written.is_empty() {
        let same = conditions.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        written.extend(same);
    }
    let mut line = update(keyspace, put, clustering, &written);
    line.conditions(conditions);
    line
}

/// Takes the conditions on columns of one row, or on static columns.
fn take<'a>(
    left: &mut Vec<&'a Condition>,
    table: &Table,
    of_static: bool,
    clustering: &[Value],
) -> Vec<(&'static str, Option<&'a Value>)> {
    let mut taken = Vec::new();
    left.retain(|condition| {
        let Condition::Is(key, name, value) = condition else { return true };
        let same = table.is_static(name) == of_static && (of_static || key == clustering);
        if same {
            taken.push((*name, value.as_ref()));
        }
        !same
    });
    taken
}

/// The columns that a read of a slice returns: clustering columns, and those that are wanted.
pub(super) fn selected(slice: &Slice) -> Vec<Column> {
    let table = slice.table;
    let wanted =
        |column: &&Column| slice.columns.is_none_or(|columns| columns.contains(&column.name));
    let others = table.statics.iter().chain(table.columns).filter(wanted);
    let columns: Vec<_> = table.clustering.iter().chain(others).copied().collect();
    if columns.is_empty() { table.partition[..1].to_vec() } else { columns }
}

/// A read of a slice.
pub(super) fn select(keyspace: &str, slice: &Slice) -> Line {
    let table = slice.table;
    let mut line = Line::new(format!("SELECT {} FROM ", list(&selected(slice))));
    line.add(&full_name(keyspace, table));
    line.key(table, &slice.partition, &slice.prefix);
    let ranged = table.clustering.get(slice.prefix.len());
    for (bound, including, excluding) in [(&slice.from, ">=", ">"), (&slice.to, "<=", "<")] {
        let (sign, value) = match bound {
            Bound::Open => continue,
            Bound::Including(value) => (including, value),
            Bound::Excluding(value) => (excluding, value),
        };
        let name = ranged.map_or("", |column| column.name);
        add(&mut line.text, format_args!(" AND \"{name}\" {sign} ?"));
        line.bind(value);
    }
    let turned = slice.descending != (table.order == Order::Descending);
    if turned && !table.clustering.is_empty() {
        let order = if slice.descending { "DESC" } else { "ASC" };
        let columns: Vec<_> =
            table.clustering.iter().map(|column| format!("\"{}\" {order}", column.name)).collect();
        add(&mut line.text, format_args!(" ORDER BY {}", columns.join(", ")));
    }
    if let Some(limit) = slice.limit {
        line.add(" LIMIT ?");
        line.values.push(Bind::Short(i32::try_from(limit).unwrap_or(i32::MAX)));
    }
    line
}

/// A read of a whole table.
pub(super) fn scan(keyspace: &str, table: &Table) -> String {
    let columns: Vec<_> = table.all_columns().copied().collect();
    format!("SELECT {} FROM {}", list(&columns), full_name(keyspace, table))
}

fn list(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    names.join(", ")
}
