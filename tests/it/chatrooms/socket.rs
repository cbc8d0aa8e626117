//! All frames sent and received by a socket.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Json, Person, Server, has_exactly, is, is_millis, is_seconds, people};

const CHAT_MESSAGE: [&str; 10] = [
    "type",
    "room_id",
    "message_id",
    "seq",
    "rev",
    "sender_id",
    "sender_name",
    "content",
    "timestamp",
    "created_at",
];
const MESSAGE_SENT: [&str; 7] = ["type", "room_id", "message_id", "seq", "rev", "timestamp", "ref"];
const REACTED: [&str; 8] =
    ["type", "room_id", "message_id", "seq", "rev", "user_id", "reaction_type", "timestamp"];

#[tokio::test]
async fn a_socket_is_greeted_and_answers_pings() {
    let server = Server::start_with(&[("SERVER__HEARTBEAT_SECONDS", "7")]).await;
    let ann = Person::new(&server, "Ann").await;
    let mut socket = ann.socket("Ann", "/chat").await;
    let greeting = socket.next().await;
    has_exactly(&greeting, &["type", "message", "user_id", "timestamp", "heartbeat_s", "epoch"]);
    assert_eq!(
        (&greeting["type"], &greeting["user_id"], &greeting["heartbeat_s"]),
        (&json!("connection_established"), &json!("Ann"), &json!(7))
    );
    assert!(is_seconds(&greeting["timestamp"]) && greeting["message"].is_string());
    let room = ann.room(&[]).await;
    assert_eq!(
        greeting["epoch"],
        ann.get(&format!("/api/chatrooms/{room}/changes?since=0")).await.is(200)["epoch"]
    );
    let pong = socket.ask(json!({"type": "ping", "more": [1, 2]})).await;
    has_exactly(&pong, &["type", "user_id", "timestamp", "ref"]);
    assert_eq!((&pong["type"], &pong["user_id"]), (&json!("pong"), &json!("Ann")));
    socket.send(json!({"type": "ping"})).await;
    has_exactly(&socket.until("pong").await, &["type", "user_id", "timestamp"]);
    socket.send_message(Message::Ping(vec![1, 2, 3].into())).await;
    socket.settle().await;
    socket.close().await;
}

#[tokio::test]
async fn who_enters_is_told_of_the_room_and_the_others_of_them() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let texts: Vec<_> = (1..=25).map(|number| number.to_string()).collect();
    ann.say_all(&room, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut first = ann.open().await;
    let joined = first.join(&room).await;
    has_exactly(
        &joined,
        &[
            "type",
            "room_id",
            "user_id",
            "timestamp",
            "rev",
            "state",
            "online",
            "online_count",
            "messages",
            "ref",
        ],
    );
    assert_eq!(
        (&joined["room_id"], &joined["user_id"], &joined["state"]),
        (&json!(room), &json!("ann"), &json!("active"))
    );
    assert_eq!(
        (&joined["online"], &joined["online_count"], &joined["rev"]),
        (&json!(["ann"]), &json!(1), &ann.see(&room).await["rev"])
    );
    let messages = joined["messages"].as_array().expect("a list");
    assert_eq!(messages.len(), 20, "the latest messages that a live room keeps");
    let mut stored = ann.history(&room).await[5].clone();
    stored.as_object_mut().expect("a message").remove("timestamp");
    assert_eq!(messages[0], stored, "messages in frames are the REST objects");

    let mut second = ben.enter(&room).await;
    let frame = first.until("user_joined").await;
    has_exactly(&frame, &["type", "user_id", "room_id", "timestamp"]);
    assert_eq!((&frame["user_id"], &frame["room_id"]), (&json!("ben"), &json!(room)));
    let left = second.ask(json!({"type": "leave_room", "room_id": room})).await;
    has_exactly(&left, &["type", "room_id", "user_id", "timestamp", "ref"]);
    assert_eq!((&left["type"], &left["room_id"]), (&json!("room_left"), &json!(room)));
    let frame = first.until("user_left").await;
    has_exactly(&frame, &["type", "user_id", "room_id", "timestamp"]);
    assert_eq!(frame["user_id"], "ben");
    // A user who left the room receives nothing more, though they may still post to it.
    first.say("one").await;
    first.say("two").await;
    assert!(second.settle().await.iter().all(|frame| frame["room_id"] != json!(room)));
    second.ask(json!({"type": "chat_message", "room_id": room, "content": "from outside"})).await;
    assert_eq!(first.hears("from outside").await["sender_id"], "ben");
}

