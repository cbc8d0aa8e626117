//! Keeps the write-ahead log from growing without limit.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

/// Checking the file costs a system call, so it is not done after every commit.
const COMMITS_PER_LOOK: u32 = 64;
/// Overlapping readers can keep the automatic checkpoint from restarting the log; from this size on
/// a restart is forced.
const MAX_WAL: u64 = 64 * 1024 * 1024;
/// How long posts may wait for readers; if they do not finish, the next check tries again.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the writer waits for another program that has the file open.
pub(super) const BUSY: Duration = Duration::from_millis(2_500);

/// Restarts the log when it has grown large.
pub(super) fn keep_small(conn: &Connection, path: &Path, commits: u32) {
    if !commits.is_multiple_of(COMMITS_PER_LOOK) {
        return;
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if !std::fs::metadata(log).is_ok_and(|file| file.len() > MAX_WAL) {
        return;
    }
    let restart = || {
        conn.busy_timeout(PATIENCE)?;
        let busy: bool = conn.query_row("PRAGMA wal_checkpoint(RESTART)", (), |row| row.get(0))?;
        conn.busy_timeout(BUSY)?;
        Ok::<_, rusqlite::Error>(busy)
    };
    match restart() {
        Ok(true) => tracing::debug!("Readers hold the write-ahead log"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(store.error = %error, "The write-ahead log could not be restarted");
        }
    }
}

/// Moves everything into the database file; called at the end.
pub(super) fn finish(conn: &Connection) {
    if let Err(error) = conn.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);") {
        tracing::error!(store.error = %error, "The write-ahead log could not be emptied");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn a_log_that_readers_have_held_is_started_anew_when_they_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        let (conn, reader) = (schema::open(&path).unwrap(), Connection::open(&path).unwrap());
        let size = || std::fs::metadata(dir.path().join("chat.db-wal")).unwrap().len();
        let write = |count: u32| {
            for _ in 0..count {
                conn.execute(
                    "REPLACE INTO settings (key, value) VALUES ('ballast', randomblob(8000000))",
                    (),
                )
                .unwrap();
            }
        };
        reader.execute_batch("BEGIN; SELECT * FROM settings;").unwrap();
        write(10);
        let (grown, started) = (size(), Instant::now());
        assert!(grown > MAX_WAL);
        keep_small(&conn, &path, COMMITS_PER_LOOK);
        assert!(started.elapsed() < BUSY, "sends do not wait for readers");
        reader.execute_batch("COMMIT").unwrap();
        keep_small(&conn, &path, COMMITS_PER_LOOK);
        write(1);
        assert!(size() <= MAX_WAL);
        keep_small(&conn, &path, COMMITS_PER_LOOK);
        write(1);
        assert!(size() <= MAX_WAL);
    }
}
