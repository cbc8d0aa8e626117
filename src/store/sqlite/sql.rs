//! Executes statements: cached, with typed parameters and columns.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Result, Row};

use crate::model::{
    Hash32, MediaId, Rev, Role, RoomId, Seq, SessionId, Timestamp, UserId, Visibility,
};

/// Returns the first row, if any.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    from_row: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    conn.prepare_cached(sql)?.query_row(params, from_row).optional()
}

/// Returns all rows.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    from_row: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    conn.prepare_cached(sql)?.query_map(params, from_row)?.collect()
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
