//! Reloads of the configuration, and a log that cannot be written.

use rusqlite::Connection;
use serde_json::json;

use super::{actions, entries};
use crate::support::{Client, Ctl, PATIENCE, Server, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_is_recorded_with_the_keys_that_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[auth]\npassword_min_length = 8\n").unwrap();
    let file_name = file.to_str().unwrap();
    let server = Server::start_with(&[("CONFIG", file_name)]).await;
    let ctl = Ctl::of(&server).set("CONFIG", file_name);
    ctl.run(&["reload"]).ends(0);
    assert_eq!(actions(&ctl), [""; 0], "nothing has changed");
    std::fs::write(&file, "[auth]\npassword_min_length = 12\n[rooms]\nrecent_messages = 7\n")
        .unwrap();
    ctl.run(&["reload"]).ends(0);
    ctl.run(&["reload"]).ends(0);
    std::fs::write(&file, "[auth]\npassword_min_length = 10\n").unwrap();
    let pid = server.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    server.wait_for_log(&["was reloaded", "in force: auth.password_min_length."]).await;
    let found = entries(&ctl);
    assert_eq!(texts(&json!(found), "action"), ["config.reload", "config.reload"]);
    let key = "auth.password_min_length";
    assert_eq!((&found[0]["before"], &found[0]["after"]), (&json!({key: 8}), &json!({key: 12})));
    assert_eq!(found[0]["actor"]["kind"], "cli");
    assert_eq!(found[1]["actor"], json!({"kind": "server", "id": null, "name": "server"}));
    assert_eq!((&found[1]["from"], &found[1]["after"]), (&json!("signal"), &json!({key: 10})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_entry_no_change_is_made_but_data_can_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[auth]\npassword_min_length = 8\n").unwrap();
    let server = Server::start_with(&[("CONFIG", file.to_str().unwrap())]).await;
    let ctl = Ctl::of(&server).set("CONFIG", file.to_str().unwrap());
    ctl.create("ann", &[]);
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END";
    let conn = Connection::open(server.data().join("chat.db")).unwrap();
    conn.busy_timeout(PATIENCE).unwrap();
    conn.execute_batch(trap).unwrap();
    ctl.run(&["user", "disable", "ann"]).ends(1);
    assert_eq!(ctl.one(&["user", "show", "ann"])["disabled"], false);
    std::fs::write(&file, "[auth]\npassword_min_length = 20\n").unwrap();
    ctl.run(&["reload"]).fails(1, "the audit log cannot be written");
    let short = json!({"userId": "ben", "password": "long enough"});
    Client::new(&server).post("/api/users", short).await.is(201);

    let saved = folder.path().join("all.jsonl");
    ctl.run(&["export", saved.to_str().unwrap()]).ends(0);
    server.wait_for_log(&["[ERROR]", "The audit log has no entry of a command"]).await;
    conn.execute_batch("DROP TRIGGER trap").unwrap();
    ctl.run(&["user", "disable", "ann"]).ends(0);
    assert_eq!(actions(&ctl), ["user.create", "user.disable"]);
}
