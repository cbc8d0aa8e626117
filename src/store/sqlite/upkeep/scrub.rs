//! Removes what deleted rows leave in files: older versions of pages in the write-ahead log, and
//! words in the search index. The database itself overwrites what is deleted.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Sqlite, UpkeepError};

/// The log can only be emptied while nobody reads an older state.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// Attempts, how long posts may wait for readers in each, and the pause after it.
const TRIES: u32 = 20;
const PATIENCE: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(250);

impl Sqlite {
    /// Removes the words of deleted messages from the search index.
    pub async fn purge_search(&self) {
        self.0.search.purge().await;
    }

    /// Empties the write-ahead log. False: readers held it all the time; it is emptied later, at
    /// the latest when the database is closed.
    pub async fn empty_log(&self) -> Result<bool, UpkeepError> {
        let path = self.0.path.clone();
        if !self.is_in_place() {
            return Err(UpkeepError::Replaced(path));
        }
        let emptied = tokio::task::spawn_blocking(move || {
            let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            conn.busy_timeout(PATIENCE)?;
            for _ in 0..TRIES {
                let busy: bool = conn.query_row(EMPTY_LOG, (), |row| row.get(0))?;
                if !busy {
                    return Ok(true);
                }
                std::thread::sleep(PAUSE);
            }
            Ok(false)
        });
        emptied.await.map_err(|_| UpkeepError::Unavailable)?
    }
}
