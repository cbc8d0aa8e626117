//! Files removed or replaced under a running server: nothing is acknowledged that would be lost.

use std::fs;

use serde_json::json;

use super::health_becomes;
use crate::support::{Ctl, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_while_the_database_is_not_where_it_was() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say(&room, "before").await;
    let (path, log, aside) = (
        server.data().join("chat.db"),
        server.data().join("chat.db-wal"),
        server.data().join("aside"),
    );
    let at = format!("/api/chatrooms/{room}/messages");
    for file in [&path, &log] {
        for replaced in [false, true] {
            fs::rename(file, &aside).unwrap();
            if replaced {
                fs::copy(&aside, file).unwrap();
            }
            ann.post(&at, json!({"content": "into nothing"})).await.fails(503, "unavailable");
            health_becomes(&server, 503, "failing").await;
            let ctl = Ctl::of(&server);
            let said = ctl.run(&["doctor", "--only", "database", "-o", "json"]);
            said.ends(6);
            assert!(said.out.contains("was removed or replaced while the server runs"), "{said:?}");
            // The server knows, even if there is no file left to examine.
            let checked = ctl.run(&["db", "check", "-o", "json"]);
            checked.ends(6);
            assert!(checked.out.contains("was removed or replaced"), "{checked:?}");
            ctl.run(&["backup", "create"]).ends(1);
            fs::rename(&aside, file).unwrap();
            health_becomes(&server, 200, "ok").await;
            ann.say(&room, "it is back").await;
        }
    }
    server.kill9();
    server.restart().await;
    let contents = ann.at(server.address()).contents(&room).await;
    assert_eq!(
        contents,
        ["before", "it is back", "it is back", "it is back", "it is back"],
        "what was acknowledged is there"
    );
}
