//! WebSocket `/rooms/{room_id}`: entering, posting, leaving, being removed.

use serde_json::json;

use crate::support::{
    Json, Person, Rooms, Server, Socket, V1, has_exactly, is_millis, number, people, texts,
};

/// Fails unless the next frame equals this one, at any time.
async fn tells(socket: &mut Socket, wanted: Json) {
    let mut frame = socket.next().await;
    assert!(is_millis(&frame["time"]), "{frame}");
    frame.as_object_mut().expect("an object").remove("time");
    assert_eq!(frame, wanted);
}

fn step(action: &str, room: &str, login: &str) -> Json {
    json!({"action": action, "room_id": room, "user_id": login, "name": login})
}

fn said(room: &str, login: &str, text: &str) -> Json {
    json!({"action": "message", "room_id": room, "user_id": login, "name": login, "message": text})
}

async fn trio(server: &Server) -> (Rooms, Rooms, Rooms) {
    (
        Rooms::new(server, "ann").await,
        Rooms::new(server, "ben").await,
        Rooms::new(server, "cyd").await,
    )
}

#[tokio::test]
async fn the_user_list_decides_which_entry_is_the_first() {
    let server = Server::start().await;
    let (ann, ben, _) = trio(&server).await;
    let room = ann.room("Lounge").await;
    let list = |logins: &[&str]| {
        json!(
            logins.iter().map(|login| json!({"user_id": login, "name": login})).collect::<Vec<_>>()
        )
    };
    let (mut host, entered) = ann.enter(&room).await;
    let alone = json!({
        "action": "enter", "room_id": room, "user_id": "ann", "name": "ann", "first": false,
        "users": list(&["ann"]),
    });
    assert_eq!(entered, alone, "the creator is in from the start");
    let number = number(&room).to_string();
    let (guest, entered) = ben.enter(&number).await;
    let both = |first: bool| {
        json!({
            "action": "enter", "room_id": room, "user_id": "ben", "name": "ben", "first": first,
            "users": list(&["ann", "ben"]),
        })
    };
    assert_eq!(entered, both(true));
    tells(&mut host, step("join", &room, "ben")).await;
    guest.close().await;
    let (mut guest, entered) = ben.enter(&room).await;
    assert_eq!(entered, both(false));
    let (mut twin, entered) = ben.enter(&format!("room{number}")).await;
    assert_eq!(entered, both(false));
    twin.send(json!({"action": "message", "message": "again"})).await;
    for socket in [&mut host, &mut guest, &mut twin] {
        tells(socket, said(&room, "ben", "again")).await;
    }
}

#[tokio::test]
async fn somebody_new_is_told_whichever_api_added_them() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann.room("Lounge").await;
    let mut host = ann.open(&room).await;
    let [ben, cyd, dan] = people(&server, ["ben", "cyd", "dan"]).await;
    let native = ann.native();
    native
        .post(&format!("/api/chatrooms/{room}/participants"), json!({"userId": "ben"}))
        .await
        .is(201);
    tells(&mut host, step("join", &room, "ben")).await;
    let _present = cyd.enter(&room).await;
    tells(&mut host, step("join", &room, "cyd")).await;
    let dan = V1::log_in(&dan, "dan", &dan.password).await;
    let _socket = dan.open(number(&room)).await;
    tells(&mut host, step("join", &room, "dan")).await;
    let ben = Rooms::log_in(&ben, "ben", &ben.password).await;
    assert_eq!(ben.enter(&room).await.1["first"], false, "he has been put in");
}

#[tokio::test]
async fn two_first_entries_at_once_are_one() {
    let server = Server::start().await;
    let (ann, ben, _) = trio(&server).await;
    let room = ann.room("Lounge").await;
    let mut host = ann.open(&room).await;
    let entries = futures_util::future::join_all((0..8).map(|_| ben.enter(&room))).await;
    assert_eq!(entries.iter().filter(|(_, entered)| entered["first"] == true).count(), 1);
    ben.native()
        .post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "here"}))
        .await
        .is(201);
    tells(&mut host, step("join", &room, "ben")).await;
    tells(&mut host, said(&room, "ben", "here")).await;
    for (mut socket, _) in entries {
        tells(&mut socket, said(&room, "ben", "here")).await;
    }
}

