//! Gives space without use back to the file system: beside a server pages that are free, a few at a
//! time; on a stopped one all of it.

use super::{Sqlite, UpkeepError};

const FREE: &str = "PRAGMA freelist_count";
/// One step: each page moves from the end of the file into a gap, and 64 of them take about a
/// millisecond.
const GIVE_BACK: &str = "PRAGMA incremental_vacuum(64)";
/// Makes the file itself shorter as far as nobody reads the old pages; it waits for nobody.
const SHORTEN: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The new database stands in the log at first, which is as large.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

impl Sqlite {
    /// Gives back what has no use now, in steps between other commits, so that sends go on.
    /// `progress` hears of the pages that were given back and of all, and answers whether to go on;
    /// what is done stays done.
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
                // A row a page: only asking for it gives it back.
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
    /// Writes the whole database anew, without the gaps that edited and deleted rows have left
    /// within pages. Nothing else can be written meanwhile, and it takes as much disk again as
    /// the database: for a stopped server. Answers the pages that it is smaller by.
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
