//! What is local to each server: its search index, its status, its log.

use serde_json::json;

use super::{Common, until};
use crate::store::cassandra::is_wanted;
use crate::support::{Ctl, Person};

/// Waits until a search finds so many messages.
async fn finds(person: &Person, word: &str, count: usize) {
    until(&format!("{word} is found {count} times"), async || {
        let found = person.get(&format!("/api/search?q={word}")).await.is(200);
        (found["messages"].as_array().unwrap().len() == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_server_builds_its_index_again() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let (mut one, two) = (common.server(&[]).await, common.server(&[]).await);
    let ann = Person::new(&one, "ann").await;
    let room = ann.room(&[]).await;
    for n in 0..3 {
        ann.say(&room, &format!("kiwi {n}")).await;
    }
    let there = ann.at(two.address());
    finds(&ann, "kiwi", 3).await;
    finds(&there, "kiwi", 3).await;
    // While they run.
    for server in [&one, &two] {
        let rebuilt = Ctl::of(server).one(&["db", "reindex"]);
        assert!(rebuilt["search_bytes"].as_u64().unwrap() > 0, "{rebuilt}");
    }
    finds(&ann, "kiwi", 3).await;
    finds(&there, "kiwi", 3).await;
    // Stopped, with messages that came meanwhile.
    one.terminate().await;
    there.say(&room, "kiwi 4").await;
    let ctl = common.ctl(Ctl::of(&one));
    ctl.one(&["db", "reindex"]);
    one.restart().await;
    finds(&ann.at(one.address()), "kiwi", 4).await;
    let off = Ctl::of(&one).run(&["db", "vacuum"]);
    off.fails(1, "the data is in a cluster, not in files of this server");
    // Without an index.
    one.terminate().await;
    ctl.set("CLUSTER__SEARCH", "false")
        .run(&["db", "reindex"])
        .fails(4, "[cluster] search is off: this server has no search index");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_rooms_are_counted_once_and_shown_by_status() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let data = tempfile::tempdir().unwrap();
    let stopped = common.ctl(Ctl::at(data.path()));
    stopped
        .run_with(
            &["user", "create", "root", "--admin", "--init", "--password-stdin"],
            "long enough\n",
        )
        .ends(0);
    // The first server counts when it starts.
    let server = common.server(&[]).await;
    let keyspace = until("the numbers are counted", async || {
        let all = stopped.all(&["cluster", "status"]);
        all.into_iter().find(|part| part["part"] == "keyspace" && part["users"] == 1)
    })
    .await;
    assert_eq!((&keyspace["public_rooms"], &keyspace["private_rooms"]), (&json!(0), &json!(0)));
    assert!(keyspace["details"].as_str().unwrap().ends_with("1 account, 0 rooms"), "{keyspace}");
    let client = crate::support::Client::new(&server);
    let id = Ctl::of(&server).one(&["status"])["server_id"].as_str().unwrap().to_owned();
    until("the metrics have the numbers", async || {
        let text = client.get("/metrics").await.text;
        let named = text.contains(&format!("chatctl_server_info{{server=\"{id}\",host="));
        let complete = text.contains("chatctl_search_lag_messages 0\n");
        (named && complete && text.contains("chatctl_users 1\n")).then_some(())
    })
    .await;
}
