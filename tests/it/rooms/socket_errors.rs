//! Refusals by the WebSocket, before the upgrade and after it.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Json, Rooms, Server, Socket, has_exactly};

/// Fails unless the next frame is an error with this code.
async fn refuses(socket: &mut Socket, code: &str, asked: &str) {
    let frame = socket.next().await;
    has_exactly(&frame, &["action", "error", "error_message"]);
    assert_eq!((&frame["action"], &frame["error"]), (&json!("error"), &json!(code)), "{asked}");
    assert!(frame["error_message"].as_str().is_some_and(|text| text.starts_with(code)), "{frame}");
}

async fn contents(user: &Rooms, room: &str) -> Vec<Json> {
    let page = user.native().get(&format!("/api/chatrooms/{room}/messages")).await.is(200);
    page["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| message["content"].clone())
        .collect()
}

#[tokio::test]
async fn a_bad_frame_is_answered_to_its_sender_only_and_stores_nothing() {
    let server = Server::start().await;
    let (ann, ben) = (Rooms::new(&server, "ann").await, Rooms::new(&server, "ben").await);
    let room = ann.room("Lounge").await;
    let (mut other, mut sender) = (ann.open(&room).await, ben.open(&room).await);
    assert_eq!(other.next().await["action"], "join");
    let long = json!({"action": "message", "message": "x".repeat(4001)}).to_string();
    let bad = [
        "",
        "nonsense",
        "{",
        "{}",
        "[]",
        "7",
        "null",
        r#""leave""#,
        r#"["leave"]"#,
        r#"{"action":7}"#,
        r#"{"action":null}"#,
        r#"{"action":""}"#,
    ];
    let unknown = [
        r#"{"action":"shout"}"#,
        r#"{"action":"Leave"}"#,
        r#"{"action":"enter"}"#,
        r#"{"Action":"leave"}"#,
        r#"{"action":"leave"} y"#,
    ];
    let texts = [
        r#"{"action":"message"}"#,
        r#"{"action":"message","message":7}"#,
        r#"{"action":"message","message":null}"#,
        r#"{"action":"message","message":""}"#,
        r#"{"action":"message","message":" \n\t"}"#,
        r#"{"action":"message","message":"\u0000"}"#,
        r#"{"action":"message","message":"\ud800"}"#,
        r#"{"action":"message","Message":"x"}"#,
        long.as_str(),
    ];
    for text in bad.into_iter().chain(unknown).chain(texts) {
        sender.send_text(text).await;
        refuses(&mut sender, "InvalidParameter", text).await;
    }
    sender
        .send_message(Message::binary(br#"{"action":"message","message":"in bytes"}"#.to_vec()))
        .await;
    let longest = "책".repeat(4000);
    sender.send(json!({"action": "message", "message": longest})).await;
    for socket in [&mut sender, &mut other] {
        assert_eq!(socket.next().await["message"], longest);
    }
    assert_eq!(contents(&ann, &room).await, [json!(longest)]);
    sender
        .send_text(&format!(
            r#"{{"action":"message","message":"x","pad":"{}"}}"#,
            "x".repeat(65_536)
        ))
        .await;
    assert_eq!(sender.closed().await, 1009);
    assert_eq!(contents(&ann, &room).await.len(), 1);
}

#[tokio::test]
async fn a_room_that_cannot_be_entered_is_refused_before_the_upgrade() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann.room("Lounge").await;
    for id in [
        "0",
        "-1",
        "x",
        "room",
        "room0",
        "Room1",
        "roomroom1",
        "99999999999999999999999",
        "1.5",
        "%00",
        "%FF",
        "room999",
    ] {
        ann.handshake(&format!("/rooms/{id}")).await.fails_rooms(400, "InvalidParameter");
        ann.delete(&format!("/rooms/{id}")).await.fails_rooms(400, "InvalidParameter");
    }
    assert_eq!(ann.handshake(&format!("/rooms/{room}/")).await.status, 101);
}

#[tokio::test]
async fn without_an_upgrade_there_is_nothing_to_get() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann.room("Lounge").await;
    let half = ann.with("connection", "Upgrade").with("upgrade", "websocket");
    let old = half
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .with("sec-websocket-version", "8");
    for client in [&ann, &ann.bare(), &half, &old] {
        let answer = client.get(&format!("/rooms/{room}")).await;
        answer.fails_rooms(405, "MethodNotAllowed");
        assert_eq!(answer.header("allow"), "DELETE");
    }
}

#[tokio::test]
async fn a_handshake_that_is_refused_makes_nobody_a_participant() {
    let server = Server::start_with(&[("LIMITS__MAX_SOCKETS_PER_USER", "2")]).await;
    let (ann, ben) = (Rooms::new(&server, "ann").await, Rooms::new(&server, "ben").await);
    let (lounge, attic) = (ann.room("Lounge").await, ann.room("Attic").await);
    let mut host = ann.open(&attic).await;
    let _sockets = [ben.open(&lounge).await, ben.open(&lounge).await];
    ben.handshake(&format!("/rooms/{attic}")).await.fails_rooms(429, "TooManyRequests");
    ben.with("origin", "http://evil.example")
        .handshake(&format!("/rooms/{attic}"))
        .await
        .fails_rooms(403, "Forbidden");
    host.send(json!({"action": "message", "message": "alone"})).await;
    assert_eq!(host.next().await["message"], "alone", "no join before");
    let (_twin, entered) = ann.enter(&attic).await;
    assert_eq!(entered["users"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn frames_over_the_rate_are_refused() {
    let server = Server::start_with(&[("LIMITS__FRAMES_PER_MINUTE_PER_SOCKET", "10")]).await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann.room("Lounge").await;
    let mut socket = ann.open(&room).await;
    for number in 0..30 {
        socket.send(json!({"action": "message", "message": number.to_string()})).await;
    }
    let refused = socket.expect(|frame| frame["action"] == "error").await;
    assert_eq!(
        refused,
        json!({
            "action": "error", "error": "TooManyRequests",
            "error_message": "TooManyRequests: too many requests",
        })
    );
    for number in 0..10 {
        let frame = socket.expect(|frame| frame["action"] == "message").await;
        assert_eq!(frame["message"], number.to_string());
    }
}
