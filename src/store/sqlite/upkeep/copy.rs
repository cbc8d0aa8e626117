//! Online copy of the database: a consistent state, while others write.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{Sqlite, UpkeepError};
use crate::store::sqlite::schema;

/// Number of pages between checks whether to continue.
const PAGES: i32 = 256;

const TAKE_MOMENT: &str = "SELECT count(*) FROM settings";

impl Sqlite {
    /// Copies a consistent state of the database to a new file, which is on disk when this returns.
    /// `progress` receives the pages done and the total, and returns whether to continue; after a
    /// failure no file is left.
    ///
    /// The source stays inside one read transaction: without it SQLite would start again at every
    /// commit, and never finish under load.
    pub async fn copy(
        &self,
        to: PathBuf,
        mut progress: impl FnMut(u64, u64) -> bool + Send + 'static,
    ) -> Result<(), UpkeepError> {
        let copied = self.aside(move |conn, _| {
            // The transaction gets its snapshot with the first read.
            conn.query_row(TAKE_MOMENT, (), |_| Ok(()))?;
            schema::create_new(&to).map_err(UpkeepError::io(&to))?;
            let copied = fill(conn, &to, &mut progress);
            if copied.is_err() {
                remove(&to);
            }
            copied
        });
        copied.await
    }
}

fn fill(
    source: &Connection,
    to: &Path,
    progress: &mut impl FnMut(u64, u64) -> bool,
) -> Result<(), UpkeepError> {
    let mut target = Connection::open(to)?;
    // Synced once at the end; an incomplete copy is useless.
    target.execute_batch("PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")?;
    {
        let backup = Backup::new(source, &mut target)?;
        loop {
            let step = backup.step(PAGES)?;
            let state = backup.progress();
            let (all, left) = (
                u64::try_from(state.pagecount).unwrap_or(0),
                u64::try_from(state.remaining).unwrap_or(0),
            );
            if !progress(all.saturating_sub(left), all) {
                return Err(UpkeepError::Interrupted);
            }
            if matches!(step, StepResult::Done) {
                break;
            }
        }
    }
    // One file without companion files, so that it can be moved and read by itself.
    target.query_row("PRAGMA journal_mode = DELETE", (), |_| Ok(()))?;
    target.close().map_err(|(_, error)| error)?;
    let synced = File::open(to).and_then(|file| file.sync_all());
    synced.map_err(UpkeepError::io(to))?;
    let folder =
        to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(UpkeepError::io(folder))
}

/// Removes the files created by SQLite; missing ones are ignored.
fn remove(path: &Path) {
    for ending in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        drop(std::fs::remove_file(name));
    }
}
