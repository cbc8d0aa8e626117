//! Receivers that are away, slow, or refuse; servers that die meanwhile.

use serde_json::json;

use super::receiver::{Receiver, answer};
use super::{House, OPEN, told};
use crate::support::Client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_receiver_is_away_and_the_server_dies() {
    let mut house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    let secret = house.webhook("CI", &receiver, &[]);
    house.ann.say(&house.hall, "1").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted 1");
    let address = receiver.stop().await;
    for number in ["2", "3", "4"] {
        house.ann.say(&house.hall, number).await;
    }
    let shown = house.until("CI", "failing").await;
    assert!(shown["problem"].is_string() && shown["since"].is_string(), "{shown}");
    assert_eq!(shown["unsent"], 3, "{shown}");
    house.die_and_return().await;
    house.ann.say(&house.hall, "5").await;
    let mut receiver = Receiver::at(&address).await;
    for number in ["2", "3", "4", "5"] {
        let request = receiver.next().await;
        request.check(&secret);
        assert_eq!(told(&request.body()), format!("message.posted {number}"));
    }
    house.until_sent("CI").await;
    let output = house.server.output().join("\n");
    assert!(!output.contains("SECRET"), "the address may be a secret: {output}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_sends_repeats_and_leaves_nothing_out() {
    let mut house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    house.webhook("CI", &receiver, &[]);
    let numbers: Vec<String> = (1..=60).map(|number| number.to_string()).collect();
    for number in &numbers {
        house.ann.say(&house.hall, number).await;
        if number == "25" || number == "45" {
            house.die_and_return().await;
        }
    }
    let (mut ids, mut heard) = (Vec::new(), Vec::new());
    while heard.len() < numbers.len() {
        let request = receiver.next().await;
        let text = request.body()["data"]["message"]["text"].as_str().unwrap().to_owned();
        let known = ids.iter().position(|id| *id == request.id);
        assert_eq!(known, heard.iter().position(|known| *known == text), "one id for each event");
        if known.is_none() {
            ids.push(request.id);
            heard.push(text);
        }
    }
    assert_eq!(heard, numbers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_is_repeated_with_the_same_id() {
    let house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    let secret = house.webhook("CI", &receiver, &[]);
    receiver.answers(&answer(500, ""));
    house.ann.say(&house.hall, "1").await;
    house.ann.say(&house.hall, "2").await;
    let first = receiver.next().await;
    let shown = house.until("CI", "failing").await;
    assert_eq!(shown["problem"], "the receiver answered 500");
    receiver.answers(&answer(204, ""));
    let again = receiver.next().await;
    again.check(&secret);
    assert_eq!((&again.id, &again.text), (&first.id, &first.text));
    let second = receiver.next().await;
    assert!(second.id != first.id && told(&second.body()).ends_with('2'));
    house.until("CI", "active").await;
    let metrics = Client::new(&house.server).get("/metrics").await.text;
    for line in ["{result=\"sent\"} 2\n", "{result=\"failed\"} 1\n"] {
        let line = format!("\nchatctl_outgoing_webhook_requests_total{line}");
        assert!(metrics.contains(&line), "{metrics}");
    }
    // It can be made to try at once; otherwise it waits for as long as the receiver wants.
    receiver.answers(&answer(503, "retry-after: 3600\r\n"));
    house.ann.say(&house.hall, "3").await;
    let third = receiver.next().await;
    house.until("CI", "failing").await;
    receiver.answers(&answer(200, ""));
    house.ctl.run(&["outgoing-webhook", "enable", "CI"]).ends(0);
    assert_eq!(receiver.next().await.id, third.id);
    house.until("CI", "active").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_created_a_webhook_is_told_that_it_was_disabled() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, ctl, .. } = &house;
    let mut receiver = Receiver::start().await;
    let mut listening = ann.subscribe().await;
    for (round, name) in ["one", "two"].into_iter().enumerate() {
        receiver.answers(&answer(410, ""));
        let new = json!({"name": name, "url": receiver.url(), "rooms": [hall]});
        ann.post("/api/admin", json!({"outgoing_webhook.create": new})).await.is(200);
        ann.say(hall, name).await;
        receiver.next().await;
        let text = format!(
            "The outgoing webhook “{name}” was disabled: the receiver answered 410 Gone.\nTo send \
             again: *Server → Integrations*, or `chatctl outgoing-webhook enable '{name}'`."
        );
        let told = listening.hears(&text).await;
        assert_eq!(told["sender_id"], "hook-notices", "{told}");
        // In one conversation of two.
        let room = ann.see(told["room_id"].as_str().unwrap()).await;
        assert_eq!(room["participants"].as_array().unwrap().len(), 2, "{room}");
        assert_eq!(ann.contents(room["roomId"].as_str().unwrap()).await.len(), round + 1);
        ctl.run(&["outgoing-webhook", "delete", name, "--yes"]).ends(0);
    }
    assert_eq!(ctl.all(&["bot", "list"])[0]["name"], "hook-notices");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_disables_the_webhook() {
    let house = House::new(&OPEN).await;
    let House { ann, hall, ctl, .. } = &house;
    let mut receiver = Receiver::start().await;
    house.webhook("CI", &receiver, &[]);
    receiver.answers(&answer(410, ""));
    ann.say(hall, "1").await;
    receiver.next().await;
    let shown = house.until("CI", "disabled").await;
    assert_eq!(shown["problem"], "the receiver answered 410 Gone");
    house.server.wait_for_log(&["[WARN]", "The outgoing webhook CI was disabled"]).await;
    let listed = ctl.run(&["outgoing-webhook", "list"]).ends(0).out.clone();
    assert!(listed.contains("disabled") && listed.contains("410 Gone"), "{listed}");
    let audit = ["audit", "list", "--action", "outgoing_webhook.disable"];
    let entry = &ctl.all(&audit)[0];
    assert_eq!(
        (&entry["actor"]["kind"], &entry["target"]["name"]),
        (&json!("server"), &json!("CI"))
    );
    // From where it was.
    receiver.answers(&answer(200, ""));
    ann.say(hall, "2").await;
    ctl.run(&["outgoing-webhook", "enable", "CI"]).ends(0);
    for number in ["1", "2"] {
        assert_eq!(told(&receiver.next().await.body()), format!("message.posted {number}"));
    }
    // Without what has happened meanwhile.
    ctl.run(&["outgoing-webhook", "disable", "CI"]).ends(0);
    assert_eq!(house.show("CI")["state"], "disabled");
    ann.say(hall, "3").await;
    ctl.run(&["outgoing-webhook", "enable", "CI", "--from-now"]).ends(0);
    ann.say(hall, "4").await;
    assert_eq!(told(&receiver.next().await.body()), "message.posted 4");
    ctl.run(&["outgoing-webhook", "delete", "CI"]).ends(2);
    ctl.run(&["outgoing-webhook", "delete", "CI", "--yes"]).ends(0);
    ctl.run(&["outgoing-webhook", "show", "CI"]).ends(3);
    ann.say(hall, "5").await;
    let mut other = Receiver::start().await;
    house.webhook("other", &other, &[]);
    ann.say(hall, "6").await;
    assert_eq!(told(&other.next().await.body()), "message.posted 6");
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_delays_nobody_else() {
    let house = House::new(&OPEN).await;
    let (mut slow, mut fast) = (Receiver::start().await, Receiver::start().await);
    slow.never_answers();
    house.webhook("slow", &slow, &[]);
    house.webhook("fast", &fast, &[]);
    house.ann.say(&house.hall, "1").await;
    slow.next().await;
    for number in ["2", "3"] {
        house.ann.say(&house.hall, number).await;
    }
    for number in ["1", "2", "3"] {
        assert_eq!(told(&fast.next().await.body()), format!("message.posted {number}"));
    }
    assert!(slow.is_empty(), "one request at a time");
    house
        .server
        .wait_for_log(&["[WARN]", "The outgoing webhook slow could not be delivered"])
        .await;
    let shown = house.until("slow", "failing").await;
    assert_eq!(shown["problem"], "it did not answer within 10 s");
}
