//! Subscribing to all rooms, and receiving missed changes.

use serde_json::json;

use crate::support::{Json, Person, RoomPlan, Server, Socket, has_exactly, is, keys, people};

/// Subscribes and returns the frames of the replay and the reply.
async fn subscribe(socket: &mut Socket, since: Json) -> (Vec<Json>, Json) {
    socket.send(json!({"type": "subscribe", "since": since, "ref": "sub"})).await;
    let (replay, answer) = socket.all_until(|frame| frame["ref"] == "sub").await;
    assert_eq!(answer["type"], "subscribed", "{answer}");
    (replay, answer)
}

fn of_room<'a>(answer: &'a Json, room: &str) -> &'a Json {
    let rooms = answer["rooms"].as_array().expect("a list");
    rooms
        .iter()
        .find(|item| item["room_id"] == room)
        .unwrap_or_else(|| panic!("{room} is not in {answer}"))
}

#[tokio::test]
async fn a_subscriber_hears_of_all_rooms_present_and_future_without_entering_them() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    ben.say_all(&room, &["one", "@ann two"]).await;
    let mut socket = ann.open().await;
    let (replay, answer) = subscribe(&mut socket, Json::Null).await;
    assert!(replay.is_empty(), "nothing was asked for: {replay:?}");
    has_exactly(&answer, &["type", "rooms", "ref"]);
    let rev = ann.see(&room).await["rev"].clone();
    let wanted =
        json!({"room_id": room, "rev": rev, "last_seq": 2, "unread_count": 2, "mention_count": 1});
    assert_eq!(of_room(&answer, &room), &wanted);
    ben.say(&room, "three").await;
    assert_eq!(socket.hears("three").await["room_id"], json!(room));
    assert_eq!(ann.see(&room).await["state"], "closed", "subscribers make no live room");

    let future = ben.room(&[&ann]).await;
    let added = socket.until("room_added").await;
    assert_eq!((&added["room"]["roomId"], &added["unread_count"]), (&json!(future), &json!(0)));
    ben.say(&future, "in the new room").await;
    assert_eq!(socket.hears("in the new room").await["room_id"], json!(future));
    ben.patch(&format!("/api/chatrooms/{future}/name"), json!({"name": "New"})).await.is(200);
    assert_eq!(socket.until("room_updated").await["name"], "New");
}

#[tokio::test]
async fn room_added_comes_before_anything_else_of_the_room_however_it_came_about() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let mut socket = ann.subscribe().await;
    let mut plain = ann.open().await;
    let v1 = ben.with("x-session-id", "").bare().bearer(&ben.token);
    let created = ben.room(&[&ann]).await;
    let own = ann.room(&[]).await;
    let joined = ben.public_room("Lounge").await;
    ann.post(&format!("/api/chatrooms/{joined}/join"), json!({})).await.is(200);
    let named = ben.room_like(&[], RoomPlan { name: Some("Named"), public: false }).await;
    ben.post(&format!("/api/chatrooms/{named}/participants"), json!({"userId": "ann"}))
        .await
        .is(201);
    let cyd = Person::new(&server, "cyd").await;
    let other = v1
        .post("/v1/rooms", json!({"users": [{"id": ann.id}, {"id": cyd.id}]}))
        .await
        .is(200)["id"]
        .as_i64()
        .expect("a number");
    let other = format!("room{other:03}");
    for room in [&created, &joined, &named, &other] {
        ben.say(room, &format!("in {room}")).await;
    }
    ann.say(&own, &format!("in {own}")).await;
    for room in [&created, &own, &joined, &named, &other] {
        let added = socket
            .expect(|frame| {
                frame["room"]["roomId"] == json!(room) || frame["room_id"] == json!(room)
            })
            .await;
        assert_eq!(added["type"], "room_added", "before any other event of the room: {added}");
        assert_eq!(plain.until("room_added").await["room"]["roomId"], json!(room));
        socket.hears(&format!("in {room}")).await;
    }
}

