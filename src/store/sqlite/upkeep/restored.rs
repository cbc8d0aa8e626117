//! The audit log of a restored database: it keeps the entries of the database that it replaces, so
//! that nobody can remove entries by restoring an older backup.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::UpkeepError;
use super::inspect::instance;
use super::open::quiet;
use crate::model::{Attribution, AuditNote, Timestamp};
use crate::store::sqlite::{audit, schema, sql, wal};

const ALL: &str = "SELECT id, at, actor, actor_id, actor_name, actor_key, origin, action, target, \
                   target_id, target_name, target_key, before, after FROM audit ORDER BY id";
const SAME: &str = "SELECT 1 FROM audit WHERE at = ?1 AND action = ?2 AND actor_name = ?3 AND target_id IS \
                    ?4 AND after IS ?5";
const TAKEN: &str = "SELECT 1 FROM audit WHERE id = ?1";
const KEEP: &str = "INSERT INTO audit (id, at, actor, actor_id, actor_name, actor_key, origin, \
                    action, target, target_id, target_name, target_key, before, after)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const KNOWN: &str = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit'";
/// Columns of `ALL` and `KEEP`.
const COLUMNS: usize = 14;

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] = &[ALL, SAME, TAKEN, KEEP, KNOWN];

/// What became of the audit log of a replaced database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing was replaced, or it had no entries.
    Nothing,
    /// This many entries were added to the restored database.
    Entries(u64),
    /// It belongs to another instance, and stays with the replaced data.
    Foreign,
    /// It could not be read, and stays with the replaced data.
    Unreadable,
}

/// Adds the entries of the replaced database that the restored one lacks.
pub fn keep_audit(restored: &Path, replaced: &Path) -> Result<Kept, UpkeepError> {
    if !replaced.exists() {
        return Ok(Kept::Nothing);
    }
    let conn = schema::open(restored)?;
    let rows = match quiet(replaced).and_then(|old| entries(&old, &conn)) {
        Ok(Some(rows)) => rows,
        Ok(None) => return Ok(Kept::Foreign),
        Err(_) => return Ok(Kept::Unreadable),
    };
    let mut kept = 0;
    let tx = conn.unchecked_transaction()?;
    for mut row in rows {
        if sql::any(&tx, SAME, params_from_iter([&row[1], &row[7], &row[4], &row[9], &row[13]]))? {
            continue;
        }
        if sql::any(&tx, TAKEN, [&row[0]])? {
            // The number belongs to another entry, since both databases were used.
            row[0] = Value::Null;
        }
        kept += sql::run(&tx, KEEP, params_from_iter(row))? as u64;
    }
    tx.commit()?;
    finish(conn)?;
    Ok(if kept == 0 { Kept::Nothing } else { Kept::Entries(kept) })
}

/// The entries of the replaced database; None if it belongs to another instance.
fn entries(old: &Connection, new: &Connection) -> Result<Option<Vec<Vec<Value>>>, UpkeepError> {
    let (theirs, ours) = (instance(old)?, instance(new)?);
    if !theirs.is_empty() && !ours.is_empty() && theirs != ours {
        return Ok(None);
    }
    if old.query_row(KNOWN, (), |_| Ok(())).optional()?.is_none() {
        return Ok(Some(Vec::new()));
    }
    let mut all = old.prepare(ALL)?;
    let rows = all.query_map((), |row| (0..COLUMNS).map(|column| row.get(column)).collect())?;
    Ok(Some(rows.collect::<rusqlite::Result<_>>()?))
}

/// Records a restore in the restored database, which no server has open.
pub fn record_restore(
    restored: &Path,
    by: &Attribution,
    note: &AuditNote,
) -> Result<(), UpkeepError> {
    let conn = schema::open(restored)?;
    audit::add(&conn, by, note, Timestamp::now())?;
    finish(conn)
}

/// Leaves one file without companion files.
fn finish(conn: Connection) -> Result<(), UpkeepError> {
    wal::finish(&conn);
    Ok(conn.close().map_err(|(_, error)| error)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActorKind, AuditActor};

    fn database(path: &Path, entries: &[(i64, &str)]) -> Connection {
        let conn = schema::open(path).unwrap();
        for (at, action) in entries {
            audit::add(&conn, &by(action), &AuditNote::default(), Timestamp(*at)).unwrap();
        }
        conn
    }

    fn by(action: &str) -> Attribution {
        let (kind, name, from) = (ActorKind::Cli, "root".to_owned(), "socket".to_owned());
        Attribution {
            actor: AuditActor { kind, user: None, name, from },
            action: action.to_owned(),
        }
    }

    fn actions(path: &Path) -> Vec<String> {
        let conn = quiet(path).unwrap();
        let mut all = conn.prepare(ALL).unwrap();
        let actions = all.query_map((), |row| row.get("action")).unwrap();
        actions.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn an_older_backup_removes_no_entry() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
        let conn = database(&old, &[(1, "user.create"), (2, "user.disable")]);
        schema::settings(&conn).unwrap();
        finish(conn).unwrap();
        std::fs::copy(&old, &new).unwrap();
        // Both are used from here on.
        finish(database(&old, &[(3, "user.promote"), (4, "room.delete")])).unwrap();
        finish(database(&new, &[(5, "room.create")])).unwrap();
        assert_eq!(keep_audit(&new, &old).unwrap(), Kept::Entries(2));
        assert_eq!(keep_audit(&new, &old).unwrap(), Kept::Nothing);
        record_restore(&new, &by("backup.restore"), &AuditNote::default()).unwrap();
        assert_eq!(
            actions(&new),
            [
                "user.create",
                "user.disable",
                "room.create",
                "user.promote",
                "room.delete",
                "backup.restore"
            ]
        );
    }

    #[test]
    fn entries_of_another_instance_and_of_damaged_files_stay_where_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
        for path in [&old, &new] {
            let conn = database(path, &[(1, "user.create")]);
            schema::settings(&conn).unwrap();
            finish(conn).unwrap();
        }
        assert_eq!(keep_audit(&new, &old).unwrap(), Kept::Foreign);
        std::fs::write(&old, "nonsense").unwrap();
        assert_eq!(keep_audit(&new, &old).unwrap(), Kept::Unreadable);
        assert_eq!(keep_audit(&new, &dir.path().join("none.db")).unwrap(), Kept::Nothing);
        assert_eq!(actions(&new), ["user.create"]);
    }
}
