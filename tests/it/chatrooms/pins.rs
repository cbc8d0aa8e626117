//! Pinned messages.

use serde_json::json;

use crate::support::{Json, Server, has_exactly, people};

#[tokio::test]
async fn messages_are_pinned_listed_and_unpinned_by_any_participant() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ann.say_all(&room, &["one", "two", "three"]).await;
    let pins = format!("/api/chatrooms/{room}/pins");
    let listed = async |person: &crate::support::Person| -> Vec<(Json, Json)> {
        let all = person.get(&pins).await.is(200);
        all["pins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pin| (pin["message"]["messageId"].clone(), pin["userId"].clone()))
            .collect()
    };
    assert!(listed(&ann).await.is_empty());
    let mut socket = ben.subscribe().await;
    ann.put(&format!("{pins}/{}", keys[0])).await.is(204);
    let told = socket.until("room_updated").await;
    has_exactly(&told, &["type", "room_id", "rev", "name", "visibility", "owner_id", "timestamp"]);
    ben.put(&format!("{pins}/{}", keys[2])).await.is(204);
    let rev = ann.see(&room).await["rev"].clone();
    ann.put(&format!("{pins}/{}", keys[2])).await.is(204);
    assert_eq!(ann.see(&room).await["rev"], rev, "what is pinned stays as it is");
    assert_eq!(
        listed(&ann).await,
        [(json!(keys[2]), json!("ben")), (json!(keys[0]), json!("ann"))]
    );
    let whole = ann.get(&pins).await.is(200);
    has_exactly(&whole["pins"][0], &["message", "userId", "pinnedAt"]);
    assert_eq!(whole["pins"][0]["message"]["content"], "three");

    ann.delete(&format!("{pins}/{}", keys[2])).await.is(204);
    ann.delete(&format!("{pins}/{}", keys[2])).await.fails(404, "message_not_found");
    ann.delete(&format!("/api/chatrooms/{room}/messages/{}", keys[0])).await.is(204);
    assert!(listed(&ben).await.is_empty(), "a message that is deleted is pinned no longer");
    for unknown in [keys[0].as_str(), "msg9000000001", "nonsense"] {
        ann.put(&format!("{pins}/{unknown}")).await.fails(404, "message_not_found");
    }
    cyd.get(&pins).await.fails(404, "room_not_found");
    cyd.put(&format!("{pins}/{}", keys[1])).await.fails(404, "room_not_found");
    cyd.delete(&format!("{pins}/{}", keys[1])).await.fails(404, "room_not_found");
}

#[tokio::test]
async fn a_room_has_a_hundred_pins_at_most() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    let pins = format!("/api/chatrooms/{room}/pins");
    let mut keys = Vec::new();
    for number in 0..101 {
        keys.push(
            ann.say(&room, &number.to_string()).await["messageId"].as_str().unwrap().to_owned(),
        );
    }
    for key in &keys[..100] {
        ann.put(&format!("{pins}/{key}")).await.is(204);
    }
    ann.put(&format!("{pins}/{}", keys[100])).await.blames("messageId");
    ann.put(&format!("{pins}/{}", keys[99])).await.is(204);
    ann.delete(&format!("{pins}/{}", keys[0])).await.is(204);
    ann.put(&format!("{pins}/{}", keys[100])).await.is(204);
}
