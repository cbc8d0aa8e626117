//! The look of several servers: set on one, it is in force on all.

use serde_json::json;

use super::{Common, until};
use crate::store::cassandra::is_wanted;
use crate::support::{Client, Ctl, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_set_on_one_server_is_shown_by_all() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let servers = [common.server(&[]).await, common.server(&[]).await];
    let ann = Person::new(&servers[1], "ann").await;
    let mut socket = ann.open().await;
    let facts = async || Client::new(&servers[1]).get("/api/server").await.is(200);
    assert_eq!(facts().await.get("name"), None);
    let ctl = common.ctl(Ctl::of(&servers[0]));
    ctl.run(&["server", "set", "--name", "Pier", "--motd", "Hello"]).ends(0);
    let told = socket.until("server_updated").await;
    assert_eq!((&told["name"], &told["motd"]), (&json!("Pier"), &json!("Hello")));
    let named = async || (facts().await["name"] == "Pier").then_some(());
    until("the other server knows it", named).await;
}
