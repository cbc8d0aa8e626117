//! The audit log: rows are added in the transaction of the change that they describe, read by
//! administrators, and removed only by age.

use rusqlite::{Connection, Result, ToSql, params};

use super::sql;
use super::work::Work;
use crate::model::{
    ActorKind, Attribution, AuditActor, AuditEntry, AuditNote, AuditTarget, Timestamp, fold,
};
use crate::store::AuditQuery;

const ADD: &str = "INSERT INTO audit (at, actor, actor_id, actor_name, actor_key, origin, action, \
                   target, target_id, target_name, target_key, before, after)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

macro_rules! audit_sql {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT id, at, actor, actor_id, actor_name, origin, action, target, target_id, \
             target_name, before, after FROM audit WHERE ",
            $which,
            " AND +at >= ?2 AND +at < ?3 ORDER BY id ",
            $order,
            " LIMIT ?4"
        )
    };
}

// `+` keeps the planner from choosing an index by which entries would have to be sorted. An action is
// a range of names, so that `user` finds all actions on users.
const NEWEST: &str = audit_sql!("id < ?1", "DESC");
const OLDEST: &str = audit_sql!("id > ?1", "ASC");
const NEWEST_OF_ACTION: &str = audit_sql!(
    "id IN (SELECT id FROM audit WHERE action >= ?5 AND action < ?6) AND id < ?1",
    "DESC"
);
const OLDEST_OF_ACTION: &str = audit_sql!(
    "id IN (SELECT id FROM audit WHERE action >= ?5 AND action < ?6) AND id > ?1",
    "ASC"
);
// Two indexes for one person: what they did, and what was done to them.
const NEWEST_OF_PERSON: &str = audit_sql!(
    "id IN (SELECT id FROM audit WHERE actor_key = ?7 UNION ALL SELECT id FROM audit WHERE \
     target_key = ?7) AND +action >= ?5 AND +action < ?6 AND id < ?1",
    "DESC"
);
const OLDEST_OF_PERSON: &str = audit_sql!(
    "id IN (SELECT id FROM audit WHERE actor_key = ?7 UNION ALL SELECT id FROM audit WHERE \
     target_key = ?7) AND +action >= ?5 AND +action < ?6 AND id > ?1",
    "ASC"
);
const AGE: &str =
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    ADD,
    NEWEST,
    OLDEST,
    NEWEST_OF_ACTION,
    OLDEST_OF_ACTION,
    NEWEST_OF_PERSON,
    OLDEST_OF_PERSON,
    AGE,
];

/// Records a change if the operation is attributed to somebody; `note` returns None if nothing has
/// changed.
pub(super) fn record(
    work: &Work<'_>,
    note: impl FnOnce() -> Result<Option<AuditNote>>,
) -> Result<()> {
    let Some(by) = &work.attribution else { return Ok(()) };
    match note()? {
        Some(note) => add(work.conn, by, &note, work.now),
        None => Ok(()),
    }
}

/// Adds an entry.
pub(super) fn add(
    conn: &Connection,
    by: &Attribution,
    note: &AuditNote,
    at: Timestamp,
) -> Result<()> {
    let AuditActor { kind, user, name, from } = &by.actor;
    let target = note.target.as_ref();
    let target_name = target.and_then(|target| target.name.as_deref());
    let target_key = target.filter(|target| target.kind == "user").and(target_name).map(fold);
    let values = params![
        at,
        kind.as_str(),
        user,
        name,
        fold(name),
        from,
        by.action,
        target.map(|target| &target.kind),
        target.map(|target| &target.id),
        target_name,
        target_key,
        note.before,
        note.after
    ];
    sql::run(conn, ADD, values).map(drop)
}

fn entry_from_row(row: &sql::Row<'_>) -> Result<AuditEntry> {
    let kind: String = row.get("actor")?;
    let target = match row.get::<_, Option<String>>("target")? {
        Some(kind) => Some(AuditTarget {
            kind,
            id: row.get::<_, Option<String>>("target_id")?.unwrap_or_default(),
            name: row.get("target_name")?,
        }),
        None => None,
    };
    Ok(AuditEntry {
        id: row.get("id")?,
        at: row.get("at")?,
        by: Attribution {
            actor: AuditActor {
                kind: ActorKind::parse(&kind).unwrap_or(ActorKind::Server),
                user: row.get("actor_id")?,
                name: row.get("actor_name")?,
                from: row.get("origin")?,
            },
            action: row.get("action")?,
        },
        note: AuditNote { target, before: row.get("before")?, after: row.get("after")? },
    })
}

