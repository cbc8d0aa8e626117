//! Our own export: from a running server and a stopped one, and back.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::{chatctl, counts, ends, finds, import, notes};
use crate::support::{Body, Person, Server, people, picture};

/// Returns the lines except the first and the last, which are about the export itself.
pub(crate) fn body(text: &str) -> Vec<&str> {
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].contains(r#""type":"header""#)
            && lines[lines.len() - 1].contains(r#""type":"end""#),
        "{text}"
    );
    lines[1..lines.len() - 1].to_vec()
}

/// Creates one of everything on a running server.
pub(crate) async fn world(server: &Server) -> (Person, String) {
    let [ann, bob] = people(server, ["ann", "민지"]).await;
    let media = ann.post("/api/media?fileName=a.png", Body::Raw(picture(40, 30))).await.is(201);
    ann.patch("/api/users/me", json!({"mediaId": media["id"], "email": "ann@example.org"}))
        .await
        .is(200);
    let room = ann.public_room("책방 🌻").await;
    let private = ann.room(&[&bob]).await;
    bob.post(&format!("/api/chatrooms/{room}/join"), json!({})).await.is(200);
    let body = json!({"content": "@민지 만화책", "mediaIds": [media["id"]], "clientId": "c1"});
    let first = ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    let key = first["messageId"].as_str().unwrap();
    bob.post(
        &format!("/api/chatrooms/{room}/messages"),
        json!({"content": "답장", "replyTo": key}),
    )
    .await
    .is(201);
    bob.say(&private, "둘만의 말").await;
    let gone = bob.say(&room, "to be deleted").await;
    bob.delete(&format!("/api/chatrooms/{room}/messages/{}", gone["messageId"].as_str().unwrap()))
        .await
        .is_text(204);
    (ann, room)
}

#[tokio::test]
async fn what_goes_out_comes_in_and_goes_out_the_same() {
    let mut server = Server::start().await;
    world(&server).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("live.jsonl");
    ends(0, server.data(), &["export", file.to_str().unwrap()]);
    let live = std::fs::read_to_string(&file).unwrap();
    server.terminate().await;
    let text = ends(0, server.data(), &["export"]);
    assert_eq!(body(&text), body(&live), "stopped or running, it is the same");
    assert!(!text.contains("signing") && text.contains("argon2id"));
    let new = dir.path().join("new");
    let report = import(&new, &file, &[]);
    counts(&report, &[("users", 2, 0), ("media", 1, 0), ("rooms", 2, 0), ("messages", 4, 0)]);
    notes(&report, &[]);
    assert_eq!(body(&ends(0, &new, &["export"])), body(&live));
    counts(&import(&new, &file, &[]), &[("users", 0, 2), ("messages", 0, 4)]);
}

#[tokio::test]
async fn people_go_on_where_they_were() {
    let mut server = Server::start().await;
    let (ann, room) = world(&server).await;
    let (history, card) = (ann.history(&room).await, ann.card(&room).await);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.jsonl");
    ends(0, server.data(), &["export", file.to_str().unwrap()]);
    let mut moved = super::stopped().await;
    import(moved.data(), &file, &[]);
    moved.restart().await;
    server.terminate().await;
    let there = Person::known(&moved, "ann").await;
    assert_eq!((there.id, there.history(&room).await), (ann.id, history.clone()));
    let same = there.card(&room).await;
    for key in ["rev", "unreadCount", "mentionCount", "lastMessage", "userCount", "ownerId"] {
        assert_eq!(same[key], card[key], "{key}");
    }
    let name = history[0]["media"][0]["name"].as_str().unwrap();
    there.get(&format!("/api/media/{name}")).await.is_text(200);
    finds(&there, "%EB%A7%8C%ED%99%94", 1).await;
}

#[tokio::test]
async fn of_half_an_export_nothing_is_taken() {
    let server = Server::start().await;
    world(&server).await;
    let dir = tempfile::tempdir().unwrap();
    let text = ends(0, server.data(), &["export"]);
    let lines: Vec<_> = text.lines().collect();
    let new = dir.path().join("new");
    let whole = dir.path().join("whole.jsonl");
    std::fs::write(&whole, &text).unwrap();
    for (bad, why) in [
        (lines[..lines.len() - 1].join("\n"), "not complete"),
        (text[..text.len() / 2].to_owned(), "nothing was imported"),
        (text.replace("둘만의", "셋만의"), "damaged"),
        (lines[1..].join("\n"), "not an export"),
    ] {
        let file = dir.path().join("bad.jsonl");
        std::fs::write(&file, bad).unwrap();
        let refused = ends(1, &new, &["import", file.to_str().unwrap()]);
        assert!(refused.contains(why), "{why}: {refused}");
        assert!(!new.exists(), "{why}");
    }
    assert_eq!(
        chatctl(&new, &["export", whole.to_str().unwrap()]).status.code(),
        Some(4),
        "nothing is written over"
    );
}

/// `CHATCTL_TEST_IMPORT=100000` sets the number of messages; the rate is printed.
#[tokio::test]
async fn many_messages_come_in_quickly() {
    let wanted: u64 =
        std::env::var("CHATCTL_TEST_IMPORT").map_or(2_000, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("many.jsonl");
    std::fs::write(&file, many(wanted)).unwrap();
    let began = Instant::now();
    counts(&import(&dir.path().join("data"), &file, &[]), &[("messages", wanted, 0)]);
    eprintln!("{wanted} messages in {:?}", began.elapsed());
    exported(&dir.path().join("data"), wanted);
}

fn exported(data: &Path, wanted: u64) {
    let text = ends(0, data, &["export"]);
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["counts"]["message"], wanted);
}

/// Returns a Mattermost bulk export with this number of posts.
fn many(count: u64) -> String {
    let mut text = String::from(
        "{\"type\":\"version\",\"version\":1}\n\
         {\"type\":\"channel\",\"channel\":{\"team\":\"t\",\"name\":\"c\",\"type\":\"O\"}}\n",
    );
    for n in 0..count {
        let message = json!({
            "team": "t", "channel": "c", "user": format!("user{}", n % 50),
            "message": format!("메시지 {n} about the book"), "create_at": 1_752_537_600_000 + n * 1000,
        });
        writeln!(text, "{}", json!({"type": "post", "post": message})).unwrap();
    }
    text
}