#[tokio::test]
async fn a_message_reaches_all_the_sender_included() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let (mut sender, mut twin, mut other) =
        (ann.enter(&room).await, ann.enter(&room).await, ben.enter(&room).await);
    let sent = sender
        .ask(json!({"type": "chat_message", "room_id": room, "content": "hello", "x": null}))
        .await;
    has_exactly(&sent, &MESSAGE_SENT);
    assert_eq!(
        (&sent["type"], &sent["room_id"], &sent["seq"]),
        (&json!("message_sent"), &json!(room), &json!(1))
    );
    for socket in [&mut sender, &mut twin, &mut other] {
        let frame = socket.until("chat_message").await;
        has_exactly(&frame, &CHAT_MESSAGE);
        assert_eq!(
            (&frame["message_id"], &frame["seq"], &frame["rev"]),
            (&sent["message_id"], &sent["seq"], &sent["rev"])
        );
        assert_eq!(
            (&frame["sender_id"], &frame["sender_name"], &frame["content"]),
            (&json!("ann"), &json!("ann"), &json!("hello"))
        );
        assert!(is_seconds(&frame["timestamp"]) && is_millis(&frame["created_at"]), "{frame}");
    }
    let body = json!({
        "type": "chat_message", "content": "re: hello", "client_id": "c1",
        "reply_to": sent["message_id"],
    });
    let reply = sender.ask(body.clone()).await;
    has_exactly(&reply, &[&MESSAGE_SENT[..], &["client_id"]].concat());
    let frame = other.until("chat_message").await;
    has_exactly(&frame, &[&CHAT_MESSAGE[..], &["client_id", "reply_to"]].concat());
    assert_eq!((&frame["client_id"], &frame["reply_to"]), (&json!("c1"), &sent["message_id"]));
    let again = sender.ask(body).await;
    assert_eq!((&again["message_id"], &again["seq"]), (&reply["message_id"], &reply["seq"]));
    sender.say("last").await;
    other.silent_until(is("chat_message"), |frame| frame["content"] == "last").await;
}

