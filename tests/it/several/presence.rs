//! Who is online, away or offline is the same on all servers.

use serde_json::json;

use super::Common;
use crate::store::cassandra::is_wanted;
use crate::support::{Json, Person, Socket};

/// Waits until ann is told as online, away or offline.
async fn told(socket: &mut Socket, how: &str) {
    let is = |frame: &Json| frame["type"] == "user_presence" && frame[how] == json!(["ann"]);
    socket.expect(is).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_on_any_server_count_until_it_dies() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let mut servers = [common.server(&[]).await, common.server(&[]).await];
    let ann = Person::new(&servers[0], "ann").await;
    let ben = Person::new(&servers[1], "ben").await;
    let mut bens = ben.open().await;
    let watch = json!({"type": "watch_presence", "user_ids": ["ann"]});
    assert_eq!(bens.ask(watch.clone()).await["offline"], json!(["ann"]));
    let mut laptop = ann.open().await;
    told(&mut bens, "online").await;
    let idle = json!({"type": "set_idle", "idle": true});
    laptop.send(idle.clone()).await;
    told(&mut bens, "away").await;
    let here = Person::known(&servers[1], "ann").await;
    let mut phone = here.open().await;
    told(&mut bens, "online").await;
    phone.send(idle).await;
    told(&mut bens, "away").await;
    phone.close().await;
    assert_eq!(bens.ask(watch.clone()).await["away"], json!(["ann"]), "the laptop");
    servers[0].kill9();
    told(&mut bens, "offline").await;
    assert_eq!(bens.ask(watch).await["offline"], json!(["ann"]));
}
