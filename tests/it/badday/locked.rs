//! Another program locks the database, such as a shell with an open transaction.

use rusqlite::Connection;
use serde_json::json;

use super::health_becomes;
use crate::support::{Client, Ctl, PATIENCE, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_wait_are_refused_at_once_and_stored_when_it_is_free_again() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let other = Connection::open(server.data().join("chat.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // One after another, they would wait for minutes: longer than the patience of the client.
    let path = format!("/api/chatrooms/{room}/messages");
    let posts = (0..100).map(|n| ann.post(&path, json!({"content": format!("early {n}")})));
    for answer in futures_util::future::join_all(posts).await {
        answer.fails(503, "unavailable");
    }
    health_becomes(&server, 503, "failing").await;
    other.execute_batch("ROLLBACK").unwrap();
    health_becomes(&server, 200, "ok").await;
    ann.say(&room, "late").await;
    assert_eq!(ann.contents(&room).await, ["late"]);
    let client = Client::new(&server);
    let answered =
        async { while !client.get("/metrics").await.text.contains("\nchatctl_store_queue 0\n") {} };
    tokio::time::timeout(PATIENCE, answered).await.expect("nothing waits any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_of_a_running_server_leave_its_locks_to_it() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let ctl = Ctl::of(&server);
    ctl.run(&["doctor"]);
    ctl.run(&["db", "check"]).ends(0);
    // A program that believes to be alone removes the write-ahead log when it closes the database.
    let other = Connection::open(server.data().join("chat.db")).unwrap();
    let users: i64 = other.query_row("SELECT count(*) FROM users", (), |row| row.get(0)).unwrap();
    assert_eq!(users, 1);
    drop(other);
    ann.say(&room, "stored").await;
    health_becomes(&server, 200, "ok").await;
    assert_eq!(ann.contents(&room).await, ["stored"]);
}
