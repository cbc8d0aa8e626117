//! Who joins and leaves, and webhooks for all public rooms.

use serde_json::json;

use super::receiver::{Receiver, answer};
use super::{House, OPEN, told};
use crate::support::{Json, Person, RoomPlan};

/// `TYPE WHAT` of an event: the text of a message, or the name of a person.
fn heard(event: &Json) -> String {
    match event["data"]["user"]["name"].as_str() {
        Some(name) => format!("{} {name}", event["type"].as_str().unwrap()),
        None => told(event),
    }
}

impl House {
    /// Creates a webhook for all public rooms.
    fn webhook_of_all(&self, receiver: &Receiver, more: &[&str]) {
        let url = receiver.url();
        let first = ["outgoing-webhook", "create", &url, "--name", "all", "--all-public-rooms"];
        let made = self.ctl.one(&[&first[..], more].concat());
        assert_eq!((&made["rooms"], &made["all_public_rooms"]), (&json!([]), &json!(true)));
    }

    async fn person(&self, name: &str) -> Person {
        self.ctl.create(name, &[]);
        Person::known(&self.server, name).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_and_leaves_is_told_between_the_messages() {
    let mut house = House::new(&OPEN).await;
    let bob = house.person("bob").await;
    house.person("cyd").await;
    let mut receiver = Receiver::start().await;
    let events = ["posted", "joined", "left"].map(|event| ["--event", event]).concat();
    house.webhook("CI", &receiver, &events);
    house.ctl.run(&["outgoing-webhook", "disable", "CI"]).ends(0);
    let first = house.ann.say(&house.hall, "one").await;
    bob.enter(&house.hall).await;
    let said = bob.say(&house.hall, "two").await;
    house.ctl.run(&["room", "add", "hall", "cyd"]).ends(0);
    house.ctl.run(&["room", "remove", "hall", "bob"]).ends(0);
    house.ann.say(&house.hall, "three").await;
    // What is edited later is told in its place.
    let path =
        format!("/api/chatrooms/{}/messages/{}", house.hall, first["messageId"].as_str().unwrap());
    house.ann.patch(&path, json!({"newContent": "One"})).await.is(200);
    assert!(said["messageId"].is_string());
    house.die_and_return().await;
    house.ctl.run(&["outgoing-webhook", "enable", "CI"]).ends(0);
    let mut events = Vec::new();
    for _ in 0..6 {
        events.push(receiver.next().await.body());
    }
    let wanted = [
        "message.posted One",
        "participant.joined bob",
        "message.posted two",
        "participant.joined cyd",
        "participant.left bob",
        "message.posted three",
    ];
    assert_eq!(events.iter().map(heard).collect::<Vec<_>>(), wanted);
    let joined = &events[1];
    let room = json!({"key": house.hall, "name": "hall"});
    assert_eq!(joined["data"]["room"], room, "{joined}");
    let person = json!({"id": bob.id, "name": "bob", "display_name": "bob"});
    assert_eq!((&joined["data"]["user"], &joined["data"]["by"]), (&person, &person), "{joined}");
    assert!(joined["timestamp"].is_string(), "{joined}");
    // An operator has no name in a room.
    assert!(events[3]["data"]["by"].is_null(), "{}", events[3]);
    house.until_sent("CI").await;
    house.die_and_return().await;
    house.ann.say(&house.hall, "four").await;
    assert_eq!(heard(&receiver.next().await.body()), "message.posted four");
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_choice_who_joins_is_not_told_and_alone_only_that() {
    let house = House::new(&OPEN).await;
    let bob = house.person("bob").await;
    let mut receivers = [Receiver::start().await, Receiver::start().await];
    house.webhook("messages", &receivers[0], &[]);
    house.webhook("people", &receivers[1], &["--event", "joined", "--event", "left"]);
    assert_eq!(house.show("messages")["events"], json!(["posted", "edited", "deleted"]));
    house.ann.say(&house.hall, "one").await;
    bob.enter(&house.hall).await;
    house.ann.say(&house.hall, "two").await;
    house.ctl.run(&["user", "delete", "bob", "--yes"]).ends(0);
    for text in ["message.posted one", "message.posted two"] {
        assert_eq!(heard(&receivers[0].next().await.body()), text);
    }
    for text in ["participant.joined bob", "participant.left bob"] {
        assert_eq!(heard(&receivers[1].next().await.body()), text);
    }
    house.until_sent("messages").await;
    house.until_sent("people").await;
    assert!(receivers.iter_mut().all(Receiver::is_empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_public_rooms_are_sent_also_later_ones_and_no_private_one() {
    let mut house = House::new(&OPEN).await;
    let ctl = &house.ctl;
    let secret = RoomPlan { name: Some("vault"), public: false };
    let vault = house.ann.room_like(&[], secret).await;
    house.ann.say(&house.hall, "before").await;
    let mut receiver = Receiver::start().await;
    house.webhook_of_all(&receiver, &["--event", "posted"]);
    house.ann.say(&vault, "secret 1").await;
    house.ann.say(&house.hall, "one").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted one");
    let porch = house.ann.room_like(&[], RoomPlan { name: Some("porch"), public: true }).await;
    house.ann.say(&porch, "two").await;
    let event = receiver.next().await.body();
    assert_eq!(
        (told(&event), &event["data"]["room"]["name"]),
        ("message.posted two".into(), &json!("porch"))
    );
    // A room that is opened is sent from then on, one that is closed no more.
    ctl.run(&["room", "visibility", "vault", "public"]).ends(0);
    house.ann.say(&vault, "three").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted three");
    ctl.run(&["room", "visibility", "hall", "private"]).ends(0);
    house.ann.say(&house.hall, "secret 2").await;
    ctl.run(&["room", "archive", "porch"]).ends(0);
    house.ann.say(&vault, "four").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted four");
    house.until_sent("all").await;
    house.die_and_return().await;
    house.ctl.run(&["room", "visibility", "hall", "public"]).ends(0);
    house.ctl.run(&["room", "unarchive", "porch"]).ends(0);
    house.ann.say(&house.hall, "five").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted five");
    house.ann.say(&porch, "six").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted six");
    house.until_sent("all").await;
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_of_a_room_that_is_closed_is_not_sent() {
    let mut house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    house.webhook_of_all(&receiver, &["--event", "posted", "--event", "joined"]);
    house.ctl.run(&["outgoing-webhook", "disable", "all"]).ends(0);
    house.ann.say(&house.hall, "waits").await;
    house.ctl.run(&["room", "visibility", "hall", "private"]).ends(0);
    house.ann.say(&house.hall, "secret").await;
    house.ctl.run(&["room", "visibility", "hall", "public"]).ends(0);
    house.ann.say(&house.hall, "one").await;
    house.die_and_return().await;
    house.ctl.run(&["outgoing-webhook", "enable", "all"]).ends(0);
    assert_eq!(told(&receiver.next().await.body()), "message.posted one");
    // One that is just being repeated is given up, and the others go on.
    receiver.answers(&answer(500, ""));
    house.ann.say(&house.hall, "fails").await;
    house.until("all", "failing").await;
    receiver.next().await;
    house.ctl.run(&["room", "visibility", "hall", "private"]).ends(0);
    receiver.answers(&answer(200, ""));
    house.ann.say(&house.attic, "two").await;
    house.ctl.run(&["outgoing-webhook", "enable", "all"]).ends(0);
    assert_eq!(told(&receiver.next().await.body()), "message.posted two");
    house.until_sent("all").await;
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_public_rooms_are_not_chosen_with_others_or_answers() {
    let house = House::new(&OPEN).await;
    let url = "http://127.0.0.1:9/";
    let create = ["outgoing-webhook", "create", url, "--name", "x"];
    for more in
        [&["--all-public-rooms", "--room", "hall"][..], &["--all-public-rooms", "--replies"], &[]]
    {
        house.ctl.run(&[&create[..], more].concat()).ends(2);
    }
    let wrong = json!({"outgoing_webhook.create": {
        "name": "x", "url": url, "rooms": ["hall"], "all_public_rooms": true,
    }});
    let answer = house.ann.post("/api/admin", wrong).await;
    assert!(answer.text.contains("must be left out"), "{}", answer.text);
}
