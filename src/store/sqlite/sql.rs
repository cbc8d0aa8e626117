//! Executes statements: cached, with typed parameters and columns.

use std::cell::{Cell, RefCell};

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Result};

use crate::model::{
    Hash32, MediaId, Rev, Role, RoomId, Seq, SessionId, Timestamp, UserId, Visibility,
};

/// Compiles each statement once. Otherwise SQLite compiles a statement with `LIMIT ?` again for
/// every execution, in case a plan for this limit is better.
pub(super) fn keep_plans(conn: &Connection) -> Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A row of a result.
pub(super) struct Row<'r> {
    row: &'r rusqlite::Row<'r>,
    columns: &'r Columns,
}

/// Positions of the columns of a result. SQLite compares names to find a column, which costs more
/// than reading it: each is found once, in the first row. Rows read their columns in the same
/// order, so the next one is usually the one after the last.
#[derive(Default)]
pub(super) struct Columns {
    found: RefCell<Vec<(&'static str, usize)>>,
    next: Cell<usize>,
}

impl<'r> Row<'r> {
    pub(super) fn new(row: &'r rusqlite::Row<'r>, columns: &'r Columns) -> Self {
        Self { row, columns }
    }

    /// Returns the value of a column.
    pub(super) fn get<C: Column, T: FromSql>(&self, column: C) -> Result<T> {
        self.row.get(column.position(self)?)
    }
}

/// Names a column: a text, or its position.
pub(super) trait Column {
    fn position(self, row: &Row<'_>) -> Result<usize>;
}

impl Column for usize {
    fn position(self, _: &Row<'_>) -> Result<usize> {
        Ok(self)
    }
}

impl Column for &'static str {
    fn position(self, row: &Row<'_>) -> Result<usize> {
        row.columns.position(row.row, self)
    }
}

impl Columns {
    fn position(&self, row: &rusqlite::Row<'_>, column: &'static str) -> Result<usize> {
        let mut found = self.found.borrow_mut();
        let is_this = |(name, _): &(&str, usize)| *name == column;
        let next = self.next.get();
        let known = if found.get(next).is_some_and(is_this) {
            Some(next)
        } else {
            found.iter().position(is_this)
        };
        let at = if let Some(at) = known {
            at
        } else {
            found.push((column, row.as_ref().column_index(column)?));
            found.len() - 1
        };
        self.next.set(if at + 1 < found.len() { at + 1 } else { 0 });
        Ok(found[at].1)
    }
}

/// Returns the first row, if any.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    from_row: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let columns = Columns::default();
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_row(params, |row| from_row(&Row::new(row, &columns))).optional()
}

/// Returns all rows.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    mut from_row: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let columns = Columns::default();
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_map(params, |row| from_row(&Row::new(row, &columns)))?.collect()
}

/// Returns whether there is a row.
pub(super) fn any(conn: &Connection, sql: &str, params: impl Params) -> Result<bool> {
    conn.prepare_cached(sql)?.exists(params)
}

/// Executes a statement that changes rows; returns their number.
pub(super) fn run(conn: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    conn.prepare_cached(sql)?.execute(params)
}

/// Builds a list for `IN (SELECT value FROM json_each(?))`, so that one cached statement works for
/// lists of any length.
pub(super) fn list(ids: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::from("[");
    for (n, id) in ids.into_iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&id.to_string());
    }
    text.push(']');
    text
}

macro_rules! number {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    )*};
}

macro_rules! word {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        }
    )*};
}

number!(UserId, RoomId, SessionId, MediaId, Seq, Rev, Timestamp);
word!(Role, Visibility);

impl ToSql for Hash32 {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for Hash32 {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}
