//! Tests migrations of data in older databases.

use super::*;

/// Creates a database with the first `known` migrations and these rows, and opens it with the
/// current schema.
fn migrated(known: usize, rows: &str) -> (tempfile::TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.db");
    create(&path).unwrap();
    open_with(&path, &MIGRATIONS[..known]).unwrap().execute_batch(rows).unwrap();
    let conn = open(&path).unwrap();
    (dir, conn)
}

fn rows<T: rusqlite::types::FromSql>(conn: &Connection, sql: &str) -> Vec<T> {
    sql::all(conn, sql, (), |row| row.get(0)).unwrap()
}

#[test]
fn reactions_that_differ_in_a_selector_only_become_one() {
    let (_dir, conn) = migrated(
        3,
        "INSERT INTO users (id, login, name, name_folded, password, created) VALUES (1, 'ann', \
         '', '', '', 0), (2, 'bob', '', '', '', 0);
         INSERT INTO rooms (id, visibility, rev, facts_rev, last_seq, created) VALUES (1, \
         'private', 9, 1, 3, 0), (2, 'private', 5, 1, 1, 0);
         INSERT INTO messages (id, room, seq, rev, author, text, created, reacted) VALUES (1, 1, \
         1, 8, 1, 'a', 0, 1), (2, 1, 2, 9, 1, 'b', 0, 1),
             (3, 1, 3, 4, 1, 'c', 0, 1), (4, 2, 1, 5, 1, 'd', 0, 1);
         INSERT INTO reactions (id, message, user, reaction, at) VALUES (1, 1, 1, '❤', 0), (2, 1, \
         1, '❤️', 0), (3, 1, 2, '❤️', 0), (4, 1, 1, '👍', 0),
             (5, 2, 2, '☀', 0), (6, 3, 1, '👍🏽', 0), (7, 4, 1, 'like', 0), (8, 4, 2, 'of another \
         time', 0);",
    );
    let reactions: Vec<String> =
        rows(&conn, "SELECT id || message || user || reaction FROM reactions ORDER BY id");
    assert_eq!(
        reactions,
        ["111❤️", "312❤️", "411👍", "522☀️", "631👍🏽", "741like", "842of another time"]
    );
    assert_eq!(
        rows::<i64>(&conn, "SELECT rev FROM messages ORDER BY id"),
        [10, 11, 4, 5],
        "what has changed has a rev of its own"
    );
    assert_eq!(rows::<i64>(&conn, "SELECT rev FROM rooms ORDER BY id"), [11, 5]);
    let known = number(MIGRATIONS);
    assert_eq!(
        rows::<String>(&conn, "SELECT action || before || after FROM audit"),
        [format!("db.migrate{{\"schema\":3}}{{\"schema\":{known}}}")]
    );
    assert!(conn.prepare("SELECT reaction_form('x')").is_err(), "only migrations have it");
}

