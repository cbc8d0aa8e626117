//! A database of the first schema, on the command line.

use rusqlite::Connection;
use serde_json::json;

use super::{done, fails};
use crate::support::Server;

/// Distinguishes our databases from those of other programs.
const APPLICATION: &str = "PRAGMA application_id";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_database_is_migrated_when_it_is_asked_for_and_the_plan_changes_nothing() {
    let mut server = Server::start().await;
    server.terminate().await;
    let path = server.data().join("chat.db");
    let application: i64 =
        Connection::open(&path).unwrap().query_row(APPLICATION, (), |row| row.get(0)).unwrap();
    let data = tempfile::tempdir().unwrap();
    let old = data.path().join("chat.db");
    {
        let conn = Connection::open(&old).unwrap();
        conn.execute_batch(include_str!("../../../src/store/sqlite/migrations/0001_start.sql"))
            .unwrap();
        conn.execute_batch(
            "INSERT INTO settings (key, value) VALUES ('epoch', CAST('old' AS BLOB))",
        )
        .unwrap();
        conn.execute_batch(
            "INSERT INTO users (login, folded, look_alike, name, name_folded, password, created) \
             VALUES ('old', 'old', 'old', 'Old', 'old', '', 0)",
        )
        .unwrap();
        conn.execute_batch(&format!("{APPLICATION} = {application}; PRAGMA user_version = 1"))
            .unwrap();
    }
    let before = std::fs::read(&old).unwrap();
    let plan = done(data.path(), &["db", "migrate", "--plan"]).await;
    assert_eq!((&plan["schema"], &plan["migrated"]), (&json!(1), &json!(false)));
    assert!(plan["migrations"].as_array().is_some_and(|list| !list.is_empty()), "{plan}");
    assert!(std::fs::read(&old).unwrap() == before, "a plan changes nothing");
    let migrated = done(data.path(), &["db", "migrate"]).await;
    assert_eq!(
        (&migrated["migrations"], &migrated["migrated"]),
        (&plan["migrations"], &json!(true))
    );
    let again = done(data.path(), &["db", "migrate", "--plan"]).await;
    assert_eq!((&again["migrations"], &again["schema"]), (&json!([]), &plan["known"]));
    assert_eq!(done(data.path(), &["user", "show", "old"]).await["display_name"], "Old");
    let kept = std::fs::read_dir(data.path())
        .unwrap()
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("chat.db."))
        .count();
    assert_eq!(kept, 1, "the old one is kept beside it");
    // A database of a future schema is refused everywhere.
    Connection::open(&old).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    for (arguments, code) in
        [(&["db", "migrate"][..], 4), (&["user", "list"], 1), (&["backup", "create"], 1)]
    {
        fails(data.path(), arguments, code).await;
    }
}
