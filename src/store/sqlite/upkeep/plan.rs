//! Predicts the effect of opening a database, without opening it.

use std::path::Path;

use serde::Serialize;

use super::{UpkeepError, quiet};
use crate::store::sqlite::error::OpenError;
use crate::store::sqlite::schema::{self, APPLICATION, MIGRATIONS};

/// Effect of opening a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Schema of the file; 0: there is no database yet.
    pub schema: u32,
    /// Schema of this program.
    pub known: u32,
    /// Migrations that would run, in this order.
    pub migrations: Vec<&'static str>,
    /// Whether the file belongs to a newer program and cannot be used.
    pub newer: bool,
}

/// Examines a database file without changing it.
pub fn plan(path: &Path) -> Result<Plan, UpkeepError> {
    let schema = if path.exists() { version(path)? } else { 0 };
    let known = schema::number(MIGRATIONS);
    let missing = MIGRATIONS.get(schema as usize..).unwrap_or_default();
    Ok(Plan {
        schema,
        known,
        migrations: missing.iter().map(|migration| migration.name).collect(),
        newer: schema > known,
    })
}

fn version(path: &Path) -> Result<u32, UpkeepError> {
    schema::check_header(path)?;
    let damaged = |error: rusqlite::Error| OpenError::Damaged {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let conn = quiet(path)?;
    let (version, application) = (
        schema::version(&conn),
        conn.pragma_query_value(None, "application_id", |row| row.get::<_, i32>(0)),
    );
    let (version, application) = (version.map_err(damaged)?, application.map_err(damaged)?);
    if version > 0 && application != APPLICATION {
        return Err(OpenError::Foreign(path.to_owned()).into());
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_plan_names_what_is_missing_and_leaves_the_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a % b.db");
        let all: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(plan(&path).unwrap().migrations, all);
        drop(schema::open(&path).unwrap());
        let known = schema::number(MIGRATIONS);
        assert_eq!(
            plan(&path).unwrap(),
            Plan { schema: known, known, migrations: Vec::new(), newer: false }
        );
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        // Still in the write-ahead log.
        assert_eq!(
            (plan(&path).unwrap().schema, plan(&path).unwrap().migrations),
            (1, all[1..].to_vec())
        );
        conn.pragma_update(None, "user_version", 99).unwrap();
        drop(conn);
        let before = fs::read(&path).unwrap();
        let newer = plan(&path).unwrap();
        assert_eq!((newer.schema, newer.newer, newer.migrations), (99, true, Vec::new()));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no companions are left");
    }

    #[test]
    fn what_is_no_database_of_ours_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 3").unwrap();
        drop(conn);
        assert!(matches!(plan(&path), Err(UpkeepError::Open(OpenError::Foreign(_)))));
        fs::write(&path, "something else entirely").unwrap();
        assert!(matches!(plan(&path), Err(UpkeepError::Open(OpenError::Damaged { .. }))));
    }
}
