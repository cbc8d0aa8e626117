//! Fragmented messages: many small parts form a message, and parts without content are refused in
//! the end.

use serde_json::json;

use crate::support::{Server, people};

#[tokio::test]
async fn a_message_may_come_in_parts_but_they_must_lead_to_one() {
    let server = Server::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let mut socket = ann.open().await;
    let ping = json!({"type": "ping", "ref": "in parts"}).to_string();
    let first = ping.chars().next().map(String::from).unwrap_or_default();
    assert!(socket.try_send_part(true, &first).await);
    for sign in ping.chars().skip(1) {
        assert!(socket.try_send_part(false, &sign.to_string()).await);
        assert!(socket.try_send_part(false, "").await);
    }
    socket.end_parts().await;
    assert_eq!(socket.until("pong").await["ref"], "in parts");
    // Headers only: 6 bytes each, more than any fragmented message needs.
    assert!(socket.try_send_part(true, "").await);
    for _ in 0..60_000 {
        if !socket.try_send_part(false, "").await {
            break;
        }
    }
    socket.push().await;
    assert_eq!(socket.closed().await, 1009);
}
