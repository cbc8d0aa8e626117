//! Checks the database: its file as far as SQLite can, and the invariants of its rows.

use rusqlite::{Connection, ErrorCode, Result, Row};

/// Maximum number of problems reported of each kind.
const MOST: usize = 20;

const INTEGRITY: &str = "PRAGMA integrity_check(20)";
const REFERENCES: &str = "PRAGMA foreign_key_check";

// A room being deleted loses its messages in steps; in other rooms each message keeps its place,
// also when it is deleted.
const GAPS: &str = "SELECT r.id AS room, r.last_seq AS last, count(m.id) AS count, \
                    coalesce(max(m.seq), 0) AS high
    FROM rooms r LEFT JOIN messages m ON m.room = r.id WHERE r.deleted IS NULL
    GROUP BY r.id HAVING count(m.id) <> r.last_seq OR coalesce(max(m.seq), 0) <> r.last_seq OR \
                    coalesce(min(m.seq), 1) <> 1";
const AHEAD: &str = "SELECT m.room, m.seq, m.rev, r.rev AS of_room FROM messages m JOIN rooms r \
                     ON r.id = m.room WHERE m.rev > r.rev";
const STRANGERS: &str = "SELECT p.room, p.user FROM participants p LEFT JOIN users u ON u.id = \
                         p.user
    WHERE u.id IS NULL OR (u.deleted IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind \
                         = 'farewell' AND j.target = u.id))";
const MARKS: &str = "SELECT p.room, p.user FROM participants p JOIN rooms r ON r.id = p.room \
                     WHERE p.mark > r.last_seq OR p.since > r.rev";
const NUMBERS: &str = "SELECT r.id AS room, r.users AS noted, count(p.id) AS count
    FROM rooms r LEFT JOIN participants p ON p.room = r.id GROUP BY r.id HAVING r.users <> \
                       count(p.id)";
const FILES: &str = "SELECT m.room, m.seq, m.media AS noted, count(a.place) AS count
    FROM messages m LEFT JOIN message_media a ON a.message = m.id GROUP BY m.id HAVING m.media <> \
                     count(a.place)";
const REACTIONS: &str = "SELECT m.room, m.seq FROM messages m WHERE m.reacted = 0 AND m.id IN \
                         (SELECT message FROM reactions)";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] =
    &[INTEGRITY, REFERENCES, GAPS, AHEAD, STRANGERS, MARKS, NUMBERS, FILES, REACTIONS];

/// Returns all problems of this database. A failure of SQLite is reported as a problem, too.
pub(super) fn problems(conn: &Connection) -> Vec<String> {
    let mut found = Vec::new();
    if let Err(error) = integrity(conn, &mut found) {
        found.push(failed(&error));
    }
    if !found.is_empty() {
        // Further results from a damaged file are meaningless.
        return found;
    }
    for (statement, sentence) in PROMISES {
        if let Err(error) = add(&mut found, conn, statement, sentence) {
            found.push(failed(&error));
        }
    }
    found
}

/// Describes a failure of SQLite: damage, or a disk that cannot be read.
pub(super) fn failed(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::CannotOpen,
        ) => format!("It cannot be read: {error}."),
        _ => damaged(&error.to_string()),
    }
}

/// Describes damage.
pub(super) fn damaged(why: &str) -> String {
    format!("The file is damaged: {}.", why.trim_end_matches('.'))
}

/// Returns SQLite's findings, as far as it gets.
fn integrity(conn: &Connection, found: &mut Vec<String>) -> Result<()> {
    let mut asked = conn.prepare(INTEGRITY)?;
    let mut rows = asked.query(())?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            found.push(damaged(&line));
        }
    }
    Ok(())
}

/// Describes a row returned by a query.
type Sentence = fn(&Row<'_>) -> Result<String>;

/// Invariants of the rows: a row returned violates one.
const PROMISES: [(&str, Sentence); 8] = [
    (REFERENCES, |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        let id =
            row.get::<_, Option<i64>>(1)?.map_or_else(String::new, |id| format!(" (row {id})"));
        Ok(format!("A row of {table} refers to a missing row of {parent}{id}."))
    }),
    (GAPS, |row| {
        let (count, high, last): (i64, i64, i64) =
            (row.get("count")?, row.get("high")?, row.get("last")?);
        Ok(format!(
            "Room {} has {count} messages up to number {high} instead of all from 1 to {last}.",
            row.get::<_, i64>("room")?
        ))
    }),
    (AHEAD, |row| {
        let (rev, of_room): (i64, i64) = (row.get("rev")?, row.get("of_room")?);
        Ok(format!("{} has rev {rev}, but the room only has rev {of_room}.", message(row)?))
    }),
    (STRANGERS, |row| Ok(format!("{} is a deleted user.", participant(row)?))),
    (MARKS, |row| Ok(format!("{} is ahead of the room.", participant(row)?))),
    (NUMBERS, |row| {
        let (noted, count): (i64, i64) = (row.get("noted")?, row.get("count")?);
        Ok(format!(
            "Room {} has {count} participants but a count of {noted}.",
            row.get::<_, i64>("room")?
        ))
    }),
    (FILES, |row| {
        let (noted, count): (i64, i64) = (row.get("noted")?, row.get("count")?);
        Ok(format!("{} has {count} files but a count of {noted}.", message(row)?))
    }),
    (REACTIONS, |row| {
        Ok(format!("{} has reactions but is not marked as having them.", message(row)?))
    }),
];

