//! The metrics of several servers: the dashboard has figures, and the alert fires.

use super::{Common, until};
use crate::prometheus::{Prometheus, dashboard, packaged};
use crate::store::cassandra::is_wanted;
use crate::support::Person;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_panel_for_several_servers_has_figures() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let free = [("LIMITS__ENABLED", "false")];
    let (one, two) = (common.server(&free).await, common.server(&free).await);
    let rules = packaged("chatctl.rules.yml").replace("for: 2m", "for: 1s");
    let prometheus = Prometheus::start(&rules, &[one.address(), two.address()]);
    let ann = Person::new(&one, "ann").await;
    let room = ann.public_room("Tea").await;
    let ben = Person::new(&two, "ben").await;
    ben.post(&format!("/api/chatrooms/{room}/join"), "").await.is(200);
    let mut socket = ben.enter(&room).await;
    let talk = async || {
        ann.say(&room, "a message").await;
        socket.hears("a message").await;
    };
    dashboard::all_have_figures(&prometheus, "grafana-cluster.json", talk).await;
    // Both count only what they have stored themselves.
    let stored = prometheus.query("sum by (instance) (chatctl_messages_total)").await;
    let of_two = stored.iter().find(|series| series["metric"]["instance"] == two.address());
    assert_eq!(of_two.unwrap()["value"][1], "0", "{stored:?}");

    prometheus.fires("ChatctlBusDisconnected", false).await;
    common.redis.pause();
    prometheus.fires("ChatctlBusDisconnected", true).await;
    common.redis.resume();
    prometheus.fires("ChatctlBusDisconnected", false).await;
    until("messages arrive at once again", async || {
        ann.say(&room, "back").await;
        Some(socket.hears("back").await)
    })
    .await;
}
