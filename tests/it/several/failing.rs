//! What servers say while Redis or Cassandra is away.

use serde_json::json;

use super::{Common, health, until};
use crate::store::cassandra::{Ring, is_wanted};
use crate::support::{Ctl, Person, Server};

/// Lines of the output that contain one of these words, in order.
fn lines(server: &Server, words: &[&str]) -> Vec<String> {
    let output = server.output();
    output.into_iter().filter(|line| words.iter().any(|word| line.contains(word))).collect()
}

/// Waits until these words have been written so many times.
async fn said(server: &Server, words: &str, times: usize) {
    until(&format!("{words}, {times} times"), async || {
        (lines(server, &[words]).len() == times).then_some(())
    })
    .await;
}

const REDIS_AWAY: &str = "Redis does not respond";
const REDIS_BACK: &str = "Redis is back";
const NODES_AWAY: &str = "The database of the cluster does not respond";
const NODES_BACK: &str = "The database of the cluster responds again";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_log_tell_the_store_from_the_bus() {
    if !is_wanted() {
        return;
    }
    let mut ring = tokio::task::block_in_place(|| Ring::start(1));
    let mut common = Common::on(&ring.nodes[0].address, &[]);
    let server = common.server(&[]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    health(&server, 200, "ok", "ok").await;

    // Redis stands still, then it is gone. Everything works; only other servers hear of it later.
    common.redis.pause();
    health(&server, 200, "ok", "failing").await;
    said(&server, REDIS_AWAY, 1).await;
    assert_eq!(Ctl::of(&server).one(&["status"])["bus"], "failing");
    ann.say(&room, "without an answer of Redis").await;
    common.redis.resume();
    health(&server, 200, "ok", "ok").await;
    said(&server, REDIS_BACK, 1).await;
    common.redis.kill();
    health(&server, 200, "ok", "failing").await;
    said(&server, REDIS_AWAY, 2).await;
    ann.say(&room, "without Redis").await;
    common.redis.restart();
    health(&server, 200, "ok", "ok").await;
    said(&server, REDIS_BACK, 2).await;

    // A node that stands still, and one that is gone.
    ring.nodes[0].stop();
    health(&server, 503, "failing", "ok").await;
    said(&server, NODES_AWAY, 1).await;
    let status = Ctl::of(&server).one(&["status"]);
    assert_eq!((&status["store"], &status["bus"]), (&json!("failing"), &json!("ok")));
    let path = format!("/api/chatrooms/{room}/messages");
    ann.post(&path, json!({"content": "?"})).await.fails(503, "unavailable");
    ring.nodes[0].go_on();
    health(&server, 200, "ok", "ok").await;
    said(&server, NODES_BACK, 1).await;
    ann.say(&room, "after a pause").await;
    ring.nodes[0].kill();
    health(&server, 503, "failing", "ok").await;
    tokio::task::block_in_place(|| ring.start_again(0));
    health(&server, 200, "ok", "ok").await;
    ann.say(&room, "after a restart").await;

    // Each loss was said once, before its return. What comes within a minute after the nodes were
    // said to be away is not said.
    let redis = lines(&server, &[REDIS_AWAY, REDIS_BACK]);
    let lost: Vec<bool> = redis.iter().map(|line| line.contains(REDIS_AWAY)).collect();
    assert_eq!(lost, [true, false, true, false], "{redis:#?}");
    let nodes = lines(&server, &[NODES_AWAY, NODES_BACK]);
    let lost: Vec<bool> = nodes.iter().map(|line| line.contains(NODES_AWAY)).collect();
    assert!([&[true, false][..], &[true, false, true, false]].contains(&&lost[..]), "{nodes:#?}");
    let errors = lines(&server, &["[ERROR]", "panicked"]);
    assert!(errors.is_empty(), "{errors:#?}");
    let warnings = lines(&server, &["[WARN]"]);
    assert!(warnings.len() <= 8, "{warnings:#?}");
}
