//! Who is notified of what.

use serde_json::json;

use super::{Device, Scene};
use crate::support::{RoomPlan, people};

impl Scene {
    /// Waits until a message was decided for all: `watcher`, who comes after Ann in the room, is
    /// notified of everything. Ann is notified if `ann` says so.
    async fn decides(&mut self, watcher: &Device, text: &str, ann: bool) {
        let mut missing = vec!["watcher"];
        missing.extend(ann.then_some("phone"));
        while !missing.is_empty() {
            let push = self.service.next().await;
            let device = if push.name == "phone" { &self.device } else { watcher };
            assert_eq!(device.opens(&push, &self.key)["text"], text);
            let at = missing.iter().position(|name| *name == push.name);
            missing.remove(at.unwrap_or_else(|| panic!("{} is notified of {text}", push.name)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn levels_keywords_and_hours_decide() {
    let mut scene = Scene::new(&[], json!({})).await;
    let (ann, bob) = (scene.ann.clone(), scene.bob.clone());
    let [cid] = people(&scene.server, ["cid"]).await;
    let watcher = Device::subscribed(&cid, &scene.service, "watcher", json!({"all": true})).await;
    let hall = bob.room_like(&[&ann, &cid], RoomPlan { name: Some("Hall"), public: false }).await;
    let (mine, own) = ("/api/users/me/settings", format!("/api/chatrooms/{hall}/settings"));
    let quiet =
        |from: &str, to: &str| json!({"quiet": {"from": from, "to": to, "zone": "Asia/Seoul"}});
    let change = |body| (mine.to_owned(), body);
    let choose = |level| (own.clone(), json!({"notify": level}));
    // What Ann has chosen before, and whether she is notified.
    let steps = [
        (change(json!({})), "to nobody", false),
        (change(json!({})), "@ann one", true),
        (change(json!({})), "@all two", true),
        (change(json!({"keywords": ["배포", "release"]})), "prereleases", false),
        (change(json!({})), "The RELEASE is out", true),
        (change(json!({})), "배포했습니다", true),
        // A level that was chosen for the room itself counts.
        (choose(Some("all")), "anything", true),
        (choose(Some("nothing")), "@ann muted", false),
        (choose(Some("mentions")), "nothing for her", false),
        (choose(None), "@ann again", true),
        (change(json!({"notify": "nothing"})), "@ann off", false),
        (change(json!({"notify": "mentions"})), "@ann on", true),
        (change(quiet("00:00", "23:59")), "@ann by day", in_seoul().as_str() >= "23:59"),
        (change(quiet("23:59", "00:00")), "@ann by night", in_seoul().as_str() < "23:59"),
        (change(json!({"quiet": null})), "@ann at last", true),
    ];
    for ((path, body), text, notified) in steps {
        ann.patch(&path, body).await.is(200);
        bob.say(&hall, text).await;
        scene.decides(&watcher, text, notified).await;
    }
    let direct = bob.room(&[&ann]).await;
    bob.say(&direct, "for you").await;
    scene.hears("for you").await;
    scene.service.is_empty();
}

/// `HH:MM`.
fn in_seoul() -> String {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let minutes = (seconds / 60 + 9 * 60) % (24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_can_have_all_messages_or_none_of_their_text() {
    let mut scene = Scene::new(&[], json!({"all": true, "text": false})).await;
    let hall = RoomPlan { name: Some("Hall"), public: false };
    let hall = scene.bob.room_like(&[&scene.ann], hall).await;
    scene.bob.say(&hall, "secret").await;
    let push = scene.service.next().await;
    assert_eq!(push.header("urgency"), "normal", "it is not meant for her");
    let told = scene.device.opens(&push, &scene.key);
    assert_eq!((&told["text"], &told["sender"]), (&json!(null), &json!("bob")), "{told}");
    let state = scene.ann.get(super::PATH).await.is(200);
    let subscription = &state["subscription"];
    assert_eq!((&subscription["all"], &subscription["text"]), (&json!(true), &json!(false)));
    // The server can decide it for everybody.
    let mut scene = Scene::new(&[("PUSH__SHOW_TEXT", "false")], json!({"text": true})).await;
    assert_eq!(scene.ann.get(super::PATH).await.is(200)["text"], false);
    let room = scene.bob.room(&[&scene.ann]).await;
    scene.bob.say(&room, "secret").await;
    assert_eq!(scene.told().await["text"], json!(null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_in_followed_threads_and_unnamed_rooms_of_several_people() {
    let mut scene = Scene::new(&[], json!({})).await;
    let (ann, bob) = (scene.ann.clone(), scene.bob.clone());
    let [cid] = people(&scene.server, ["cid"]).await;
    let hall = bob.room_like(&[&ann, &cid], RoomPlan { name: Some("Hall"), public: false }).await;
    let root = ann.say_all(&hall, &["Who brings cake?"]).await.remove(0);
    let reply = |text: &str| json!({"content": text, "replyTo": root});
    let messages = format!("/api/chatrooms/{hall}/messages");
    bob.post(&messages, reply("I do")).await.is_done();
    scene.hears("I do").await;
    let thread = format!("/api/chatrooms/{hall}/messages/{root}/thread/follow");
    ann.delete(&thread).await.is_done();
    cid.post(&messages, reply("me too")).await.is_done();
    cid.post(&messages, reply("@ann see")).await.is_done();
    scene.hears("@ann see").await;
    let group = bob.room(&[&ann, &cid]).await;
    cid.say(&group, "nothing special").await;
    cid.say(&group, "@ann, hi").await;
    let told = scene.told().await;
    let title = told["room_name"].as_str().unwrap();
    assert!(title.contains("bob") && title.contains("cid") && !title.contains("ann"), "{told}");
    // Bots have no devices, but what they write notifies.
    let other = Device::subscribed(&cid, &scene.service, "cid", json!({})).await;
    ann.say(&group, "@cid, you too").await;
    let push = scene.service.next().await;
    assert_eq!(other.opens(&push, &scene.key)["text"], "@cid, you too");
    scene.service.is_empty();
}
