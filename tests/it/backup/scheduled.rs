//! Automatic backups.

use serde_json::json;

use super::done;
use crate::support::{Client, Json, PATIENCE, Person, Server};

/// Once a day, keeping one.
const DAILY: [(&str, &str); 2] = [("BACKUP__EVERY_HOURS", "24"), ("BACKUP__KEEP", "1")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_makes_the_backup_that_was_missed_while_it_was_off() {
    let server = Server::start_with(&DAILY).await;
    server.wait_for_log(&["Created the backup chatctl-"]).await;
    let listed = done(server.data(), &["backup", "list"]).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["problem"]), (1, &Json::Null));
    let client = Client::new(&server);
    let told = async {
        while !client.get("/metrics").await.text.contains("\nchatctl_backup_age_seconds ") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("its age is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_fails_is_an_error_and_is_made_once_it_is_possible() {
    let data = tempfile::tempdir().unwrap();
    let in_the_way = data.path().join("backups");
    std::os::unix::fs::symlink("/nowhere/at/all", &in_the_way).unwrap();
    let server = Server::start_in(data, &DAILY).await;
    server.wait_for_log(&["[ERROR]", "backups"]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say(&room, "the chat goes on").await;
    std::fs::remove_file(&in_the_way).unwrap();
    server.wait_for_log(&["Created the backup chatctl-"]).await;
    let listed = done(server.data(), &["backup", "list"]).await;
    assert_eq!((&listed[0]["messages"], &listed[0]["problem"]), (&json!(1), &Json::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_server_makes_its_own() {
    let server = Server::start_with(&DAILY).await;
    server.wait_for_log(&["Created the backup chatctl-"]).await;
    let made = done(server.data(), &["backup", "list"]).await;
    let target = tempfile::tempdir().unwrap();
    done(target.path(), &["backup", "restore", made[0]["path"].as_str().unwrap()]).await;
    let restored = Server::start_in(target, &DAILY).await;
    restored.wait_for_log(&["Created the backup chatctl-"]).await;
    let own = done(restored.data(), &["backup", "list"]).await;
    let own = own[0]["path"].as_str().unwrap();
    assert!(own.starts_with(restored.data().to_str().unwrap()), "{own}");
    assert_eq!(done(restored.data(), &["backup", "verify", own]).await["problems"], json!([]));
}
