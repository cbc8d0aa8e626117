//! How notifications are sent: what push services receive, and what follows their answers.

use serde_json::json;

use super::{Device, PATH, Scene};
use crate::support::{Ctl, PATIENCE, Person, RoomPlan};

/// Waits until something holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let search = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_message_reaches_a_device_encrypted_and_signed() {
    let mut scene = Scene::new(&[], json!({})).await;
    let room = scene.bob.room(&[&scene.ann]).await;
    let ids = scene.bob.say_all(&room, &["see **you** at\n[the pier](https://pier.example)"]).await;
    let push = scene.service.next().await;
    let told = scene.device.opens(&push, &scene.key);
    let wanted = json!({
        "type": "message", "room_id": room, "message_id": ids[0], "room_name": null,
        "sender": "bob", "text": "see you at the pier", "unread": 1,
    });
    assert_eq!(told, wanted);
    assert_eq!((push.header("ttl"), push.header("urgency")), ("86400", "high"));
    let topic = push.header("topic").to_owned();
    assert!(topic.len() <= 32 && !topic.contains(&room), "{topic}");
    // Of one room, push services keep the newest one.
    scene.bob.say(&room, &"long ".repeat(100)).await;
    let next = scene.service.next().await;
    assert_eq!(next.header("topic"), topic);
    let told = scene.device.opens(&next, &scene.key);
    assert_eq!(told["unread"], 2);
    let text = told["text"].as_str().unwrap();
    assert!(text.chars().count() <= 120 && text.ends_with('…'), "{text}");
    let hall = RoomPlan { name: Some("Hall"), public: false };
    let hall = scene.bob.room_like(&[&scene.ann], hall).await;
    scene.bob.say(&hall, "@ann come").await;
    let push = scene.service.next().await;
    assert_ne!(push.header("topic"), topic);
    let told = scene.device.opens(&push, &scene.key);
    assert_eq!((&told["room_name"], &told["unread"]), (&json!("Hall"), &json!(3)), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_of_the_server_survives_and_all_devices_but_the_author_are_told() {
    let mut scene = Scene::new(&[], json!({})).await;
    let laptop = scene.ann.again().await;
    let laptop = Device::subscribed(&laptop, &scene.service, "laptop", json!({})).await;
    let own = Device::subscribed(&scene.bob, &scene.service, "own", json!({})).await;
    let room = scene.bob.room(&[&scene.ann]).await;
    scene.server.kill9();
    scene.server.restart().await;
    let [ann, bob] = [&scene.ann, &scene.bob].map(|person| person.at(scene.server.address()));
    bob.say(&room, "hello").await;
    let mut names = Vec::new();
    for _ in 0..2 {
        let push = scene.service.next().await;
        let device = if push.name == "phone" { &scene.device } else { &laptop };
        assert_eq!(device.opens(&push, &scene.key)["text"], "hello");
        names.push(push.name);
    }
    names.sort();
    assert_eq!(names, ["laptop", "phone"]);
    ann.say(&room, "back").await;
    let push = scene.service.next().await;
    assert_eq!(own.opens(&push, &scene.key)["text"], "back");
    scene.service.is_empty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_is_gone_is_removed() {
    for status in [404, 410] {
        let mut scene = Scene::new(&[], json!({})).await;
        let room = scene.bob.room(&[&scene.ann]).await;
        scene.service.then_answers(status, "");
        scene.bob.say(&room, "one").await;
        scene.hears("one").await;
        until("it is removed", async || {
            scene.ann.get(PATH).await.is(200)["subscription"].is_null()
        })
        .await;
        // Subscribed again, with other keys.
        scene.device = Device::subscribed(&scene.ann, &scene.service, "again", json!({})).await;
        scene.bob.say(&room, "two").await;
        scene.hears("two").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let mut scene = Scene::new(&[], json!({})).await;
    let ctl = Ctl::of(&scene.server);
    let status = || ctl.one(&["status"]);
    assert_eq!((&status()["push"], &status()["push_sent"]), (&json!("on"), &json!(0)));
    let room = scene.bob.room(&[&scene.ann]).await;
    scene.service.then_answers(429, "retry-after: 1\r\n");
    scene.service.then_answers(503, "retry-after: 1\r\n");
    scene.bob.say(&room, "busy").await;
    for _ in 0..3 {
        scene.hears("busy").await;
    }
    until("it is counted", async || status()["push_sent"] == 1).await;
    assert_eq!(status()["push_failed"], 0);
    for refused in [400, 403, 413, 302] {
        scene.service.then_answers(refused, "location: http://127.0.0.1:1/\r\n");
        scene.bob.say(&room, "refused").await;
        scene.hears("refused").await;
    }
    until("they are counted", async || status()["push_failed"] == 4).await;
    let logged = scene.server.wait_for_log(&["A push notification was not delivered"]).await;
    assert!(!logged.contains("/push/phone"), "the address is a secret: {logged}");
    let metrics = scene.ann.bare().get("/metrics").await.text;
    for line in ["{result=\"sent\"} 1", "{result=\"failed\"} 4", "{result=\"gone\"} 0"] {
        let line = format!("chatctl_push_notifications_total{line}");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    scene.bob.say(&room, "on").await;
    scene.hears("on").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_or_may_not_read_is_not_told() {
    let mut scene = Scene::new(&[("PUSH__DELAY_SECONDS", "3")], json!({})).await;
    let (ann, bob) = (scene.ann.clone(), scene.bob.clone());
    let room = bob.room(&[&ann]).await;
    let hall = bob.room_like(&[&ann], RoomPlan { name: Some("Hall"), public: false }).await;
    // Connected, so that there is some time to read.
    let socket = ann.subscribe().await;
    let ids = bob.say_all(&room, &["read"]).await;
    let path = format!("/api/chatrooms/{room}/messages/{}/read", ids[0]);
    ann.post(&path, json!({})).await.is(200);
    let ids = bob.say_all(&room, &["deleted"]).await;
    bob.delete(&format!("/api/chatrooms/{room}/messages/{}", ids[0])).await.is_done();
    bob.say(&hall, "@ann removed").await;
    bob.delete(&format!("/api/chatrooms/{hall}/participants/ann")).await.is_done();
    let ids = bob.say_all(&room, &["wrong"]).await;
    let edit = json!({"newContent": "right"});
    bob.patch(&format!("/api/chatrooms/{room}/messages/{}", ids[0]), edit).await.is_done();
    scene.hears("right").await;
    socket.close().await;
    scene.service.is_empty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_ends_with_its_session() {
    let mut scene = Scene::new(&[], json!({})).await;
    let ctl = Ctl::of(&scene.server);
    let room = scene.bob.room(&[&scene.ann]).await;
    let pushes = |login: &str| {
        let all = ctl.all(&["user", "sessions", login]);
        all.iter().filter(|session| session["push"] == true).count()
    };
    let again: Person = scene.ann.again().await;
    assert_eq!((pushes("ann"), ctl.all(&["user", "sessions", "ann"]).len()), (1, 2));
    let listed = again.get("/api/sessions").await.is(200);
    let listed: Vec<_> = listed["sessions"].as_array().unwrap().iter().collect();
    assert_eq!([&listed[0]["push"], &listed[1]["push"]], [&json!(false), &json!(true)]);
    scene.ann.post("/api/logout", json!({})).await.is_done();
    assert_eq!(pushes("ann"), 0);
    scene.device = Device::subscribed(&again, &scene.service, "second", json!({})).await;
    scene.bob.say(&room, "heard").await;
    scene.hears("heard").await;
    ctl.run(&["user", "disable", "ann", "--yes"]).ends(0);
    assert_eq!(pushes("ann"), 0);
    ctl.run(&["user", "enable", "ann"]).ends(0);
    scene.device =
        Device::subscribed(&again.again().await, &scene.service, "third", json!({})).await;
    scene.bob.say(&room, "heard again").await;
    scene.hears("heard again").await;
    scene.service.is_empty();
}
