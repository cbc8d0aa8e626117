//! Database files that no server has open: their content, their checks, and preparing them for use
//! by a server.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::check::problems;
use super::open::quiet;
use super::plan::{Plan, plan};
use super::shape::foreign_schema;
use super::{Sqlite, UpkeepError};
use crate::store::sqlite::error::OpenError;
use crate::store::sqlite::{schema, sql, wal};

const COUNTS: &str = "SELECT
    (SELECT count(*) FROM users WHERE deleted IS NULL) AS users,
    (SELECT count(*) FROM rooms WHERE deleted IS NULL) AS rooms,
    (SELECT count(*) FROM messages) AS messages,
    (SELECT count(DISTINCT name) FROM media) AS media";
const EPOCH: &str = "SELECT CAST(value AS TEXT) FROM settings WHERE key = 'epoch'";
const INSTANCE: &str = "SELECT CAST(value AS TEXT) FROM settings WHERE key = 'instance'";
const CHANGE_EPOCH: &str = "INSERT INTO settings (key, value) VALUES ('epoch', ?1) ON CONFLICT \
                            (key) DO UPDATE SET value = excluded.value";
/// Changed, since ids given again would be different objects in an export.
const CHANGE_ORIGIN: &str = "UPDATE settings SET value = randomblob(16) WHERE key = 'origin'";
const MEDIA: &str = "SELECT name, max(size) AS size FROM media GROUP BY name ORDER BY min(id)";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] =
    &[COUNTS, EPOCH, INSTANCE, CHANGE_EPOCH, CHANGE_ORIGIN, MEDIA];

/// Numbers of objects in a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Rooms.
    pub rooms: u64,
    /// Messages, including deleted ones.
    pub messages: u64,
    /// Uploaded files.
    pub media: u64,
}

/// Properties and content of a database file.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its schema, and the effect of opening it.
    pub plan: Plan,
    /// Its epoch; empty before a server has opened it.
    pub epoch: String,
    /// Its instance; empty before a server of this version has opened it.
    pub instance: String,
    /// Numbers of its objects.
    pub counts: Counts,
    /// Name and size of the uploaded files with a row.
    pub media: Vec<(String, u64)>,
}

impl Sqlite {
    /// Returns name and size of the uploaded files with a row.
    pub async fn uploaded(&self) -> Result<Vec<(String, u64)>, UpkeepError> {
        self.aside(|conn, _| Ok(uploaded(conn)?)).await
    }
}

pub(super) fn uploaded(conn: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    sql::all(conn, MEDIA, (), |row| {
        Ok((row.get("name")?, row.get::<_, i64>("size")?.unsigned_abs()))
    })
}

/// Returns the epoch; empty before a server has opened it.
pub(super) fn epoch(conn: &Connection) -> rusqlite::Result<String> {
    Ok(sql::one(conn, EPOCH, (), |row| row.get(0))?.unwrap_or_default())
}

/// Returns the instance; empty before a server of this version has opened it.
pub(super) fn instance(conn: &Connection) -> rusqlite::Result<String> {
    Ok(sql::one(conn, INSTANCE, (), |row| row.get(0))?.unwrap_or_default())
}

/// Examines a file that is not open anywhere, without changing it. A newer schema is only named:
/// its content is not understood here.
pub fn inspect(path: &Path) -> Result<Inspected, UpkeepError> {
    let plan = plan(path)?;
    if plan.newer {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found: plan.schema,
            known: plan.known,
        }
        .into());
    }
    let conn = quiet(path)?;
    let counts = conn.query_row(COUNTS, (), |row| {
        let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        Ok(Counts {
            users: count("users")?,
            rooms: count("rooms")?,
            messages: count("messages")?,
            media: count("media")?,
        })
    })?;
    let (epoch, instance) = (epoch(&conn)?, instance(&conn)?);
    let media = uploaded(&conn)?;
    Ok(Inspected { plan, epoch, instance, counts, media })
}

/// Returns all problems of a file that is not open anywhere, each as a sentence. Reads all of it.
pub fn examine(path: &Path) -> Result<Vec<String>, UpkeepError> {
    let conn = quiet(path)?;
    let mut found = foreign_schema(&conn)?;
    found.extend(problems(&conn));
    Ok(found)
}

/// Prepares a copy for use by a server: with the current schema and an epoch of its own, so that a
/// client with later revs than the copy fetches rooms again instead of waiting for changes that
/// never come. Returns the epoch.
pub fn renew(path: &Path) -> Result<String, UpkeepError> {
    let random = schema::random::<8>()
        .map_err(UpkeepError::io(Path::new("the operating system's random numbers")))?;
    let epoch = hex::encode(random);
    let conn = schema::open(path)?;
    conn.execute(CHANGE_EPOCH, params![epoch.as_bytes()])?;
    conn.execute(CHANGE_ORIGIN, ())?;
    wal::finish(&conn);
    close(conn)?;
    remove_copies(path).map_err(UpkeepError::io(path))?;
    Ok(epoch)
}

fn close(conn: Connection) -> rusqlite::Result<()> {
    conn.close().map_err(|(_, error)| error)
}

/// Removes copies made by migrations; here the file itself is a copy.
fn remove_copies(path: &Path) -> std::io::Result<()> {
    let prefix = format!("{}.before-", path.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::specimens;
    use super::*;

    #[test]
    fn a_renewed_file_is_of_today_and_of_another_epoch_and_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        specimens::of_the_first_schema(&path);
        let before = inspect(&path).unwrap();
        assert_eq!((before.plan.schema, before.epoch.as_str()), (1, "old"));
        let epoch = renew(&path).unwrap();
        let after = inspect(&path).unwrap();
        assert!(after.plan.migrations.is_empty() && after.epoch == epoch && epoch != "old");
        assert_eq!(examine(&path).unwrap(), [""; 0]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_instance_stays_itself_when_it_is_restored() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("chat.db"), dir.path().join("other.db"));
        let of = |path: &Path| schema::settings(&schema::open(path).unwrap()).unwrap().0.instance;
        let first = of(&path);
        assert_eq!((first.len(), of(&path)), (32, first.clone()));
        assert_ne!(of(&other), first);
        renew(&path).unwrap();
        assert_eq!((inspect(&path).unwrap().instance, of(&path)), (first.clone(), first));
    }
}
