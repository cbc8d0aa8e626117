//! Invalid frames: each is answered, and the connection stays open.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Json, Person, Server, Socket, has_exactly, is, is_seconds, people};

#[tokio::test]
async fn every_error_has_its_code_and_the_connection_stays() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let foreign = ben.room(&[]).await;
    let bens = ben.say_all(&room, &["ben's"]).await.remove(0);
    let hidden = ben.say_all(&foreign, &["hidden"]).await.remove(0);
    let mut socket = ann.open().await;

    socket.refused(json!({"type": "chat_message", "content": "where?"}), "not_in_room").await;
    socket.refused(json!({"type": "typing"}), "not_in_room").await;
    socket.refused(json!({"type": "leave_room"}), "not_in_room").await;
    socket.refused(json!({"type": "leave_room", "room_id": room}), "leave_failed").await;
    socket.refused(json!({"type": "join_room"}), "missing_room_id").await;
    for unknown in [foreign.as_str(), "room999", "nonsense", ""] {
        socket.refused(json!({"type": "join_room", "room_id": unknown}), "join_failed").await;
    }
    socket
        .refused(
            json!({"type": "chat_message", "room_id": foreign, "content": "hi"}),
            "not_in_room",
        )
        .await;
    socket
        .refused(
            json!({"type": "chat_message", "room_id": "room999", "content": "hi"}),
            "not_in_room",
        )
        .await;
    socket
        .refused(
            json!({"type": "mark_read", "room_id": foreign, "message_id": hidden}),
            "room_not_found",
        )
        .await;

    socket.join(&room).await;
    for content in ["", "  ", "\u{3000}\n"] {
        socket.refused(json!({"type": "chat_message", "content": content}), "empty_message").await;
    }
    socket.refused(json!({"type": "chat_message", "content": "x".repeat(4001)}), "too_large").await;
    socket
        .refused(
            json!({"type": "edit_message", "message_id": bens, "content": "mine"}),
            "forbidden",
        )
        .await;
    socket.refused(json!({"type": "delete_message", "message_id": bens}), "forbidden").await;
    socket
        .refused(
            json!({"type": "chat_message", "content": "re", "reply_to": "msg99"}),
            "message_not_found",
        )
        .await;
    for unknown in ["msg99", "nonsense", hidden.as_str()] {
        socket
            .refused(
                json!({"type": "edit_message", "message_id": unknown, "content": "x"}),
                "message_not_found",
            )
            .await;
        socket
            .refused(json!({"type": "delete_message", "message_id": unknown}), "message_not_found")
            .await;
        socket
            .refused(
                json!({"type": "add_reaction", "message_id": unknown, "reaction_type": "like"}),
                "message_not_found",
            )
            .await;
        socket
            .refused(
                json!({"type": "remove_reaction", "message_id": unknown, "reaction_type": "like"}),
                "message_not_found",
            )
            .await;
        socket
            .refused(
                json!({"type": "mark_read", "room_id": room, "message_id": unknown}),
                "message_not_found",
            )
            .await;
    }
    socket
        .refused(
            json!({"type": "edit_message", "message_id": bens, "content": ""}),
            "empty_message",
        )
        .await;

    let unknown = socket.refused(json!({"type": "dance"}), "unknown_message_type").await;
    has_exactly(&unknown, &["error", "message", "timestamp", "type", "ref"]);
    assert_eq!(unknown["type"], "dance");
    assert!(
        is_seconds(&unknown["timestamp"])
            && unknown["message"].as_str().is_some_and(|text| !text.is_empty())
    );
    assert_eq!(ann.contents(&room).await, ["ben's"]);
    socket.say("still here").await;
}

#[tokio::test]
async fn frames_of_the_wrong_form_are_told_apart() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    let heard = async |socket: &mut Socket, text: &str| {
        socket.send_text(text).await;
        let frame = socket.expect(|frame| frame["error"].is_string()).await;
        assert!(is_seconds(&frame["timestamp"]), "{frame}");
        frame["error"].as_str().expect("a code").to_owned()
    };
    let no_json = [
        "",
        " ",
        "nonsense",
        "{",
        r#"{"type":"ping""#,
        r#"{"type":"chat_message","content":"\ud800"}"#,
        "{'type':'ping'}",
        r#"{"type":"ping"} x"#,
    ];
    for text in no_json {
        assert_eq!(heard(&mut socket, text).await, "message_parse_error", "{text}");
    }
    let no_type = [
        "{}",
        r#"{"content":"x"}"#,
        r#"{"type":7}"#,
        r#"{"type":null}"#,
        "[]",
        r#"["ping"]"#,
        "7",
        "null",
        r#""ping""#,
    ];
    for text in no_type {
        assert_eq!(heard(&mut socket, text).await, "invalid_message_format", "{text}");
    }
    let wrong: [Json; 17] = [
        json!({"type": "chat_message"}),
        json!({"type": "chat_message", "content": 7}),
        json!({"type": "chat_message", "content": null}),
        json!({"type": "chat_message", "content": "a\u{0}b"}),
        json!({"type": "chat_message", "content": "x", "client_id": 7}),
        json!({"type": "chat_message", "content": "x", "client_id": ""}),
        json!({"type": "chat_message", "content": "x", "client_id": "x".repeat(65)}),
        json!({"type": "chat_message", "content": "x", "reply_to": 7}),
        json!({"type": "chat_message", "content": "x", "room_id": []}),
        json!({"type": "join_room", "room_id": {}}),
        json!({"type": "join_room", "room_id": room, "since_rev": "x"}),
        json!({"type": "edit_message", "content": "x"}),
        json!({"type": "delete_message"}),
        json!({"type": "add_reaction", "message_id": "msg1"}),
        json!({"type": "add_reaction", "message_id": "msg1", "reaction_type": "hate"}),
        json!({"type": "mark_read", "room_id": room}),
        json!({"type": "subscribe", "since": [1]}),
    ];
    for frame in wrong {
        socket.refused(frame, "invalid_message_format").await;
    }
    socket.say("still here").await;
    assert_eq!(ann.contents(&room).await, ["still here"], "nothing of it is stored");
}

