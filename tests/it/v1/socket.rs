//! WebSocket `/v1/rooms/{id}/chat`.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Json, Person, Server, V1, fits, has_exactly};

fn invalid() -> Json {
    json!({"error": {"code": "invalid_json"}})
}

#[tokio::test]
async fn every_socket_of_the_room_hears_a_message() {
    let server = Server::start().await;
    let (ann, ben) = (V1::new(&server, "ann").await, V1::new(&server, "ben").await);
    let room = ann.room(&[ben.id]).await;
    let (mut sender, mut twin, mut other) =
        (ann.open(room).await, ann.open(room).await, ben.open(room).await);
    sender.send(json!({"text": "И тебе привет", "user_id": 7, "more": {}})).await;
    for socket in [&mut sender, &mut twin, &mut other] {
        let frame = socket.next().await;
        has_exactly(&frame, &["text", "user_id", "room_id", "created_at"]);
        assert_eq!(
            (&frame["text"], &frame["user_id"], &frame["room_id"]),
            (&json!("И тебе привет"), &json!(ann.id), &json!(room))
        );
        assert!(fits(&frame["created_at"], "0000-00-00T00:00:00"), "{frame}");
        assert_eq!(ann.history(room).await, [frame]);
    }
}

#[tokio::test]
async fn the_session_may_stand_in_the_query() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann
        .bare()
        .socket("ann", &format!("/v1/rooms/{room}/chat?session_id={}", ann.session))
        .await;
    socket.send(json!({"text": "hello"})).await;
    assert_eq!(socket.next().await["text"], "hello");
    ann.bare()
        .handshake(&format!("/v1/rooms/{room}/chat?session_id={}", "0".repeat(40)))
        .await
        .fails_v1(401, "unauthorized");
    ann.with("origin", "http://evil.example")
        .handshake(&format!("/v1/rooms/{room}/chat"))
        .await
        .fails_v1(403, "forbidden");
    let plain = ann.get(&format!("/v1/rooms/{room}/chat")).await;
    plain.fails_v1(426, "upgrade_required");
    assert_eq!(plain.header("upgrade").to_lowercase(), "websocket");
}

#[tokio::test]
async fn a_bad_frame_is_answered_to_its_sender_only_and_stores_nothing() {
    let server = Server::start().await;
    let (ann, ben) = (V1::new(&server, "ann").await, V1::new(&server, "ben").await);
    let room = ann.room(&[ben.id]).await;
    let (mut sender, mut other) = (ann.open(room).await, ben.open(room).await);
    let long = json!({"text": "x".repeat(4001)}).to_string();
    let bad = [
        "",
        "nonsense",
        "{",
        "{}",
        "[]",
        "7",
        "null",
        r#"{"text":7}"#,
        r#"{"text":null}"#,
        r#"{"text":""}"#,
        r#"{"text":"  "}"#,
        r#"{"Text":"x"}"#,
    ];
    let worse = [
        r#"{"text":"\u0000"}"#,
        r#"{"text":"\ud800"}"#,
        r#"["x"]"#,
        r#"{"text":"x"} y"#,
        long.as_str(),
    ];
    for text in bad.into_iter().chain(worse) {
        sender.send_text(text).await;
        assert_eq!(sender.next().await, invalid(), "{text}");
    }
    sender.send_message(Message::binary(br#"{"text":"in bytes"}"#.to_vec())).await;
    sender.send(json!({"text": "в тексте"})).await;
    assert_eq!(sender.next().await["text"], "в тексте");
    assert_eq!(other.next().await["text"], "в тексте");
    assert_eq!(ann.contents(room).await, ["в тексте"]);
    sender.send_text(&format!(r#"{{"text":"x","pad":"{}"}}"#, "x".repeat(65_536))).await;
    assert_eq!(sender.closed().await, 1009);
}

#[tokio::test]
async fn who_is_removed_is_told_and_closed_and_hears_nothing_more() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (ben, cyd) = (V1::new(&server, "ben").await, V1::new(&server, "cyd").await);
    let room = cyd.room(&[ann.id, ben.id]).await;
    let (mut removed, mut stays) = (ben.open(room).await, cyd.open(room).await);
    ann.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    ann.say(&room.to_string(), "without ben").await;
    assert_eq!(removed.next().await, json!({"error": {"code": "room_not_found"}}));
    assert_eq!(removed.closed().await, 1000);
    assert_eq!(removed.unread().count(), 0);
    assert_eq!(stays.next().await["text"], "without ben");
    ben.handshake(&format!("/v1/rooms/{room}/chat")).await.fails_v1(422, "room_not_found");
    ann.delete(&format!("/api/chatrooms/{room}")).await.is(204);
    assert_eq!(stays.next().await, json!({"error": {"code": "room_not_found"}}));
    assert_eq!(stays.closed().await, 1000);
}

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    let other = V1::log_in(&ann, "ann", &ann.password).await;
    let room = ann.room(&[]).await;
    let (mut ended, mut kept) = (ann.open(room).await, other.open(room).await);
    ann.post("/v1/logout", json!({})).await.is(200);
    assert_eq!(ended.closed().await, 4401);
    kept.send(json!({"text": "still here"})).await;
    assert_eq!(kept.next().await["text"], "still here");
}

#[tokio::test]
async fn a_socket_enters_a_public_room_and_makes_its_user_a_participant() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let ben = V1::new(&server, "ben").await;
    let room = crate::support::number(&ann.public_room("Lounge").await);
    ann.say(&room.to_string(), "before").await;
    ben.get(&format!("/v1/rooms/{room}")).await.fails_v1(422, "room_not_found");
    ben.get(&format!("/v1/rooms/{room}/messages")).await.fails_v1(422, "room_not_found");
    let mut socket = ben.open(room).await;
    assert_eq!(
        ben.get(&format!("/v1/rooms/{room}")).await.is(200)["users"],
        json!([{"id": ann.id, "login": "ann"}, {"id": ben.id, "login": "ben"}])
    );
    assert_eq!(ben.contents(room).await, ["before"]);
    ann.say(&room.to_string(), "after").await;
    assert_eq!(socket.next().await["text"], "after");
}

#[tokio::test]
async fn edits_deletions_and_presence_have_no_words_here() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let ben = V1::new(&server, "ben").await;
    let room = ben.room(&[ann.id]).await;
    let mut socket = ben.open(room).await;
    let mut native = ann.enter(&room.to_string()).await;
    let message = native.say("hello").await["message_id"].clone();
    assert_eq!(socket.next().await["text"], "hello");
    native.ask(json!({"type": "edit_message", "message_id": message, "content": "hullo"})).await;
    native
        .ask(json!({"type": "add_reaction", "message_id": message, "reaction_type": "like"}))
        .await;
    native.send(json!({"type": "typing"})).await;
    native.ask(json!({"type": "delete_message", "message_id": message})).await;
    ann.patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "Renamed"})).await.is(200);
    native.ask(json!({"type": "leave_room"})).await;
    ann.say(&room.to_string(), "bye").await;
    assert_eq!(socket.next().await["text"], "bye", "nothing in between");
}

#[tokio::test]
async fn frames_over_the_rate_are_refused() {
    let server = Server::start_with(&[("LIMITS__FRAMES_PER_MINUTE_PER_SOCKET", "10")]).await;
    let ann = V1::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.open(room).await;
    for number in 0..30 {
        socket.send(json!({"text": number.to_string()})).await;
    }
    let refused = socket.expect(|frame| frame["error"].is_object()).await;
    assert_eq!(refused, json!({"error": {"code": "rate_limited"}}));
}
