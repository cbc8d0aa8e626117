//! Compares the schema of a database with that of its version: nothing that acts by itself, nothing
//! in the place of something else.
//!
//! An attacker who can change a backup could otherwise hide something in it that acts after the
//! restore, such as a trigger.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result};

use crate::store::sqlite::schema::{self, MIGRATIONS};

/// SQLite's internal objects are not listed: their names cannot be given to anything else.
const OBJECTS: &str = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT \
                       LIKE 'sqlite\\_%' ESCAPE '\\'";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] = &[OBJECTS];

/// Kind and name of each table and index, with its definition.
type Objects = BTreeMap<(String, String), String>;

/// Returns objects that do not belong to the schema of its version, and missing ones, each as a
/// sentence. Unknown versions are not checked.
pub(super) fn foreign_schema(conn: &Connection) -> Result<Vec<String>> {
    let version = schema::version(conn)?;
    if version == 0 || version > schema::number(MIGRATIONS) {
        return Ok(Vec::new());
    }
    let model = Connection::open_in_memory()?;
    schema::build(&model, version)?;
    let (wanted, found) = (objects(&model)?, objects(conn)?);
    let mut problems = Vec::new();
    for ((kind, name), definition) in &found {
        match wanted.get(&(kind.clone(), name.clone())) {
            Some(same) if same == definition => (),
            Some(_) => {
                problems.push(format!("The {kind} {name} is not defined as in schema {version}."));
            }
            None => {
                problems.push(format!("The {kind} {name} does not belong to schema {version}."));
            }
        }
    }
    let missing = wanted.keys().filter(|key| !found.contains_key(*key));
    problems.extend(
        missing.map(|(kind, name)| format!("The {kind} {name} of schema {version} is missing.")),
    );
    Ok(problems)
}

fn objects(conn: &Connection) -> Result<Objects> {
    let mut asked = conn.prepare(OBJECTS)?;
    let rows = asked.query_map((), |row| {
        Ok(((row.get(0)?, row.get::<_, String>(1)?.escape_debug().to_string()), row.get(2)?))
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::super::specimens;
    use super::*;

    #[test]
    fn databases_of_every_version_are_as_they_should_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        specimens::of_the_first_schema(&path);
        assert_eq!(foreign_schema(&Connection::open(&path).unwrap()).unwrap(), [""; 0]);
        let migrated = schema::open(&path).unwrap();
        assert_eq!(foreign_schema(&migrated).unwrap(), [""; 0]);
        migrated.execute_batch("ANALYZE; PRAGMA optimize").unwrap();
        assert_eq!(
            foreign_schema(&migrated).unwrap(),
            [""; 0],
            "what SQLite itself adds is no problem"
        );
    }

    #[test]
    fn whatever_was_added_altered_or_taken_away_is_told() {
        for (change, sentence) in [
            (
                "CREATE TRIGGER t AFTER INSERT ON messages BEGIN UPDATE users SET admin = 1; END",
                "The trigger t does not belong to schema ",
            ),
            ("CREATE VIEW v AS SELECT 1", "The view v does not belong to schema "),
            ("CREATE TABLE extra (x)", "The table extra does not belong to schema "),
            ("CREATE INDEX extra ON users (created)", "The index extra does not belong to schema "),
            ("DROP INDEX messages_rev", "The index messages_rev of schema "),
            (
                "ALTER TABLE users ADD COLUMN more INTEGER",
                "The table users is not defined as in schema ",
            ),
            (
                "ALTER TABLE reactions RENAME TO hidden; CREATE VIEW reactions AS SELECT * FROM \
                 hidden",
                "The view reactions does not belong to schema ",
            ),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let conn = schema::open(&dir.path().join("chat.db")).unwrap();
            conn.execute_batch(change).unwrap();
            let found = foreign_schema(&conn).unwrap();
            assert!(
                found.iter().any(|problem| problem.starts_with(sentence)),
                "{change}: {found:?}"
            );
        }
    }
}
