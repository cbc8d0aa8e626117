//! Answers of a receiver, which a bot posts.

use serde_json::json;

use super::receiver::{Receiver, says};
use super::{House, OPEN, told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_posted_once_and_not_sent_back() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, ctl, .. } = &house;
    let mut receiver = Receiver::start().await;
    receiver.answers(&says(&json!({"text": "Ticket *17* opened"})));
    house.webhook("Tickets", &receiver, &["--replies", "--event", "posted"]);
    assert_eq!(house.show("Tickets")["bot"], "hook-tickets");
    assert!(
        ctl.all(&["webhook", "list"]).is_empty()
            && ctl.all(&["webhook", "list", "hall"]).is_empty()
    );
    let mut listening = ann.enter(hall).await;
    ann.say(hall, "broken").await;
    let message = listening.hears("Ticket *17* opened").await;
    let author = message["sender_id"].as_str().or(message["user_id"].as_str());
    assert_eq!(author, Some("hook-tickets"), "{message}");
    assert_eq!(told(&receiver.next().await.body()), "message.posted broken");
    // An answer that is no text, and one that is too long.
    receiver.answers(&says(&json!({"text": ["no"]})));
    ann.say(hall, "second").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted second");
    receiver.answers(&says(&json!({"text": "x", "more": "x".repeat(70_000)})));
    ann.say(hall, "third").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted third");
    house.until_sent("Tickets").await;
    let texts = ann.contents(hall).await;
    assert_eq!(texts, ["broken", "Ticket *17* opened", "second", "third"]);
    // A room in which nobody may post.
    receiver.answers(&says(&json!({"text": "late"})));
    ctl.run(&["outgoing-webhook", "disable", "Tickets"]).ends(0);
    ann.say(hall, "fourth").await;
    ctl.run(&["room", "archive", "hall"]).ends(0);
    ctl.run(&["outgoing-webhook", "enable", "Tickets"]).ends(0);
    assert_eq!(told(&receiver.next().await.body()), "message.posted fourth");
    house.server.wait_for_log(&["The answer of a receiver is not posted"]).await;
    house.until_sent("Tickets").await;
    ctl.run(&["outgoing-webhook", "delete", "Tickets", "--yes"]).ends(0);
    let bot = ctl.one(&["user", "show", "hook-tickets"]);
    assert_eq!((&bot["disabled"], &bot["rooms"]), (&json!(true), &json!(0)), "{bot}");
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_replies_an_answer_is_not_posted_and_a_name_has_no_bot() {
    let house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    receiver.answers(&says(&json!({"text": "no"})));
    house.webhook("CI", &receiver, &[]);
    assert!(house.show("CI")["bot"].is_null());
    house.ann.say(&house.hall, "one").await;
    receiver.next().await;
    house.until_sent("CI").await;
    assert_eq!(house.ann.contents(&house.hall).await, ["one"]);
    // A name that exists leaves no bot behind.
    let url = receiver.url();
    let again = ["outgoing-webhook", "create", &url, "--name", "CI", "--room", "hall", "--replies"];
    house.ctl.run(&again).ends(4);
    assert!(house.ctl.all(&["bot", "list"]).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_do_not_answer_each_other() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, .. } = &house;
    let mut receivers = [Receiver::start().await, Receiver::start().await];
    for (receiver, name) in receivers.iter_mut().zip(["One", "Two"]) {
        receiver.answers(&says(&json!({"text": format!("{name} again")})));
        house.webhook(name, receiver, &["--replies", "--event", "posted"]);
    }
    let mut listening = ann.enter(hall).await;
    for text in ["first", "second"] {
        ann.say(hall, text).await;
        listening.hears("One again").await;
        // Each is told what the other has posted, and that is the end of it.
        for receiver in &mut receivers {
            receiver.next().await;
            receiver.next().await;
        }
        house.until_sent("One").await;
        house.until_sent("Two").await;
    }
    let mut texts = ann.contents(hall).await;
    texts.sort_unstable();
    let wanted = ["One again", "One again", "Two again", "Two again", "first", "second"];
    assert_eq!(texts, wanted);
    assert!(receivers.iter_mut().all(Receiver::is_empty));
}