#[tokio::test]
async fn what_was_missed_comes_first_in_pages_and_then_the_live_events() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let (room, quiet) = (ann.room(&[&ben]).await, ann.room(&[&ben]).await);
    let since = ann.see(&room).await["rev"].as_i64().expect("a number");
    let quiet_rev = ann.see(&quiet).await["rev"].clone();
    let mut writer = ben.enter(&room).await;
    let frames: Vec<_> = (1..=150)
        .map(|number| json!({"type": "chat_message", "content": number.to_string()}))
        .collect();
    writer.send_all(&frames).await;
    writer.hears("150").await;
    let mut socket = ann.open().await;
    // Live messages during the replay are held back until it is complete.
    let more: Vec<_> = (151..=170)
        .map(|number| json!({"type": "chat_message", "content": number.to_string()}))
        .collect();
    let (subscribed, ()) = tokio::join!(
        subscribe(&mut socket, json!({room.as_str(): since, quiet.as_str(): quiet_rev})),
        writer.send_all(&more)
    );
    let (replay, answer) = subscribed;
    let pages: Vec<_> = replay.iter().filter(|frame| frame["type"] == "changes").collect();
    let mut contents = Vec::new();
    for page in &pages {
        assert_eq!(page["room_id"], json!(room), "nothing was missed in the quiet room");
        let allowed = ["type", "room_id", "epoch", "rev", "more", "reset", "room", "messages"];
        assert!(keys(page).iter().all(|key| allowed.contains(key)), "{:?}", keys(page));
        let messages = page["messages"].as_array().expect("a list");
        assert!(messages.len() <= 100, "a page holds at most 100");
        contents.extend(messages.iter().map(|message| {
            message["content"].as_str().expect("a text").parse::<u32>().expect("a number")
        }));
    }
    // A page may be complete, and more be posted before the rooms are live.
    assert!(
        pages.len() >= 2 && pages[0]["more"] == true && pages[pages.len() - 1]["more"] == false
    );
    assert!(
        of_room(&answer, &room).get("reset").is_none()
            && of_room(&answer, &quiet).get("reset").is_none()
    );
    contents.extend(
        replay.iter().filter(|frame| frame["type"] == "chat_message").map(|frame| {
            frame["content"].as_str().expect("a text").parse::<u32>().expect("a number")
        }),
    );
    while contents.last() != Some(&170) {
        let frame = socket.until("chat_message").await;
        contents.push(frame["content"].as_str().expect("a text").parse().expect("a number"));
    }
    assert_eq!(contents, (1..=170).collect::<Vec<_>>(), "each once, in order");
}

#[tokio::test]
async fn edits_and_changes_of_the_room_are_not_missed_either() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ben.say_all(&room, &["one", "two"]).await;
    let since = ann.see(&room).await["rev"].clone();
    ben.patch(&format!("/api/chatrooms/{room}/messages/{}", sent[0]), json!({"newContent": "uno"}))
        .await
        .is(200);
    ben.delete(&format!("/api/chatrooms/{room}/messages/{}", sent[1])).await.is(204);
    ben.patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "Renamed"})).await.is(200);
    let mut socket = ann.open().await;
    let (replay, _) = subscribe(&mut socket, json!({room.as_str(): since})).await;
    let [page] = &replay[..] else { panic!("one page: {replay:?}") };
    assert_eq!(
        (&page["type"], &page["more"], &page["room"]["name"]),
        (&json!("changes"), &json!(false), &json!("Renamed"))
    );
    assert_eq!(
        (&page["messages"][0]["content"], &page["rev"]),
        (&json!("uno"), &ann.see(&room).await["rev"])
    );
    assert!(
        page["messages"][1]["deletedAt"].is_string()
            && page["messages"][1].get("content").is_none()
    );
}