/// Returns a page of entries.
pub(super) fn page(conn: &Connection, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
    let AuditQuery { action, person, since, until, cursor, oldest_first, limit } = query;
    let cursor = cursor.unwrap_or(if *oldest_first { 0 } else { i64::MAX });
    let (since, until) =
        (since.unwrap_or(Timestamp(i64::MIN)), until.unwrap_or(Timestamp(i64::MAX)));
    let (from, to) = match action.as_deref() {
        None => (String::new(), "\u{10ffff}".to_owned()),
        // The sign after the dot.
        Some(noun) if !noun.contains('.') => (format!("{noun}."), format!("{noun}/")),
        Some(exact) => (exact.to_owned(), format!("{exact}\u{1}")),
    };
    let statement = match (person, action, *oldest_first) {
        (Some(_), _, false) => NEWEST_OF_PERSON,
        (Some(_), _, true) => OLDEST_OF_PERSON,
        (None, Some(_), false) => NEWEST_OF_ACTION,
        (None, Some(_), true) => OLDEST_OF_ACTION,
        (None, None, false) => NEWEST,
        (None, None, true) => OLDEST,
    };
    let person = person.as_deref().map(fold);
    let mut values: Vec<&dyn ToSql> = vec![&cursor, &since, &until, limit];
    if action.is_some() || person.is_some() {
        values.extend([&from as &dyn ToSql, &to]);
    }
    values.extend(person.as_ref().map(|person| person as &dyn ToSql));
    sql::all(conn, statement, values.as_slice(), entry_from_row)
}

/// Removes entries older than `before`, at most `rows`; returns how many there were.
pub(super) fn age(conn: &Connection, before: Timestamp, rows: i64) -> Result<usize> {
    sql::run(conn, AGE, params![before, rows])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    /// The steps by which SQLite executes a statement.
    fn plan(conn: &Connection, statement: &str) -> String {
        let mut explained = conn.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let nulls = vec![None::<i64>; explained.parameter_count()];
        let steps = explained
            .query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>("detail"))
            .unwrap();
        steps.collect::<Result<Vec<_>>>().unwrap().join("; ")
    }

    #[test]
    fn no_page_and_no_ageing_reads_the_whole_log() {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open(&dir.path().join("chat.db")).unwrap();
        for (statement, index) in [
            (NEWEST, "USING INTEGER PRIMARY KEY"),
            (OLDEST, "USING INTEGER PRIMARY KEY"),
            (NEWEST_OF_ACTION, "USING COVERING INDEX audit_action"),
            (OLDEST_OF_ACTION, "USING COVERING INDEX audit_action"),
            (NEWEST_OF_PERSON, "USING COVERING INDEX audit_actor"),
            (OLDEST_OF_PERSON, "USING COVERING INDEX audit_target"),
            (AGE, "USING COVERING INDEX audit_at"),
        ] {
            let plan = plan(&conn, statement);
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{statement}: {plan}");
        }
    }

    #[test]
    fn an_entry_does_not_change() {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open(&dir.path().join("chat.db")).unwrap();
        let by = Attribution {
            actor: AuditActor {
                kind: ActorKind::Cli,
                user: None,
                name: "Root".to_owned(),
                from: "socket".to_owned(),
            },
            action: "db.vacuum".to_owned(),
        };
        add(&conn, &by, &AuditNote::default(), Timestamp(5)).unwrap();
        let refused = conn.execute("UPDATE audit SET actor_name = 'nobody'", ()).unwrap_err();
        assert!(refused.to_string().contains("do not change"), "{refused}");
        let query =
            AuditQuery { person: Some("rOOT".to_owned()), limit: 9, ..AuditQuery::default() };
        assert_eq!(page(&conn, &query).unwrap()[0].by, by);
        assert_eq!(
            (age(&conn, Timestamp(5), 9).unwrap(), age(&conn, Timestamp(6), 9).unwrap()),
            (0, 1)
        );
    }
}
