//! The main use of the server: two users chat in both dialects, one loses the connection and misses
//! nothing.

use serde_json::json;

use crate::support::{Proxy, Server, V1, is, number, people, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_connection_misses_nothing() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let proxy = Proxy::to(server.address()).await;
    let away = bob.at(proxy.address());
    let mut anns = ann.enter(&room).await;
    let mut bobs = away.subscribe().await;
    let first = anns.say("one").await;
    let seen = bobs.hears("one").await;
    assert_eq!((&seen["seq"], &seen["rev"]), (&first["seq"], &first["rev"]));

    proxy.cut();
    assert_eq!(bobs.closed().await, 1006);
    anns.say("two").await;
    let third = anns.say("three").await;
    anns.ask(json!({
        "type": "edit_message", "message_id": first["message_id"], "content": "one, edited",
    }))
    .await;
    anns.ask(json!({"type": "delete_message", "message_id": third["message_id"]})).await;
    anns.ask(
        json!({"type": "add_reaction", "message_id": first["message_id"], "reaction_type": "like"}),
    )
    .await;

    proxy.heal();
    let mut bobs = away.open().await;
    bobs.send(json!({"type": "subscribe", "since": {&room: seen["rev"]}})).await;
    let (missed, subscribed) = bobs.all_until(is("subscribed")).await;
    let messages: Vec<_> =
        missed.iter().flat_map(|page| page["messages"].as_array().unwrap().clone()).collect();
    let revs: Vec<_> = messages.iter().map(|m| m["rev"].as_i64().unwrap()).collect();
    assert!(revs.is_sorted(), "{revs:?}");
    let mut told: Vec<_> =
        messages.iter().map(|m| (m["seq"].as_i64().unwrap(), m["content"].as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [(1, Some("one, edited")), (2, Some("two")), (3, None)]);
    assert_eq!(subscribed["rooms"][0]["unread_count"], json!(2));
    anns.say("four").await;
    bobs.hears("four").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_both_dialects_talk_to_each_other() {
    let server = Server::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let peter = V1::new(&server, "Петр").await;
    let room =
        ann.post("/api/chatrooms", json!({"targetUserIds": ["петр"]})).await.is(201)["roomId"]
            .as_str()
            .unwrap()
            .to_owned();
    let (mut anns, mut peters) = (ann.enter(&room).await, peter.open(number(&room)).await);
    anns.say("привет").await;
    let heard = peters.next().await;
    assert_eq!((&heard["text"], &heard["user_id"]), (&json!("привет"), &json!(ann.id)));
    peters.send(json!({"text": "и тебе"})).await;
    assert_eq!(anns.hears("и тебе").await["sender_id"], json!("Петр"));
    assert_eq!(peters.next().await["text"], json!("и тебе"));
    assert_eq!(peter.contents(number(&room)).await, ["привет", "и тебе"]);
    let history = ann.get(&format!("/api/chatrooms/{room}/messages")).await.is(200);
    assert_eq!(texts(&history["messages"], "content"), ["привет", "и тебе"]);

    // Removed: reported in the dialect's own format, and nothing more is received.
    ann.delete(&format!("/api/chatrooms/{room}/participants/Петр")).await.is(204);
    assert_eq!(peters.next().await, json!({"error": {"code": "room_not_found"}}));
    assert_eq!(peters.closed().await, 1000);
}