#[tokio::test]
async fn binary_frames_are_ignored() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    socket
        .send_message(Message::binary(br#"{"type":"chat_message","content":"in bytes"}"#.to_vec()))
        .await;
    socket.send_message(Message::binary(vec![0xff; 1000])).await;
    // The event of creating the room may still arrive.
    assert!(socket.settle().await.iter().all(is("room_added")));
    socket.say("in text").await;
    assert_eq!(ann.contents(&room).await, ["in text"]);
}

#[tokio::test]
async fn a_frame_over_the_limit_closes_the_socket() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    let padded = |size: usize| {
        let frame = json!({"type": "ping", "ref": "padded", "padding": ""}).to_string();
        frame.replace(
            r#""padding":"""#,
            &format!(r#""padding":"{}""#, "x".repeat(size - frame.len())),
        )
    };
    socket.send_text(&padded(65_536)).await;
    socket.expect(|frame| frame["ref"] == "padded").await;
    socket.send_text(&padded(65_537)).await;
    assert_eq!(socket.closed().await, 1009);
    // A close must be distinguishable from a reset, however much is in flight.
    let mut socket = ann.enter(&room).await;
    socket.send_text(&padded(8 * 1024 * 1024)).await;
    assert_eq!(socket.closed().await, 1009);
    ann.enter(&room).await.say("back again").await;
}

#[tokio::test]
async fn sizes_are_checked_even_where_rates_are_not() {
    let server = Server::start_with(&[
        ("LIMITS__ENABLED", "false"),
        ("LIMITS__MAX_FRAME_BYTES", "1000"),
        ("ROOMS__MAX_MESSAGE_CHARS", "10"),
    ])
    .await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    socket.say(&"й".repeat(10)).await;
    socket.refused(json!({"type": "chat_message", "content": "й".repeat(11)}), "too_large").await;
    socket.send_text(&" ".repeat(1001)).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn frames_of_one_socket_are_limited() {
    let server = Server::start_with(&[("LIMITS__FRAMES_PER_MINUTE_PER_SOCKET", "20")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    for number in 0..50 {
        socket.send(json!({"type": "chat_message", "content": number.to_string()})).await;
    }
    let frame = socket.expect(|frame| frame["error"].is_string()).await;
    assert_eq!(frame["error"], "rate_limited", "{frame}");
    let mut other = ann.enter(&room).await;
    assert!(other.unread().count() == 0);
    other.say("another socket has its own allowance").await;
    socket.hears("another socket has its own allowance").await;
}

#[tokio::test]
async fn a_removed_participant_hears_nothing_more_and_may_do_nothing() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ben.say_all(&room, &["mine"]).await.remove(0);
    let (mut witness, mut entered, mut subscribed) =
        (ann.enter(&room).await, ben.enter(&room).await, ben.subscribe().await);
    ann.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    let left = witness.until("participant_removed").await["rev"].as_i64();
    witness.say("one").await;
    witness.say("two").await;
    witness.hears("two").await;
    for socket in [&mut entered, &mut subscribed] {
        let removed = socket.expect(is("participant_removed")).await;
        assert_eq!((removed["rev"].as_i64(), &removed["user_id"]), (left, &json!("ben")));
        let later = socket.settle().await;
        assert!(
            later
                .iter()
                .all(|frame| frame["rev"].as_i64() <= left && frame["type"] != "chat_message"),
            "{later:?}"
        );
        socket
            .refused(
                json!({"type": "chat_message", "room_id": room, "content": "hi"}),
                "not_in_room",
            )
            .await;
        socket
            .refused(
                json!({"type": "edit_message", "message_id": sent, "content": "hi"}),
                "message_not_found",
            )
            .await;
        socket.refused(json!({"type": "typing", "room_id": room}), "room_not_found").await;
    }
    entered.refused(json!({"type": "chat_message", "content": "hi"}), "not_in_room").await;
    assert_eq!(ann.contents(&room).await, ["mine", "one", "two"]);
}

#[tokio::test]
async fn of_a_key_that_is_given_twice_the_last_value_counts() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    let frame = r#"{"type":"typing","type":"chat_message","content":"first","content":"last"}"#;
    socket.send_text(frame).await;
    socket.until("message_sent").await;
    assert_eq!(ann.contents(&room).await, ["last"]);
}
