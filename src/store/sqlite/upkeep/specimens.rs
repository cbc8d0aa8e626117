//! Databases of other versions, for tests.

use std::path::Path;

use rusqlite::Connection;

use crate::store::sqlite::schema::APPLICATION;

const USER: &str = "INSERT INTO users (login, name, name_folded, password, created) VALUES \
                    ('old', 'Old', 'old', '', 0);";

/// Creates a database with the first schema, epoch `old` and one user.
pub(crate) fn of_the_first_schema(path: &Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(include_str!("../migrations/0001_start.sql")).unwrap();
    conn.execute_batch("INSERT INTO settings (key, value) VALUES ('epoch', CAST('old' AS BLOB))")
        .unwrap();
    conn.execute_batch(USER).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
}

/// Gives a database the number of an unknown later schema.
pub(crate) fn of_a_later_schema(path: &Path, schema: u32) {
    Connection::open(path).unwrap().pragma_update(None, "user_version", schema).unwrap();
}
