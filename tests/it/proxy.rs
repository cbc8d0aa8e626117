//! Tests the proxy used by other tests.

use crate::support::{Person, Proxy, Server};

#[tokio::test]
async fn a_network_that_is_cut_ends_connections_and_heals_for_new_ones() {
    let mut server = Server::start().await;
    let proxy = Proxy::to(server.address()).await;
    let ann = Person::new(&server, "ann").await.at(proxy.address());
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    socket.say("through the proxy").await;
    proxy.cut();
    assert_eq!(socket.closed().await, 1006);
    proxy.heal();
    ann.enter(&room).await.say("through it again").await;
    server.restart().await;
    proxy.lead_to(server.address());
    assert_eq!(ann.contents(&room).await, ["through the proxy", "through it again"]);
}