#[test]
fn names_are_compared_as_they_are_today_and_nobody_is_locked_out() {
    let (_dir, conn) = migrated(
        4,
        "INSERT INTO users (id, login, folded, look_alike, name, name_folded, password, created) \
         VALUES
             (1, 'Σίσυφος', 'σίσυφος', 'σίσυφος', ' A  b', ' a  b', '', 0), (2, 'ΣΊΣΥΦΟΣ', \
         'σίσυφοσ', 'σίσυφοσ', 'B', 'b', '', 0),
             (3, 'Άδης', 'άδης', 'άδης', 'Άδης', 'άδης', '', 0), (4, 'ann', 'ann', 'ann', 'Ann', \
         'ann', '', 0);
         INSERT INTO users (id, login, name, name_folded, password, created, deleted) VALUES (5, \
         '', '', '', '', 0, 1);
         INSERT INTO rooms (id, name, folded, visibility, rev, facts_rev, created) VALUES (1, \
         'general talk', 'general talk', 'public', 1, 1, 0),
             (2, 'general  talk', 'general  talk', 'public', 1, 1, 0), (3, ' quiet\u{a0}place ', ' \
         quiet\u{a0}place ', 'public', 1, 1, 0);
         INSERT INTO participants (room, user, role, edited_name, since, joined, mark_at) VALUES \
         (1, 1, 'admin', 'a  b ', 1, 0, 0), (1, 4, 'member', '', 1, 0, 0);",
    );
    let users: Vec<String> = rows(
        &conn,
        "SELECT login || '/' || folded || '/' || name || '/' || name_folded FROM users WHERE \
         deleted IS NULL ORDER BY id",
    );
    assert_eq!(
        users,
        [
            "Σίσυφος-2/σίσυφοσ-2/A b/a b",
            "ΣΊΣΥΦΟΣ/σίσυφοσ/B/b",
            "Άδης/άδησ/Άδης/άδησ",
            "ann/ann/Ann/ann"
        ]
    );
    assert_eq!(
        rows::<String>(&conn, "SELECT name FROM rooms ORDER BY id"),
        ["general talk", "general  talk", "quiet place"]
    );
    assert_eq!(
        rows::<String>(&conn, "SELECT edited_name FROM participants ORDER BY user"),
        ["a b", ""]
    );
}

#[test]
fn older_replies_belong_to_the_first_message_of_their_chain() {
    let (_dir, conn) = migrated(
        10,
        "INSERT INTO messages (room, seq, rev, author, text, created, reply_to) VALUES
             (1, 1, 1, 1, '', 0, NULL), (1, 2, 2, 1, '', 0, 1), (1, 3, 3, 1, '', 0, 2),
             (1, 4, 4, 1, '', 0, NULL), (1, 5, 5, 1, '', 0, 4), (1, 6, 6, 1, '', 0, 3),
             (2, 1, 1, 1, '', 0, NULL), (2, 2, 2, 1, '', 0, NULL), (2, 3, 3, 1, '', 0, 2);",
    );
    assert_eq!(
        rows::<String>(
            &conn,
            "SELECT room || '/' || seq || '>' || thread FROM messages WHERE thread IS NOT NULL \
             ORDER BY room, seq"
        ),
        ["1/2>1", "1/3>1", "1/5>4", "1/6>1", "2/3>2"]
    );
}

#[test]
fn whoever_has_taken_part_in_a_thread_follows_it() {
    let (_dir, conn) = migrated(
        15,
        "INSERT INTO users (id, login, folded, look_alike, name, name_folded, password, created) \
         VALUES (1, 'ann', 'ann', 'ann', '', '', '', 0), (2, 'bob', 'bob', 'bob', '', '', '', 0),
             (3, 'cyd', 'cyd', 'cyd', '', '', '', 0), (4, 'dan', 'dan', 'dan', '', '', '', 0);
         INSERT INTO users (id, login, name, name_folded, password, created, deleted) VALUES (5, \
         '', '', '', '', 0, 1);
         INSERT INTO rooms (id, visibility, rev, facts_rev, last_seq, created) VALUES (1, \
         'private', 9, 1, 5, 0);
         INSERT INTO messages (room, seq, rev, author, text, created, reply_to, thread) VALUES
             (1, 1, 1, 1, '', 0, NULL, NULL), (1, 2, 2, 2, '', 0, 1, 1), (1, 3, 3, 2, '', 0, 2, 1),
             (1, 4, 4, 3, '', 0, NULL, NULL), (1, 5, 5, 5, '', 0, 1, 1);
         INSERT INTO mentions (room, user, seq) VALUES (1, 3, 1), (1, 4, 3), (1, 2, 4);",
    );
    assert_eq!(
        rows::<String>(
            &conn,
            "SELECT user || ':' || root || ':' || following || ':' || read FROM follows ORDER BY \
             user"
        ),
        ["1:1:1:0", "2:1:1:0", "3:1:1:0", "4:1:1:0"],
        "who wrote it, answered, and was mentioned in it; no deleted user, and no other message"
    );
}