#[tokio::test]
async fn who_missed_too_much_or_comes_from_another_epoch_begins_anew() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let (long, short) = (ann.room(&[&ben]).await, ann.room(&[&ben]).await);
    let since = |rooms: &[&str]| {
        json!(
            rooms
                .iter()
                .map(|room| ((*room).to_owned(), json!(0)))
                .collect::<serde_json::Map<_, _>>()
        )
    };
    let mut writer = ben.enter(&long).await;
    let frames: Vec<_> = (1..=201)
        .map(|number| json!({"type": "chat_message", "content": number.to_string()}))
        .collect();
    writer.send_all(&frames).await;
    writer.hears("201").await;
    ben.say(&short, "only one").await;
    let mut socket = ann.open().await;
    let (replay, answer) = subscribe(&mut socket, since(&[&long, &short])).await;
    assert_eq!(of_room(&answer, &long)["reset"], true);
    assert!(of_room(&answer, &short).get("reset").is_none());
    assert!(
        replay.iter().all(|frame| frame["room_id"] == json!(short) || frame["reset"] == true),
        "{replay:?}"
    );
    let mut other = ann.open().await;
    other
        .send(json!({
            "type": "subscribe", "since": since(&[&short]), "epoch": "another", "ref": "sub",
        }))
        .await;
    let (_, answer) = other.all_until(|frame| frame["ref"] == "sub").await;
    assert_eq!(of_room(&answer, &short)["reset"], true);
    ben.say(&short, "live again").await;
    other.hears("live again").await;
}

#[tokio::test]
async fn a_room_that_is_gone_is_missing_in_the_answer() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let (gone, left) = (ben.room(&[&ann]).await, ben.room(&[&ann]).await);
    ben.delete(&format!("/api/chatrooms/{gone}")).await.is(204);
    ben.delete(&format!("/api/chatrooms/{left}/participants/ann")).await.is(204);
    let mut socket = ann.open().await;
    let (replay, answer) =
        subscribe(&mut socket, json!({gone.as_str(): 1, left.as_str(): 1, "room999": 5})).await;
    assert_eq!((replay, &answer["rooms"]), (vec![], &json!([])));
}

#[tokio::test]
async fn one_socket_may_subscribe_and_enter_and_hears_everything_once() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ann.subscribe().await;
    socket.join(&room).await;
    ben.say(&room, "one").await;
    ben.say(&room, "two").await;
    socket.hears("one").await;
    socket.silent_until(|frame| frame["content"] == "one", |frame| frame["content"] == "two").await;
    socket.ask(json!({"type": "leave_room", "room_id": room})).await;
    ben.say(&room, "three").await;
    socket.expect(is("chat_message")).await;
}

#[tokio::test]
async fn a_room_that_is_heard_already_goes_on_while_all_are_subscribed() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ann.open().await;
    socket.join(&room).await;
    let texts: Vec<String> = (1..=120).map(|n| format!("message {n}")).collect();
    let all: Vec<&str> = texts.iter().map(String::as_str).collect();
    let subscribing = async {
        for _ in 0..20 {
            socket.send(json!({"type": "subscribe"})).await;
            socket.until("subscribed").await;
        }
        socket
    };
    let (mut socket, _) = tokio::join!(subscribing, ben.say_all(&room, &all));
    let is_last = |frame: &Json| frame.to_string().contains("\"message 120\"");
    if !socket.heard().any(|frame| is_last(&frame)) {
        socket.all_until(is_last).await;
    }
    let mut heard: Vec<i64> = Vec::new();
    for frame in socket.heard() {
        match frame["type"].as_str() {
            Some("chat_message") => heard.extend(frame["seq"].as_i64()),
            Some("changes") => {
                let messages = frame["messages"].as_array().expect("a list");
                heard.extend(messages.iter().filter_map(|message| message["seq"].as_i64()));
            }
            _ => (),
        }
    }
    assert_eq!(heard, (1..=120).collect::<Vec<_>>());
}

#[tokio::test]
async fn answers_that_are_larger_than_the_queue_close_no_socket() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let mut socket = ann.open().await;
    let room = ann.room(&[&ben]).await;
    ben.say_all(&room, &["x".repeat(3_000).as_str(); 20]).await;
    // Together almost twice the default limit.
    let joins = vec![json!({"type": "join_room", "room_id": room}); 30];
    let posting = async {
        for _ in 0..50 {
            ben.say(&room, "meanwhile").await;
        }
    };
    let joining = async {
        socket.send_all(&joins).await;
        for _ in &joins {
            socket.until("room_joined").await;
        }
        socket
    };
    let (mut socket, ()) = tokio::join!(joining, posting);
    socket.settle().await;
    socket.close().await;
}