fn add(
    found: &mut Vec<String>,
    conn: &Connection,
    statement: &str,
    sentence: Sentence,
) -> Result<()> {
    let mut asked = conn.prepare(statement)?;
    let mut rows = asked.query(())?;
    let mut told = 0;
    while let Some(row) = rows.next()? {
        told += 1;
        if told > MOST {
            found.push("… and more problems of this kind.".to_owned());
            break;
        }
        found.push(sentence(row)?);
    }
    Ok(())
}

fn message(row: &Row<'_>) -> Result<String> {
    Ok(format!("Message {} of room {}", row.get::<_, i64>("seq")?, row.get::<_, i64>("room")?))
}

fn participant(row: &Row<'_>) -> Result<String> {
    Ok(format!("Participant {} of room {}", row.get::<_, i64>("user")?, row.get::<_, i64>("room")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    fn database() -> (tempfile::TempDir, Connection) {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open(&dir.path().join("chat.db")).unwrap();
        conn.execute_batch(
            "INSERT INTO users (id, login, name, name_folded, password, created) VALUES (1, \
             'ann', 'Ann', 'ann', '', 0), (2, 'ben', 'Ben', 'ben', '', 0);
             INSERT INTO rooms (id, visibility, owner, last_seq, rev, facts_rev, created) VALUES \
             (1, 'private', 1, 2, 3, 1, 0);
             INSERT INTO participants (room, user, role, since, joined, mark_at) VALUES (1, 1, \
             'admin', 1, 0, 0), (1, 2, 'member', 1, 0, 0);
             INSERT INTO messages (id, room, seq, rev, author, text, created) VALUES (1, 1, 1, 2, \
             1, 'one', 0), (2, 1, 2, 3, 2, 'two', 0);",
        )
        .unwrap();
        (dir, conn)
    }

    #[test]
    fn a_whole_database_has_no_problems_also_while_a_room_is_carried_away() {
        let (_dir, conn) = database();
        assert_eq!(problems(&conn), [""; 0]);
        conn.execute_batch("UPDATE rooms SET deleted = 1; DELETE FROM messages WHERE id = 1")
            .unwrap();
        assert_eq!(problems(&conn), [""; 0]);
    }

    #[test]
    fn each_broken_promise_is_a_sentence() {
        for (damage, sentence) in [
            (
                "DELETE FROM messages WHERE id = 1",
                "Room 1 has 1 messages up to number 2 instead of all from 1 to 2.",
            ),
            (
                "UPDATE rooms SET last_seq = 5",
                "Room 1 has 2 messages up to number 2 instead of all from 1 to 5.",
            ),
            (
                "UPDATE messages SET rev = 9 WHERE id = 2",
                "Message 2 of room 1 has rev 9, but the room only has rev 3.",
            ),
            (
                "UPDATE users SET deleted = 1 WHERE id = 2",
                "Participant 2 of room 1 is a deleted user.",
            ),
            (
                "UPDATE participants SET mark = 9 WHERE user = 2",
                "Participant 2 of room 1 is ahead of the room.",
            ),
            ("UPDATE rooms SET users = 7", "Room 1 has 2 participants but a count of 7."),
            (
                "UPDATE messages SET media = 1 WHERE id = 1",
                "Message 1 of room 1 has 0 files but a count of 1.",
            ),
            (
                "INSERT INTO reactions (message, user, reaction, at) VALUES (1, 1, 'like', 0)",
                "Message 1 of room 1 has reactions but is not marked as having them.",
            ),
            (
                "UPDATE messages SET author = 77 WHERE id = 1",
                "A row of messages refers to a missing row of users (row 1).",
            ),
        ] {
            let (_dir, conn) = database();
            conn.execute_batch(damage).unwrap();
            assert_eq!(problems(&conn), [sentence], "{damage}");
        }
    }

    #[test]
    fn a_damaged_file_is_found_and_a_long_list_is_cut() {
        let (_dir, conn) = database();
        for id in 3..50 {
            conn.execute(
                "INSERT INTO messages (id, room, seq, rev, author, text, created) VALUES (?1, 1, \
                 ?1, 99, 1, '', 0)",
                [id],
            )
            .unwrap();
        }
        conn.execute_batch("UPDATE rooms SET last_seq = 49").unwrap();
        let found = problems(&conn);
        assert_eq!(
            (found.len(), found.last().unwrap().as_str()),
            (MOST + 1, "… and more problems of this kind.")
        );
        let broken = "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = \
                      'messages_rev'; PRAGMA writable_schema = RESET;";
        conn.execute_batch(broken).unwrap();
        let found = problems(&conn);
        assert!(
            found.iter().all(|line| line.starts_with("The file is damaged: ")) && !found.is_empty(),
            "{found:?}"
        );
    }
}