#[tokio::test]
async fn a_message_is_heard_by_every_socket_under_the_name_of_that_room() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let ben = Person::new(&server, "ben").await;
    let room = ann.room("Lounge").await;
    let (mut one, mut two) = (ann.open(&room).await, ann.open(&room).await);
    one.send(
        json!({"action": "message", "message": "И тебе привет", "user_id": "ben", "more": {}}),
    )
    .await;
    for socket in [&mut one, &mut two] {
        let frame = socket.next().await;
        has_exactly(&frame, &["action", "room_id", "user_id", "name", "message", "time"]);
        assert_eq!(frame["message"], "И тебе привет");
    }
    let mut native = ben.enter(&room).await;
    tells(&mut one, step("join", &room, "ben")).await;
    ben.patch(
        &format!("/api/chatrooms/{room}/participants/ben/name"),
        json!({"edited_name": "Benny"}),
    )
    .await
    .is(200);
    native.say("hello").await;
    let mut renamed = said(&room, "ben", "hello");
    renamed["name"] = json!("Benny");
    tells(&mut one, renamed).await;
    one.send(json!({"action": "message", "message": "hi"})).await;
    assert_eq!(native.hears("hi").await["sender_id"], "ann");
    let (_socket, entered) = ann.enter(&room).await;
    assert_eq!(texts(&entered["users"], "name"), ["ann", "Benny"]);
}

#[tokio::test]
async fn who_leaves_is_out_of_the_user_list_and_only_closed() {
    let server = Server::start().await;
    let (ann, ben, _) = trio(&server).await;
    let room = ann.room("Lounge").await;
    let mut host = ann.open(&room).await;
    let (mut leaving, mut twin) = (ben.open(&room).await, ben.open(&room).await);
    tells(&mut host, step("join", &room, "ben")).await;
    leaving.send(json!({"action": "leave"})).await;
    assert_eq!(leaving.closed().await, 1000);
    assert_eq!(leaving.unread().count(), 0);
    tells(&mut host, step("leave", &room, "ben")).await;
    tells(&mut twin, step("leave", &room, "ben")).await;
    assert_eq!(twin.closed().await, 1000);
    let (_socket, entered) = ben.enter(&room).await;
    assert_eq!(entered["first"], true);
    tells(&mut host, step("join", &room, "ben")).await;
}

#[tokio::test]
async fn the_last_admin_hands_the_role_on() {
    let server = Server::start().await;
    let (ann, ben, cyd) = trio(&server).await;
    let room = ann.room("Lounge").await;
    let mut host = ann.open(&room).await;
    let (mut second, mut third) = (ben.open(&room).await, cyd.open(&room).await);
    host.send(json!({"action": "leave"})).await;
    assert_eq!(host.closed().await, 1000);
    for socket in [&mut second, &mut third] {
        socket
            .expect(|frame| {
                *frame
                    == json!({
                        "action": "leave", "room_id": room, "user_id": "ann", "name": "ann",
                        "time": frame["time"],
                    })
            })
            .await;
    }
    let seen = ben.native().get(&format!("/api/chatrooms/{room}")).await.is(200);
    assert_eq!(texts(&seen["participants"], "userId"), ["ben", "cyd"]);
    assert_eq!(texts(&seen["participants"], "role"), ["admin", "member"]);
    for mut socket in [second, third] {
        socket.send(json!({"action": "leave"})).await;
        assert_eq!(socket.closed().await, 1000);
    }
    assert_eq!(texts(&cyd.get("/rooms").await.is(200), "room_id"), [&room], "a public room stays");
    let (_socket, entered) = cyd.enter(&room).await;
    assert_eq!(texts(&entered["users"], "user_id"), ["cyd"]);
    cyd.delete(&format!("/rooms/{room}")).await.is(204);
}

