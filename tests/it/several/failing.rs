//! What servers say while Redis or Cassandra is away.

use super::{Common, health};
use crate::store::cassandra::{Ring, is_wanted};
use crate::support::{Ctl, Person, Server};

/// Lines of the output that say something of the database.
fn of_database(server: &Server) -> Vec<String> {
    let output = server.output();
    output.into_iter().filter(|line| line.contains("The database of the cluster")).collect()
}

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

    // Without Redis everything works; only other servers hear of it later.
    common.redis.pause();
    health(&server, 200, "ok", "failing").await;
    assert_eq!(Ctl::of(&server).one(&["status"])["bus"], "failing");
    ann.say(&room, "without Redis").await;
    common.redis.resume();
    health(&server, 200, "ok", "ok").await;
    common.redis.restart();
    server.wait_for_log(&["Redis is back"]).await;
    health(&server, 200, "ok", "ok").await;

    // A node that stands still, and one that is gone.
    ring.nodes[0].stop();
    health(&server, 503, "failing", "ok").await;
    let said =
        ann.post(&format!("/api/chatrooms/{room}/messages"), serde_json::json!({"content": "?"}));
    said.await.fails(503, "unavailable");
    ring.nodes[0].go_on();
    health(&server, 200, "ok", "ok").await;
    ring.nodes[0].kill();
    health(&server, 503, "failing", "ok").await;
    tokio::task::block_in_place(|| ring.start_again(0));
    health(&server, 200, "ok", "ok").await;
    ann.say(&room, "again").await;

    // One line on each loss and return at most, and nothing of the driver.
    let said = of_database(&server);
    let losses = said.iter().filter(|line| line.contains("does not respond")).count();
    let returns = said.iter().filter(|line| line.contains("responds again")).count();
    assert!((1..=2).contains(&losses) && returns == losses, "{said:#?}");
    let output = server.output();
    let errors: Vec<&String> =
        output.iter().filter(|line| line.contains("[ERROR]") || line.starts_with("    ")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let warnings: Vec<&String> = output.iter().filter(|line| line.contains("[WARN]")).collect();
    assert!(warnings.len() <= 8, "{warnings:#?}");
}
