//! Frames of a socket that has entered.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Json, Person, Realtime, Server, Socket, has_exactly, number, status};

/// Posts a text, which must be stored.
async fn say(socket: &mut Socket, text: &str) {
    socket.send(json!({"msg": text})).await;
    assert_eq!(socket.next().await, status(true));
}

/// Fails unless the frame reports that a user entered (1) or left (0).
#[track_caller]
fn is_presence(frame: &Json, username: &str, action: i64) {
    has_exactly(frame, &["type", "username", "nickname", "action", "time"]);
    assert_eq!(
        (&frame["type"], &frame["username"], &frame["action"]),
        (&json!(1), &json!(username), &json!(action)),
        "{frame}"
    );
}

/// Returns whether it is the current time in seconds, not milliseconds.
fn is_now(time: &Json) -> bool {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    time.as_u64().is_some_and(|time| time.abs_diff(now) < 3600)
}

#[tokio::test]
async fn every_socket_but_the_sending_one_hears_a_message() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let room = ann.room("Lobby").await;
    let mut sender = ann.open(room).await;
    let mut twin = ann.open(room).await;
    let mut other = ben.open(room).await;
    for socket in [&mut sender, &mut twin] {
        let frame = socket.next().await;
        is_presence(&frame, "ben", 1);
        assert!(frame["nickname"] == "ben" && is_now(&frame["time"]), "{frame}");
    }
    sender.send(json!({"msg": "И тебе привет", "username": "x", "type": 7})).await;
    assert_eq!(sender.next().await, status(true));
    for socket in [&mut twin, &mut other] {
        let frame = socket.next().await;
        has_exactly(&frame, &["type", "msg", "username", "nickname", "time"]);
        assert_eq!(
            frame,
            json!({
                "type": 0, "msg": "И тебе привет", "username": "ann", "nickname": "ann",
                "time": frame["time"],
            })
        );
        assert!(is_now(&frame["time"]), "{frame}");
    }
    say(&mut twin, "me too").await;
    assert_eq!(sender.next().await["msg"], "me too", "its own message it has not heard");
    assert_eq!(other.next().await["msg"], "me too");
}

#[tokio::test]
async fn answers_and_messages_keep_their_order() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let room = ann.room("Lobby").await;
    let (mut listener, mut sender) = (ann.open(room).await, ben.open(room).await);
    is_presence(&listener.next().await, "ben", 1);
    let texts: Vec<_> = (0..100)
        .map(|number| if number % 10 == 3 { String::new() } else { number.to_string() })
        .collect();
    sender.send_all(&texts.iter().map(|text| json!({"msg": text})).collect::<Vec<_>>()).await;
    for text in &texts {
        assert_eq!(sender.next().await, status(!text.is_empty()));
    }
    for text in texts.iter().filter(|text| !text.is_empty()) {
        assert_eq!(listener.next().await["msg"], json!(text));
    }
}

#[tokio::test]
async fn messages_of_other_dialects_are_heard_with_the_name_used_in_the_room() {
    let server = Server::start().await;
    let native = Person::new(&server, "cyd").await;
    native.patch("/api/users/me", json!({"name": "Cyd Charisse"})).await.is(200);
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let mut socket = ann.open(room).await;
    let mut natives = native.enter(&format!("room{room:03}")).await;
    let entered = socket.next().await;
    is_presence(&entered, "cyd", 1);
    assert_eq!(entered["nickname"], "Cyd Charisse");
    natives.say("first").await;
    assert_eq!(socket.next().await["nickname"], "Cyd Charisse");
    native
        .patch(
            &format!("/api/chatrooms/{room}/participants/cyd/name"),
            json!({"edited_name": "Tula"}),
        )
        .await
        .is(200);
    natives.say("second").await;
    let frame = socket.next().await;
    assert_eq!(
        (&frame["msg"], &frame["username"], &frame["nickname"]),
        (&json!("second"), &json!("cyd"), &json!("Tula"))
    );
    say(&mut socket, "third").await;
    let heard = natives.hears("third").await;
    assert_eq!((&heard["sender_id"], &heard["sender_name"]), (&json!("ann"), &json!("ann")));
    // Edits, reactions, typing and the like do not exist here.
    let message = natives.say("fourth").await["message_id"].clone();
    assert_eq!(socket.next().await["msg"], "fourth");
    natives.ask(json!({"type": "edit_message", "message_id": message, "content": "edited"})).await;
    natives
        .ask(json!({"type": "add_reaction", "message_id": message, "reaction_type": "like"}))
        .await;
    natives.send(json!({"type": "typing"})).await;
    natives.ask(json!({"type": "delete_message", "message_id": message})).await;
    ann.patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "Renamed"})).await.is(200);
    natives.say("fifth").await;
    assert_eq!(socket.next().await["msg"], "fifth", "nothing in between");
}

#[tokio::test]
async fn a_users_first_and_last_socket_of_any_dialect_are_told() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let room = ann.room("Lobby").await;
    let mut listener = ann.open(room).await;
    let first = ben.open(room).await;
    is_presence(&listener.next().await, "ben", 1);
    let native = Person::new(&server, "cyd").await;
    // Another socket, in another dialect, is not reported.
    let mut second = ben.socket("ben", "/chat").await;
    second.until("connection_established").await;
    second.join(&format!("room{room:03}")).await;
    first.close().await;
    let cyds = native.enter(&format!("room{room:03}")).await;
    is_presence(&listener.next().await, "cyd", 1);
    second.ask(json!({"type": "leave_room"})).await;
    is_presence(&listener.next().await, "ben", 0);
    drop(cyds);
    is_presence(&listener.next().await, "cyd", 0);
    let seen = native.see(&format!("room{room:03}")).await;
    assert_eq!(
        seen["participants"].as_array().map(Vec::len),
        Some(3),
        "leaving the chat is not leaving the room"
    );
}

