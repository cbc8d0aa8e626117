//! What a table is, and a row of it.

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// 64-bit integer: ids, revs, times in milliseconds or microseconds.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Boolean.
    Flag,
}

/// Value of a cell. Values of one type are ordered as the engine orders clustering columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// 64-bit integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Boolean.
    Flag(bool),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub of: Type,
}

impl Column {
    /// A column of 64-bit integers.
    pub const fn int(name: &'static str) -> Self {
        Self { name, of: Type::Int }
    }

    /// A column of texts.
    pub const fn text(name: &'static str) -> Self {
        Self { name, of: Type::Text }
    }

    /// A column of bytes.
    pub const fn bytes(name: &'static str) -> Self {
        Self { name, of: Type::Bytes }
    }

    /// A column of booleans.
    pub const fn flag(name: &'static str) -> Self {
        Self { name, of: Type::Flag }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only by conditional writes.
    Conditional,
    /// Only by plain writes, which carry timestamps.
    Plain,
}

/// Order of the rows on disk; both directions can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ascending.
    Ascending,
    /// Descending, for tables that are mostly read from the newest row.
    Descending,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// Columns of the partition key, at least one.
    pub partition: &'static [Column],
    /// Clustering columns, by which the rows of a partition are sorted.
    pub clustering: &'static [Column],
    /// Order of all clustering columns.
    pub order: Order,
    /// Static columns: one value for a partition.
    pub statics: &'static [Column],
    /// Other columns.
    pub columns: &'static [Column],
}

impl Table {
    /// Returns all columns: partition, clustering, static, others.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.partition.iter().chain(self.clustering).chain(self.statics).chain(self.columns)
    }

    /// Returns whether a column is static.
    pub fn is_static(&self, name: &str) -> bool {
        self.statics.iter().any(|column| column.name == name)
    }
}

/// A row that was read: all columns of its table, each with or without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    table: &'static Table,
    cells: Vec<Option<Value>>,
}

impl Row {
    /// A row; `cells` in the order of [`Table::all_columns`].
    pub fn new(table: &'static Table, cells: Vec<Option<Value>>) -> Self {
        Self { table, cells }
    }

    /// Returns the value of a column; None if it has none or is not in the table.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.table.all_columns().position(|column| column.name == name)?;
        self.cells.get(at)?.as_ref()
    }

    /// Returns the values of the clustering columns; fewer than columns in a row of static values
    /// alone.
    pub fn clustering(&self) -> Vec<Value> {
        let (skip, count) = (self.table.partition.len(), self.table.clustering.len());
        self.cells.iter().skip(skip).take(count).flatten().cloned().collect()
    }

    /// Returns an integer.
    pub fn int(&self, name: &str) -> Option<i64> {
        if let Some(Value::Int(value)) = self.get(name) { Some(*value) } else { None }
    }

    /// Returns a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Some(Value::Text(value)) = self.get(name) { Some(value) } else { None }
    }

    /// Returns bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        if let Some(Value::Bytes(value)) = self.get(name) { Some(value) } else { None }
    }

    /// Returns a boolean.
    pub fn flag(&self, name: &str) -> Option<bool> {
        if let Some(Value::Flag(value)) = self.get(name) { Some(*value) } else { None }
    }
}