#[tokio::test]
async fn edits_deletions_and_reactions_reach_all() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let (mut sender, mut other) = (ann.enter(&room).await, ben.enter(&room).await);
    let message = sender.say("hello").await["message_id"].clone();
    let both = async |sender: &mut crate::support::Socket,
                      other: &mut crate::support::Socket,
                      question: Json,
                      kind: &str| {
        let answer = sender.ask(question).await;
        has_exactly(&answer, &MESSAGE_SENT);
        assert_eq!(answer["type"], "message_sent");
        let frames = (sender.until(kind).await, other.until(kind).await);
        assert_eq!(frames.0, frames.1);
        assert_eq!(
            (&frames.0["message_id"], &frames.0["rev"], &frames.0["seq"]),
            (&answer["message_id"], &answer["rev"], &answer["seq"])
        );
        frames.0
    };
    let edit = json!({"type": "edit_message", "message_id": message, "content": "hullo"});
    let edited = both(&mut sender, &mut other, edit, "message_edited").await;
    has_exactly(
        &edited,
        &[
            "type",
            "room_id",
            "message_id",
            "seq",
            "rev",
            "sender_id",
            "content",
            "edited_at",
            "timestamp",
        ],
    );
    assert_eq!((&edited["content"], &edited["sender_id"]), (&json!("hullo"), &json!("ann")));
    let react = |verb: &str| json!({"type": verb, "message_id": message, "reaction_type": "👍"});
    let added = both(&mut other, &mut sender, react("add_reaction"), "reaction_added").await;
    has_exactly(&added, &REACTED);
    assert_eq!((&added["user_id"], &added["reaction_type"]), (&json!("ben"), &json!("👍")));
    let removed = both(&mut other, &mut sender, react("remove_reaction"), "reaction_removed").await;
    has_exactly(&removed, &REACTED);
    let delete = json!({"type": "delete_message", "message_id": message});
    let deleted = both(&mut sender, &mut other, delete, "message_deleted").await;
    has_exactly(&deleted, &["type", "room_id", "message_id", "seq", "rev", "user_id", "timestamp"]);
    assert_eq!(deleted["user_id"], "ann");
    let revs: Vec<_> = [&edited, &added, &removed, &deleted]
        .iter()
        .map(|frame| frame["rev"].as_i64().expect("a number"))
        .collect();
    assert!(revs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{revs:?}");
}

#[tokio::test]
async fn what_rest_changes_is_heard_on_sockets() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ben.enter(&room).await;
    let message = ann.say(&room, "by REST").await;
    let frame = socket.hears("by REST").await;
    assert_eq!(
        (&frame["message_id"], &frame["rev"], &frame["created_at"]),
        (&message["messageId"], &message["rev"], &message["createdAt"])
    );
    let path =
        format!("/api/chatrooms/{room}/messages/{}", message["messageId"].as_str().expect("a key"));
    ann.patch(&path, json!({"newContent": "edited by REST"})).await.is(200);
    assert_eq!(socket.until("message_edited").await["content"], "edited by REST");
    ann.post(&format!("{path}/reactions"), json!({"reactionType": "love"})).await.is(201);
    assert_eq!(socket.until("reaction_added").await["reaction_type"], "love");
    ann.delete(&format!("{path}/reactions/love")).await.is(204);
    socket.until("reaction_removed").await;
    ben.post(&format!("{path}/read"), json!({})).await.is(200);
    socket.until("read_marked").await;
    ann.delete(&path).await.is(204);
    socket.until("message_deleted").await;
}

#[tokio::test]
async fn a_mark_is_told_to_its_owner_everywhere_and_to_the_others() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ann.say_all(&room, &["one", "two", "three"]).await;
    let (mut author, mut reader, mut twin) =
        (ann.enter(&room).await, ben.enter(&room).await, ben.open().await);
    let marked =
        reader.ask(json!({"type": "mark_read", "room_id": room, "message_id": sent[1]})).await;
    let keys =
        ["type", "room_id", "message_id", "user_id", "last_read_seq", "unread_count", "timestamp"];
    has_exactly(&marked, &[&keys[..], &["ref"]].concat());
    assert_eq!((&marked["type"], &marked["user_id"]), (&json!("read_marked"), &json!("ben")));
    assert_eq!(
        (&marked["last_read_seq"], &marked["unread_count"], &marked["message_id"]),
        (&json!(2), &json!(1), &json!(sent[1]))
    );
    let told = twin.until("read_marked").await;
    has_exactly(&told, &keys);
    assert_eq!((&told["last_read_seq"], &told["unread_count"]), (&json!(2), &json!(1)));
    let read = author.until("message_read").await;
    has_exactly(&read, &["type", "room_id", "message_id", "user_id", "last_read_seq", "timestamp"]);
    assert_eq!((&read["user_id"], &read["last_read_seq"]), (&json!("ben"), &json!(2)));
    let back =
        reader.ask(json!({"type": "mark_read", "room_id": room, "message_id": sent[0]})).await;
    assert_eq!(
        (&back["type"], &back["last_read_seq"], &back["unread_count"]),
        (&json!("read_marked"), &json!(2), &json!(1))
    );
}

