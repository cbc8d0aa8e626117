//! Creates a database that does not exist yet.
//!
//! It is built beside its place without syncs, synced once, and then renamed: a database that is
//! created in place syncs every step, which takes longer than the rest of a start. After a crash
//! there is a complete database or none.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::Connection;

use super::error::OpenError;
use super::schema;

/// Ending of the file while it is built.
const UNFINISHED: &str = ".new";

/// Creates the database with the current schema and its settings; returns false if there is one already.
pub(super) fn create(path: &Path) -> Result<bool, OpenError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        _ => return Ok(false),
    }
    let unfinished = schema::beside(path, UNFINISHED);
    let io = |why| OpenError::Io { path: unfinished.clone(), why };
    for ending in ["", "-wal", "-shm", "-journal"] {
        // Of a crash.
        match fs::remove_file(schema::beside(&unfinished, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    schema::create_new(&unfinished).map_err(io)?;
    build(&unfinished)?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&unfinished, path).map_err(io)?;
    let directory = path.parent().unwrap_or(path);
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)?;
    Ok(true)
}

fn build(path: &Path) -> Result<(), OpenError> {
    let prepare = || {
        let mut conn = Connection::open(path)?;
        // Incremental vacuum can only be chosen before the first table, and choosing it is a write.
        conn.execute_batch(
            "PRAGMA synchronous = OFF; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;",
        )?;
        schema::migrate(&mut conn, schema::MIGRATIONS, 0)?;
        Ok(conn)
    };
    let conn = prepare().map_err(|error| schema::sort(path, error))?;
    schema::settings(&conn)?;
    conn.close().map_err(|(_, error)| schema::sort(path, error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_database_is_whole_and_what_a_crash_left_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        fs::write(dir.path().join("chat.db.new"), "SQLite form").unwrap();
        assert!(create(&path).unwrap());
        let names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["chat.db"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let conn = schema::open(&path).unwrap();
        let count = "SELECT count(*) FROM settings WHERE key IN ('epoch', 'instance')";
        assert_eq!(conn.query_row(count, (), |row| row.get::<_, i64>(0)).unwrap(), 2);
        let pragma =
            |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(pragma("auto_vacuum"), 2);
        assert_eq!(pragma("user_version"), i64::from(schema::number(schema::MIGRATIONS)));
        assert_eq!(pragma("application_id"), i64::from(schema::APPLICATION));
    }

    #[test]
    fn an_existing_file_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        fs::write(&path, "not ours").unwrap();
        assert!(!create(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"not ours");
    }
}
