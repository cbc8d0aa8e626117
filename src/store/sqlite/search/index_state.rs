//! Examines the index file without changing it: whether it is intact, belongs to this database, and
//! how far it has followed.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Result};

use super::index::{MARKS, STATE, VERSION, boot};
use super::rows::ends;

/// Also checks the words: SQLite calls FTS5.
const WHOLE: &str = "PRAGMA integrity_check(1)";

/// State of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glance {
    /// It does not exist.
    Missing,
    /// It cannot be read.
    Damaged(String),
    /// It is intact but cannot be used any more.
    Stale(&'static str),
    /// This number of messages and changes is missing.
    Behind(u64),
    /// It contains all messages.
    InStep,
}

/// Examines the index at `path` of an open database with this epoch. `live`: a server is feeding
/// it.
pub(in crate::store::sqlite) fn index_state(
    chat: &Connection,
    path: &Path,
    epoch: &str,
    live: bool,
) -> Result<Glance> {
    if !path.exists() {
        return Ok(Glance::Missing);
    }
    // Messages may be added while the index is examined, but the index must not get ahead of them.
    let looked = look(path, live);
    let (state, version, marks) = match looked {
        Ok(found) => found,
        Err(damage) => return Ok(Glance::Damaged(damage)),
    };
    let ends = ends(chat)?;
    let Some((of, booted, clean)) = state else {
        return Ok(Glance::Damaged("its state is missing".to_owned()));
    };
    let unusable = if version != VERSION {
        Some("it was built by another version of chatctl")
    } else if of != epoch {
        Some("it belongs to the database before a restore")
    } else if marks.message > ends.message
        || marks.change > ends.change
        || marks.change < ends.pruned
    {
        Some("it does not belong to these messages")
    } else if !clean && (booted.is_empty() || booted != boot()) {
        Some("the machine stopped before it was closed")
    } else {
        None
    };
    let behind = (ends.message - marks.message) + (ends.change - marks.change);
    Ok(match unusable {
        Some(why) => Glance::Stale(why),
        None if behind > 0 => Glance::Behind(behind.unsigned_abs()),
        None => Glance::InStep,
    })
}

type Found = (Option<(String, String, bool)>, i64, super::index::Marks);

fn look(path: &Path, live: bool) -> std::result::Result<Found, String> {
    let read = || {
        let conn = if live {
            Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?
        } else {
            crate::store::sqlite::upkeep::quiet(path)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?
        };
        conn.execute_batch("PRAGMA busy_timeout = 1000; PRAGMA cache_size = -8192")?;
        let tx = conn.unchecked_transaction()?;
        let state = tx
            .query_row(STATE, (), |row| {
                Ok((row.get("epoch")?, row.get("boot")?, row.get("clean")?))
            })
            .optional()?;
        let version = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let marks = tx
            .query_row(MARKS, (), |row| {
                Ok(super::index::Marks { message: row.get("message")?, change: row.get("change")? })
            })
            .optional()?;
        let whole: String = tx.query_row(WHOLE, (), |row| row.get(0))?;
        Ok::<_, rusqlite::Error>((state, version, marks.unwrap_or_default(), whole))
    };
    match read() {
        Ok((state, version, marks, whole)) if whole == "ok" => Ok((state, version, marks)),
        Ok((.., whole)) => Err(whole.lines().next().unwrap_or_default().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