#[tokio::test]
async fn typing_is_told_to_the_others_and_not_too_often() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let (mut writer, mut twin, mut other) =
        (ann.enter(&room).await, ann.enter(&room).await, ben.enter(&room).await);
    for _ in 0..5 {
        writer.send(json!({"type": "typing", "room_id": room})).await;
    }
    writer.settle().await;
    let frame = other.until("user_typing").await;
    has_exactly(&frame, &["type", "user_id", "room_id"]);
    assert_eq!((&frame["user_id"], &frame["room_id"]), (&json!("ann"), &json!(room)));
    writer.say("one").await;
    writer.say("two").await;
    other.silent_until(is("user_typing"), |frame| frame["content"] == "two").await;
    let to_the_writer = |frame: &Json| frame["type"] == "user_typing" || frame["error"].is_string();
    twin.silent_until(to_the_writer, |frame| frame["content"] == "two").await;
    writer.silent_until(to_the_writer, |frame| frame["content"] == "two").await;
}

#[tokio::test]
async fn frames_without_a_room_mean_the_one_joined_last() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (one, two) = (ann.room(&[]).await, ann.room(&[]).await);
    let mut socket = ann.open().await;
    socket.join(&one).await;
    socket.join(&two).await;
    assert_eq!(socket.say("into two").await["room_id"], json!(two));
    let in_one =
        socket.ask(json!({"type": "chat_message", "room_id": one, "content": "into one"})).await;
    assert_eq!(in_one["room_id"], json!(one));
    assert_eq!(
        socket.hears("into one").await["room_id"],
        json!(one),
        "joining does not leave the room joined before"
    );
    assert_eq!(socket.ask(json!({"type": "leave_room"})).await["room_id"], json!(two));
}

#[tokio::test]
async fn who_comes_back_joins_from_where_they_were() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ann.say_all(&room, &["one", "two", "three"]).await;
    let mut socket = ben.open().await;
    let since = socket.join(&room).await["rev"].clone();
    socket.close().await;
    ann.patch(&format!("/api/chatrooms/{room}/messages/{}", sent[0]), json!({"newContent": "uno"}))
        .await
        .is(200);
    ann.say(&room, "four").await;
    ann.delete(&format!("/api/chatrooms/{room}/messages/{}", sent[1])).await.is(204);
    let mut socket = ben.open().await;
    let joined =
        socket.ask(json!({"type": "join_room", "room_id": room, "since_rev": since})).await;
    let seqs: Vec<_> = joined["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| message["seq"].as_i64())
        .collect();
    assert_eq!(seqs, [Some(1), Some(4), Some(2)], "in the order of rev: {joined}");
    assert!(joined.get("reset").is_none());
    let mut other = ben.open().await;
    let reset = other
        .ask(json!({"type": "join_room", "room_id": room, "since_rev": since, "epoch": "another"}))
        .await;
    assert_eq!(
        (&reset["reset"], reset["messages"].as_array().map(Vec::len)),
        (&json!(true), Some(4)),
        "{reset}"
    );
}

#[tokio::test]
async fn who_was_away_for_too_long_begins_anew() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.open().await;
    let since = socket.join(&room).await["rev"].clone();
    let frames: Vec<_> = (1..=201)
        .map(|number| json!({"type": "chat_message", "content": number.to_string()}))
        .collect();
    socket.send_all(&frames).await;
    socket.hears("201").await;
    let mut other = ann.open().await;
    let joined = other.ask(json!({"type": "join_room", "room_id": room, "since_rev": since})).await;
    assert_eq!(
        (&joined["reset"], joined["messages"].as_array().map(Vec::len)),
        (&json!(true), Some(20))
    );
    assert_eq!(joined["messages"][19]["content"], "201");
}