#[tokio::test]
async fn presence_is_not_told_where_many_are_present() {
    let server = Server::start_with(&[("ROOMS__PRESENCE_UP_TO", "1")]).await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let room = ann.room("Lobby").await;
    let (mut listener, mut sender) = (ann.open(room).await, ben.open(room).await);
    say(&mut sender, "hello").await;
    assert_eq!(listener.next().await["msg"], "hello", "nothing in between");
}

#[tokio::test]
async fn a_frame_that_fails_is_answered_and_stores_nothing() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let room = ann.room("Lobby").await;
    let (mut listener, mut socket) = (ben.open(room).await, ann.open(room).await);
    is_presence(&listener.next().await, "ann", 1);
    let long = json!({"msg": "x".repeat(4001)}).to_string();
    let bad = [
        "",
        "nonsense",
        "{",
        "{}",
        "[]",
        "7",
        "null",
        r#"{"msg":7}"#,
        r#"{"msg":null}"#,
        r#"{"msg":""}"#,
        r#"{"msg":" \n\t"}"#,
        r#"{"Msg":"x"}"#,
    ];
    let worse = [
        r#"{"msg":"\u0000"}"#,
        r#"{"msg":"\ud800"}"#,
        r#"["x"]"#,
        r#"{"msg":"x"} y"#,
        r#"{"msg":"a","msg":"b"}"#,
        long.as_str(),
    ];
    for text in bad.into_iter().chain(worse) {
        socket.send_text(text).await;
        assert_eq!(socket.next().await, status(false), "{text}");
    }
    socket.send_message(Message::binary(br#"{"msg":"in bytes"}"#.to_vec())).await;
    say(&mut socket, &"й".repeat(4000)).await;
    assert_eq!(listener.next().await["msg"], "й".repeat(4000));
    socket.send_text(&format!(r#"{{"msg":"x","pad":"{}"}}"#, "x".repeat(65_536))).await;
    assert_eq!(socket.closed().await, 1009);
    is_presence(&listener.next().await, "ann", 0);
}

#[tokio::test]
async fn who_is_removed_stays_connected_and_neither_speaks_nor_hears() {
    let server = Server::start().await;
    let owner = Person::new(&server, "ann").await;
    let ben = Realtime::new(&server, "ben").await;
    let room = owner.room(&[]).await;
    owner
        .post(&format!("/api/chatrooms/{room}/participants"), json!({"userId": "ben"}))
        .await
        .is(201);
    let mut socket = ben.open(number(&room)).await;
    owner.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    owner.say(&room, "without ben").await;
    for _ in 0..2 {
        socket.send(json!({"msg": "hello?"})).await;
        assert_eq!(socket.next().await, status(false), "and nothing else");
    }
    // Returning requires a new token: a socket that receives nothing must not post.
    owner
        .post(&format!("/api/chatrooms/{room}/participants"), json!({"userId": "ben"}))
        .await
        .is(201);
    let mut fresh = ben.open(number(&room)).await;
    socket.send(json!({"msg": "hello?"})).await;
    assert_eq!(socket.next().await, status(false));
    say(&mut fresh, "back").await;
    assert_eq!(owner.contents(&room).await, ["without ben", "back"]);
}

#[tokio::test]
async fn entering_a_public_room_makes_its_user_a_participant() {
    let server = Server::start().await;
    let owner = Person::new(&server, "ann").await;
    let room = owner.public_room("Lobby").await;
    let mut owners = owner.enter(&room).await;
    let ben = Realtime::new(&server, "ben").await;
    let socket = ben.open(number(&room)).await;
    owners.until("participant_added").await;
    assert_eq!(owners.until("user_joined").await["user_id"], "ben");
    socket.close().await;
    assert_eq!(owners.until("user_left").await["user_id"], "ben");
    assert_eq!(owner.see(&room).await["participants"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let other = Realtime::log_in(&ann, "ann", &ann.password).await;
    let room = ann.room("Lobby").await;
    let (mut ended, mut kept) = (ann.open(room).await, other.open(room).await);
    assert_eq!(ann.post("/Logout", "").await.is(200), status(true));
    assert_eq!(ended.closed().await, 4401);
    say(&mut kept, "still here").await;
    ann.bare().with("x-session-id", &other.session).delete("/api/users/me").await.is(204);
    assert_eq!(kept.closed().await, 4401);
}

#[tokio::test]
async fn frames_over_the_rate_are_refused() {
    let server = Server::start_with(&[("LIMITS__FRAMES_PER_MINUTE_PER_SOCKET", "10")]).await;
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let mut socket = ann.open(room).await;
    for number in 0..10 {
        say(&mut socket, &number.to_string()).await;
    }
    socket.send(json!({"msg": "once more"})).await;
    assert_eq!(socket.next().await, status(false));
    let history = ann.get(&format!("/api/chatrooms/{room}/messages")).await.is(200);
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(10));
}