#[tokio::test]
async fn who_is_removed_hears_that_and_nothing_more() {
    let server = Server::start().await;
    let (ann, ben, cyd) = trio(&server).await;
    let room = ann.room("Lounge").await;
    let (mut removed, mut stays) = (ben.open(&room).await, cyd.open(&room).await);
    tells(&mut removed, step("join", &room, "cyd")).await;
    let native = ann.native();
    native.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    native
        .post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "without ben"}))
        .await
        .is(201);
    tells(&mut removed, step("leave", &room, "ben")).await;
    assert_eq!(removed.closed().await, 1000);
    assert_eq!(removed.unread().count(), 0);
    tells(&mut stays, step("leave", &room, "ben")).await;
    tells(&mut stays, said(&room, "ann", "without ben")).await;
    assert_eq!(ben.enter(&room).await.1["first"], true, "a removal does not keep them out");
}

#[tokio::test]
async fn a_deleted_room_is_told_and_closed() {
    let server = Server::start().await;
    let (ann, ben, _) = trio(&server).await;
    let room = ann.room("Lounge").await;
    let (mut host, guest) = (ann.open(&room).await, ben.open(&room).await);
    tells(&mut host, step("join", &room, "ben")).await;
    ann.delete(&format!("/rooms/{room}")).await.is(204);
    for mut socket in [host, guest] {
        tells(&mut socket, json!({"action": "deleted", "room_id": room})).await;
        assert_eq!(socket.closed().await, 1000);
    }
    ben.handshake(&format!("/rooms/{room}")).await.fails_rooms(400, "InvalidParameter");
}

#[tokio::test]
async fn a_private_room_is_entered_by_its_participants() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let ben = Rooms::new(&server, "ben").await;
    let room =
        ann.post("/api/chatrooms", json!({"targetUserIds": ["ben"]})).await.is(201)["roomId"]
            .as_str()
            .expect("a key")
            .to_owned();
    let (mut socket, entered) = ben.enter(&room).await;
    assert_eq!(
        (&entered["first"], texts(&entered["users"], "user_id")),
        (&json!(false), vec!["ann", "ben"])
    );
    let mut native = ann.enter(&room).await;
    native.say("hello").await;
    tells(&mut socket, said(&room, "ann", "hello")).await;
    socket.send(json!({"action": "leave"})).await;
    assert_eq!(socket.closed().await, 1000);
    assert_eq!(native.until("participant_removed").await["user_id"], "ben");
    ben.handshake(&format!("/rooms/{room}")).await.fails_rooms(400, "InvalidParameter");
}

#[tokio::test]
async fn edits_deletions_reactions_presence_and_names_have_no_words_here() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let ben = Person::new(&server, "ben").await;
    let room = ann.room("Lounge").await;
    let mut native = ben.enter(&room).await;
    let mut socket = ann.open(&room).await;
    let message = native.say("hello").await["message_id"].clone();
    tells(&mut socket, said(&room, "ben", "hello")).await;
    native.ask(json!({"type": "edit_message", "message_id": message, "content": "hullo"})).await;
    native
        .ask(json!({"type": "add_reaction", "message_id": message, "reaction_type": "like"}))
        .await;
    native.send(json!({"type": "typing"})).await;
    native.ask(json!({"type": "delete_message", "message_id": message})).await;
    ann.native()
        .patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "Renamed"}))
        .await
        .is(200);
    native.ask(json!({"type": "leave_room"})).await;
    ben.say(&room, "bye").await;
    tells(&mut socket, said(&room, "ben", "bye")).await;
}

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let (other, third) = (
        Rooms::log_in(&ann, "ann", &ann.password).await,
        Rooms::log_in(&ann, "ann", &ann.password).await,
    );
    let room = ann.room("Lounge").await;
    let (mut ended, mut kept, mut changed) =
        (ann.open(&room).await, other.open(&room).await, third.open(&room).await);
    ann.delete("/logout").await.is(204);
    assert_eq!(ended.closed().await, 4401);
    kept.send(json!({"action": "message", "message": "still here"})).await;
    tells(&mut kept, said(&room, "ann", "still here")).await;
    other
        .native()
        .patch("/api/users/me", json!({"password": "another one", "currentPassword": ann.password}))
        .await
        .is(200);
    assert_eq!(changed.closed().await, 4401);
    kept.send(json!({"action": "message", "message": "and now"})).await;
    tells(&mut kept, said(&room, "ann", "and now")).await;
}
