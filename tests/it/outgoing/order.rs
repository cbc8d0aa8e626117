//! What arrives, and in which order.

use serde_json::json;

use super::receiver::Receiver;
use super::{House, OPEN, told};
use crate::support::{Json, is_millis, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_signed_and_in_the_order_of_each_room() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, attic, .. } = &house;
    ann.say(hall, "before").await;
    let mut receiver = Receiver::start().await;
    let secret = house.webhook("CI", &receiver, &["--room", "attic"]);
    assert!(secret.starts_with("whsec_"), "{secret}");
    let numbers: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
    for number in &numbers {
        ann.say(hall, number).await;
        ann.say(attic, number).await;
    }
    let mut heard = Vec::new();
    for _ in 0..2 * numbers.len() {
        let request = receiver.next().await;
        request.check(&secret);
        heard.push(request.body());
    }
    for room in [hall, attic] {
        let of_room = heard.iter().filter(|event| event["data"]["room"]["key"] == *room);
        let messages: Vec<Json> = of_room.map(|event| event["data"]["message"].clone()).collect();
        assert_eq!(texts(&json!(messages), "text"), numbers, "{room}");
    }
    let first = &heard[0];
    let message = &first["data"]["message"];
    assert_eq!(first["data"]["room"], json!({"key": hall, "name": "hall"}));
    assert_eq!(
        message["author"],
        json!({"id": ann.id, "name": "ann", "display_name": "ann"}),
        "{first}"
    );
    assert!(is_millis(&message["created"]) && first["timestamp"] == message["created"], "{first}");
    for key in ["edited", "deleted", "reply_to"] {
        assert!(message[key].is_null(), "{first}");
    }
    // What happens to a message arrives too; reactions do not.
    let id = message["id"].as_str().unwrap();
    let path = format!("/api/chatrooms/{hall}/messages/{id}");
    ann.patch(&path, json!({"newContent": "one"})).await.is(200);
    let edited = receiver.next().await;
    edited.check(&secret);
    assert_eq!(told(&edited.body()), "message.edited one");
    assert_eq!(edited.body()["timestamp"], edited.body()["data"]["message"]["edited"]);
    ann.post(&format!("{path}/reactions"), json!({"reactionType": "like"})).await.is(201);
    ann.delete(&path).await.is_text(204);
    let deleted = receiver.next().await.body();
    assert_eq!(told(&deleted), "message.deleted ");
    assert_eq!(deleted["data"]["message"]["id"], id);
    ann.say(hall, "last").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted last");
    assert!(receiver.is_empty());
    let shown = house.until_sent("CI").await;
    assert_eq!((&shown["state"], &shown["problem"]), (&json!("active"), &Json::Null), "{shown}");
    assert!(shown["last_sent"].is_string() && shown.get("secret").is_none(), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_sends_only_what_it_was_created_for() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, .. } = &house;
    let mut receiver = Receiver::start().await;
    house.webhook("edits", &receiver, &["--event", "edited", "--event", "deleted"]);
    let id = ann.say(hall, "one").await["messageId"].as_str().unwrap().to_owned();
    let path = format!("/api/chatrooms/{hall}/messages/{id}");
    ann.patch(&path, json!({"newContent": "two"})).await.is(200);
    ann.say(hall, "three").await;
    assert_eq!(told(&receiver.next().await.body()), "message.edited two");
    ann.delete(&path).await.is_text(204);
    assert_eq!(told(&receiver.next().await.body()), "message.deleted ");
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_changed_before_it_is_sent_is_told_as_it_is_then() {
    let mut house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    house.webhook("CI", &receiver, &[]);
    house.ctl.run(&["outgoing-webhook", "disable", "CI"]).ends(0);
    let keys = house.ann.say_all(&house.hall, &["1", "2", "3"]).await;
    let path = |key: &str| format!("/api/chatrooms/{}/messages/{key}", house.hall);
    house.ann.patch(&path(&keys[0]), json!({"newContent": "one"})).await.is(200);
    house.ann.delete(&path(&keys[1])).await.is_text(204);
    house.ctl.run(&["outgoing-webhook", "enable", "CI"]).ends(0);
    let first = receiver.next().await.body();
    assert!(is_millis(&first["data"]["message"]["edited"]), "{first}");
    assert_eq!(told(&first), "message.posted one");
    assert_eq!(told(&receiver.next().await.body()), "message.posted 3");
    let deleted = receiver.next().await.body();
    assert_eq!(told(&deleted), "message.deleted ");
    assert_eq!(deleted["data"]["message"]["id"], *keys[1]);
    // A reaction to what was edited is no new edit.
    let like = json!({"reactionType": "like"});
    house.ann.post(&format!("{}/reactions", path(&keys[0])), like).await.is(201);
    house.ann.say(&house.hall, "4").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted 4");
    house.until_sent("CI").await;
    house.die_and_return().await;
    house.ann.say(&house.hall, "5").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted 5");
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_room_is_sent_to_its_end_and_a_deleted_one_is_left() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, attic, ctl, .. } = &house;
    let mut receiver = Receiver::start().await;
    house.webhook("CI", &receiver, &["--room", "attic"]);
    ctl.run(&["outgoing-webhook", "disable", "CI"]).ends(0);
    ann.say(hall, "1").await;
    ann.say(attic, "2").await;
    ctl.run(&["room", "archive", "hall"]).ends(0);
    ctl.run(&["room", "delete", "attic", "--yes"]).ends(0);
    ctl.run(&["outgoing-webhook", "enable", "CI"]).ends(0);
    let event = receiver.next().await.body();
    assert_eq!(told(&event), "message.posted 1");
    house.server.wait_for_log(&["The outgoing webhook CI leaves out a deleted room"]).await;
    assert_eq!(house.show("CI")["rooms"], json!([hall]));
    ctl.run(&["room", "unarchive", "hall"]).ends(0);
    ann.say(hall, "3").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted 3");
    assert!(receiver.is_empty());
    let none = ["outgoing-webhook", "create", &receiver.url(), "--room", "attic", "--name", "x"];
    ctl.run(&none).ends(3);
}
