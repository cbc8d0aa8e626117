//! How long entries stay, and what backups and exports do with them.

use rusqlite::Connection;
use serde_json::json;

use super::{actions, entries};
use crate::support::{Ctl, PATIENCE, Server, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_entries_are_removed_and_others_stay() {
    let mut server = Server::start_with(&[("AUDIT__DAYS", "0")]).await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    assert!(server.terminate().await.success());
    let conn = Connection::open(server.data().join("chat.db")).unwrap();
    let old = "INSERT INTO audit (at, actor, actor_name, actor_key, origin, action)
        WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 1200)
        SELECT at, 'cli', 'old', 'old', 'socket', 'db.vacuum' FROM n";
    conn.execute_batch(old).unwrap();
    drop(conn);
    // 0 keeps them for ever; a command on the stopped server removes none, either.
    server.restart().await;
    assert_eq!(entries(&ctl).len(), 1201);
    assert!(server.terminate().await.success());
    server.set("AUDIT__DAYS", "30");
    server.restart().await;
    let began = std::time::Instant::now();
    while entries(&ctl).len() > 1 {
        assert!(began.elapsed() < PATIENCE, "old entries stay");
    }
    assert_eq!(actions(&ctl), ["user.create"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_removes_no_entry_and_is_one() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("one.tar.zst");
    let backup = backup.to_str().unwrap();
    ctl.run(&["backup", "create", backup]).ends(0);
    ctl.create("mallory", &["--admin"]);
    ctl.run(&["user", "disable", "ann"]).ends(0);
    assert!(server.terminate().await.success());
    ctl.run(&["backup", "restore", backup, "--replace", "--yes"]).ends(0);
    assert_eq!(texts(&json!(ctl.all(&["user", "list"])), "name"), ["ann"]);
    let found = entries(&ctl);
    assert_eq!(
        texts(&json!(found), "action"),
        ["user.create", "backup.create", "user.create", "user.disable", "backup.restore"]
    );
    let restored = found.last().unwrap();
    assert_eq!(restored["target"], json!({"kind": "backup", "id": "one.tar.zst", "name": null}));
    assert_eq!(
        (&restored["from"], &restored["after"]["entries_kept"]),
        (&json!("stopped server"), &json!(2))
    );

    // On another machine there is nothing to keep.
    let there = folder.path().join("there");
    let other = Ctl::at(&there);
    other.run(&["backup", "restore", backup]).ends(0);
    assert_eq!(actions(&other), ["user.create", "backup.create", "backup.restore"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_recorded_and_an_export_takes_no_entries_along() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.jsonl");
    let file = file.to_str().unwrap();
    ctl.run(&["export", file]).ends(0);
    assert!(!std::fs::read_to_string(file).unwrap().contains("user.create"));
    let other = Ctl::at(&folder.path().join("other"));
    other.run(&["import", file]).ends(0);
    let found = entries(&other);
    assert_eq!(texts(&json!(found), "action"), ["instance.import"]);
    assert_eq!(found[0]["after"]["format"], "chatctl");
    // Into data with entries of its own.
    assert!(server.terminate().await.success());
    ctl.run(&["import", file, "--dry-run"]).ends(0);
    ctl.run(&["import", file, "--yes"]).ends(0);
    assert_eq!(actions(&ctl), ["user.create", "instance.export", "instance.import"]);
}
