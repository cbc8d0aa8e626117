//! Read-only connections, also on a full disk, and to files that are not open elsewhere.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::UpkeepError;
use crate::store::sqlite::schema;

/// Opens a read-only connection.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    readable(Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?)
}

fn readable(conn: Connection) -> rusqlite::Result<Connection> {
    conn.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -8192; PRAGMA \
         trusted_schema = OFF;",
    )?;
    // Problems with reading are found here, not by the first query.
    conn.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    Ok(conn)
}

/// Opens a file for reading. Without a write-ahead log no locks are needed, and SQLite leaves no
/// companion files.
pub(in crate::store::sqlite) fn quiet(path: &Path) -> Result<Connection, UpkeepError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if fs::metadata(log).is_ok_and(|file| file.len() > 0) {
        return Ok(reader(path).or_else(|error| match error.sqlite_error_code() {
            // On a full disk the shared index of the log cannot be created.
            Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                readable(Connection::open_with_flags_and_vfs(path, flags, schema::ALONE)?)
            }
            _ => Err(error),
        })?);
    }
    let full = fs::canonicalize(path).map_err(UpkeepError::io(path))?;
    let name = percent_encoding::percent_encode(
        full.as_os_str().as_bytes(),
        percent_encoding::NON_ALPHANUMERIC,
    );
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)?)
}
