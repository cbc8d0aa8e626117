//! Releases unused space to the file system: on a running server free pages, a few at a time; on a
//! stopped one all of it.

use super::{Sqlite, UpkeepError};

const FREE: &str = "PRAGMA freelist_count";
/// One step: each page moves from the end of the file into a gap; 64 of them take about a
/// millisecond.
const GIVE_BACK: &str = "PRAGMA incremental_vacuum(64)";
/// Truncates the file as far as nobody reads the old pages, without waiting.
const SHORTEN: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The new database is written to the log first, which becomes as large.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

impl Sqlite {
    /// Releases space that is unused now, in steps between other commits, so that posts continue.
    /// `progress` receives the pages released and the total, and returns whether to continue;
    /// released pages stay released.
    pub async fn vacuum(
        &self,
        mut progress: impl FnMut(u64, u64) -> bool + Send,
    ) -> Result<u64, UpkeepError> {
        let all = self.aside(|conn, _| Ok(free(conn)?)).await?;
        let mut done = 0;
        while done < all {
            if !progress(done, all) {
                return Err(UpkeepError::Interrupted);
            }
            let given = self.write_apart(|work| {
                let before = free(work.conn)?;
                let mut pages = work.conn.prepare_cached(GIVE_BACK)?;
                let mut rows = pages.query(())?;
                // One row per page: reading it releases the page.
                while rows.next()?.is_some() {}
                Ok(before.saturating_sub(free(work.conn)?))
            });
            match given.await? {
                0 => break,
                given => done += given,
            }
        }
        let path = self.0.path.clone();
        let shortened = tokio::task::spawn_blocking(move || {
            let conn = rusqlite::Connection::open_with_flags(
                path,
                rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
            )?;
            conn.query_row(SHORTEN, (), |_| Ok(()))
        });
        match shortened.await {
            Ok(shortened) => shortened?,
            Err(_) => return Err(UpkeepError::Unavailable),
        }
        progress(done, all.max(done));
        Ok(done)
    }
}

impl Sqlite {
    /// Rewrites the complete database, without the gaps left within pages by edited and deleted
    /// rows. Nothing else can be written meanwhile, and it needs as much free space as the
    /// database: for a stopped server. Returns how many pages were saved.
    pub async fn rewrite(&self) -> Result<u64, UpkeepError> {
        let path = self.0.path.clone();
        if !self.is_in_place() {
            return Err(UpkeepError::Replaced(path));
        }
        let rewritten = tokio::task::spawn_blocking(move || {
            let conn = rusqlite::Connection::open_with_flags(
                path,
                rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
            )?;
            let before = pages(&conn)?;
            conn.execute_batch("VACUUM")?;
            let after = pages(&conn)?;
            conn.query_row(EMPTY_LOG, (), |_| Ok(()))?;
            Ok(before.saturating_sub(after))
        });
        rewritten.await.map_err(|_| UpkeepError::Unavailable)?
    }
}

fn pages(conn: &rusqlite::Connection) -> rusqlite::Result<u64> {
    conn.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

fn free(conn: &rusqlite::Connection) -> rusqlite::Result<u64> {
    conn.query_row(FREE, (), |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}
