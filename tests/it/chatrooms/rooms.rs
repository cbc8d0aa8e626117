//! Creating, finding, entering, renaming and deleting rooms.

use serde_json::json;

use crate::support::{
    Json, Person, RoomPlan, Server, each, has_exactly, is, is_seconds, people, texts,
};

#[tokio::test]
async fn a_new_room_is_answered_whole() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let body = json!({
        "creatorId": "ann", "targetUserIds": ["BEN", "cyd", "ben", "ann"], "name": "Study Group",
        "createdAt": "2001-01-01T00:00:00Z", "x": 1,
    });
    let answer = ann.post("/api/chatrooms", body).await;
    let room = answer.is(201);
    let id = room["roomId"].as_str().expect("a roomId");
    assert!(id.starts_with("room") && id.len() >= 7, "{id}");
    assert!(
        answer.header("location").ends_with(&format!("/api/chatrooms/{id}")),
        "{:?}",
        answer.headers
    );
    let wanted = [
        "roomId",
        "name",
        "createdAt",
        "participants",
        "userCount",
        "ownerId",
        "visibility",
        "state",
        "rev",
        "lastSeq",
    ];
    has_exactly(&room, &wanted);
    assert_eq!(
        (&room["name"], &room["userCount"], &room["ownerId"]),
        (&json!("Study Group"), &json!(3), &json!("ann"))
    );
    assert_eq!(
        (&room["visibility"], &room["state"], &room["lastSeq"]),
        (&json!("private"), &json!("closed"), &json!(0))
    );
    assert!(
        is_seconds(&room["createdAt"])
            && !room["createdAt"].as_str().is_some_and(|at| at.starts_with("2001")),
        "{room}"
    );
    let people = json!([
        {"userId": "ann", "edited_name": "", "role": "admin", "name": "ann"},
        {"userId": "ben", "edited_name": "", "role": "member", "name": "ben"},
        {"userId": "cyd", "edited_name": "", "role": "member", "name": "cyd"},
    ]);
    assert_eq!(sorted(&room["participants"]), sorted(&people));
    for person in [&ann, &ben, &cyd] {
        assert_eq!(person.see(id).await, room);
    }
}

fn sorted(list: &Json) -> Vec<Json> {
    let mut list = list.as_array().expect("a list").clone();
    list.sort_by_key(ToString::to_string);
    list
}

#[tokio::test]
async fn who_makes_a_room_is_admin_of_three_or_of_a_public_one() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let role = async |room: &str| ann.see(room).await["participants"][0]["role"].clone();
    assert_eq!(role(&ann.room(&[]).await).await, "member");
    assert_eq!(role(&ann.room(&[&ben]).await).await, "member");
    assert_eq!(role(&ann.room(&[&ben, &cyd]).await).await, "admin");
    assert_eq!(role(&ann.public_room("Lounge").await).await, "admin");
}

#[tokio::test]
async fn a_direct_room_is_made_once() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let direct = async |who: &Person, others: Json| {
        who.post("/api/chatrooms", json!({"targetUserIds": others, "direct": true})).await
    };
    let first = direct(&ann, json!(["ben"])).await.is(201);
    assert_eq!(first["name"], Json::Null);
    let again = direct(&ben, json!(["ann"])).await.is(200);
    assert_eq!(again["roomId"], first["roomId"]);
    assert_ne!(direct(&ann, json!(["ben", "cyd"])).await.is(201)["roomId"], first["roomId"]);
    assert_ne!(ann.room(&[&ben]).await, first["roomId"], "without `direct` a new room is made");
    let named = ann.room_like(&[&cyd], RoomPlan { name: Some("Two of us"), public: false }).await;
    assert_ne!(
        direct(&ann, json!(["cyd"])).await.is(201)["roomId"],
        named,
        "a room with a name is not the one"
    );
}

#[tokio::test]
async fn an_unknown_target_makes_no_room() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let answer = ann.post("/api/chatrooms", json!({"targetUserIds": ["nobody"]})).await;
    answer.blames("targetUserIds");
    ann.post("/api/chatrooms", json!({"targetUserIds": [], "creatorId": "nobody"}))
        .await
        .fails(403, "forbidden");
    ann.post("/api/chatrooms", json!({"targetUserIds": [], "creatorId": "ANN"})).await.is(201);
    assert_eq!(
        ann.get("/api/chatrooms").await.is(200)["chatrooms"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_others() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room(&[&ben]).await;
    let message =
        ann.say(&room, "between us").await["messageId"].as_str().expect("a key").to_owned();
    let base = format!("/api/chatrooms/{room}");
    let missing = eve.get("/api/chatrooms/room999").await.fails(404, "room_not_found");
    assert_eq!(
        eve.get(&base).await.fails(404, "room_not_found"),
        missing,
        "one cannot tell it from a room that is not there"
    );
    for path in ["/messages", "/changes?since=0"] {
        eve.get(&format!("{base}{path}")).await.fails(404, "room_not_found");
    }
    let nothing = json!({});
    for (path, body) in [
        ("/join", nothing.clone()),
        ("/connect", nothing.clone()),
        ("/messages", json!({"content": "hi"})),
        ("/participants", json!({"userId": "eve"})),
        (&format!("/messages/{message}/read"), nothing.clone()),
        (&format!("/messages/{message}/reactions"), json!({"reactionType": "like"})),
    ] {
        eve.post(&format!("{base}{path}"), body).await.fails(404, "room_not_found");
    }
    eve.patch(&format!("{base}/name"), json!({"name": "mine"})).await.fails(404, "room_not_found");
    eve.patch(&format!("{base}/messages/{message}"), json!({"newContent": "mine"}))
        .await
        .fails(404, "room_not_found");
    eve.patch(&format!("{base}/participants/ben/role"), json!({"role": "admin"}))
        .await
        .fails(404, "room_not_found");
    eve.patch(&format!("{base}/participants/ben/name"), json!({"edited_name": "x"}))
        .await
        .fails(404, "room_not_found");
    for path in [
        "",
        "/participants/ben",
        &format!("/messages/{message}"),
        &format!("/messages/{message}/reactions/like"),
    ] {
        eve.delete(&format!("{base}{path}")).await.fails(404, "room_not_found");
    }
    assert_eq!(eve.get("/api/chatrooms").await.is(200)["chatrooms"], json!([]));
    assert_eq!(eve.get("/api/chatrooms?scope=public").await.is(200)["chatrooms"], json!([]));
    assert_eq!(ann.contents(&room).await, ["between us"]);
}

#[tokio::test]
async fn a_public_room_is_seen_by_all_and_read_by_who_enters() {
    let server = Server::start().await;
    let [ann, eve] = people(&server, ["ann", "eve"]).await;
    let room = ann.public_room("Lounge").await;
    ann.say(&room, "before you came").await;
    assert_eq!(eve.see(&room).await["visibility"], "public");
    eve.get(&format!("/api/chatrooms/{room}/messages")).await.fails(403, "forbidden");
    eve.get(&format!("/api/chatrooms/{room}/changes?since=0")).await.fails(403, "forbidden");
    eve.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "hi"}))
        .await
        .fails(403, "forbidden");
    let joined = eve.post(&format!("/api/chatrooms/{room}/join"), json!({})).await.is(200);
    assert_eq!((&joined["roomId"], &joined["userCount"]), (&json!(room), &json!(2)));
    assert_eq!(eve.contents(&room).await, ["before you came"]);
    assert_eq!(eve.card(&room).await["unreadCount"], 0, "who enters begins at the end");
    let again = eve.post(&format!("/api/chatrooms/{room}/join"), json!({})).await.is(200);
    assert_eq!(again["rev"], joined["rev"], "entering again changes nothing");
}

#[tokio::test]
async fn join_room_and_connect_enter_a_public_room() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.public_room("Lounge").await;
    let mut socket = ben.enter(&room).await;
    socket.say("I came by socket").await;
    let connected =
        cyd.post(&format!("/api/chatrooms/{room}/connect"), json!({"userId": "cyd"})).await.is(200);
    assert_eq!(
        (&connected["roomId"], &connected["websocket"], &connected["online"]),
        (&json!(room), &json!("/chat"), &json!(["ben"]))
    );
    assert_eq!(texts(&ann.see(&room).await["participants"], "userId"), ["ann", "ben", "cyd"]);
    cyd.post(&format!("/api/chatrooms/{room}/connect"), json!({"userId": "ben"}))
        .await
        .fails(403, "forbidden");
}

#[tokio::test]
async fn names_of_public_rooms_are_unique_when_made_and_when_renamed() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    ann.public_room("Café").await;
    let other = ben.public_room("Other").await;
    let private = ben.room_like(&[], RoomPlan { name: Some("Café"), public: false }).await;
    for name in ["Café", "CAFÉ", "Cafe\u{301}"] {
        let body = json!({"targetUserIds": [], "visibility": "public", "name": name});
        ben.post("/api/chatrooms", body).await.fails(409, "already_exists");
        ben.patch(&format!("/api/chatrooms/{other}/name"), json!({"name": name}))
            .await
            .fails(409, "already_exists");
    }
    assert_eq!(ben.see(&other).await["name"], "Other");
    ben.patch(&format!("/api/chatrooms/{other}/name"), json!({"name": "OTHER"})).await.is(200);
    ben.patch(&format!("/api/chatrooms/{private}/name"), json!({"name": "Other"})).await.is(200);
}

#[tokio::test]
async fn a_room_is_named_by_any_of_its_keys() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let number = crate::support::number(&room);
    for key in [
        format!("room{number:03}"),
        format!("room{number}"),
        number.to_string(),
        format!("room{number}/"),
    ] {
        assert_eq!(ann.get(&format!("/api/chatrooms/{key}")).await.is(200)["roomId"], json!(room));
    }
    for key in [
        "room0",
        "0",
        "-1",
        "roomx",
        "x",
        "room",
        "room-1",
        "99999999999999999999999",
        "room1%00",
        "%C3%28",
    ] {
        ann.get(&format!("/api/chatrooms/{key}")).await.fails(404, "room_not_found");
    }
}

#[tokio::test]
async fn a_renamed_room_tells_its_sockets() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ben.enter(&room).await;
    let before = ann.see(&room).await["rev"].as_i64();
    let renamed =
        ann.patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "둘이서"})).await.is(200);
    assert_eq!(renamed["name"], "둘이서");
    assert_eq!(renamed["rev"].as_i64(), before.map(|rev| rev + 1));
    let frame = socket.expect(is("room_updated")).await;
    has_exactly(&frame, &["type", "room_id", "rev", "name", "visibility", "owner_id", "timestamp"]);
    assert_eq!(
        (&frame["name"], &frame["rev"], &frame["owner_id"]),
        (&json!("둘이서"), &renamed["rev"], &json!("ann"))
    );
    for bad in [json!("x".repeat(65)), json!(7), json!("a\u{0}b")] {
        ann.patch(&format!("/api/chatrooms/{room}/name"), json!({"name": bad}))
            .await
            .blames("name");
    }
    ann.patch(&format!("/api/chatrooms/{room}/name"), json!({})).await.blames("name");
    assert_eq!(ann.see(&room).await["rev"], renamed["rev"]);
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everybody() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben, &cyd]).await;
    ann.say(&room, "soon gone").await;
    let mut socket = ben.enter(&room).await;
    let mut away = cyd.subscribe().await;
    ben.delete(&format!("/api/chatrooms/{room}")).await.fails(403, "forbidden");
    ann.delete(&format!("/api/chatrooms/{room}")).await.is(204);
    for socket in [&mut socket, &mut away] {
        let frame = socket.until("room_deleted").await;
        assert_eq!(frame["room_id"], json!(room));
        assert!(frame["rev"].is_i64(), "{frame}");
    }
    socket.refused(json!({"type": "join_room", "room_id": room}), "join_failed").await;
    for person in [&ann, &ben] {
        person.get(&format!("/api/chatrooms/{room}")).await.fails(404, "room_not_found");
        person.get(&format!("/api/chatrooms/{room}/messages")).await.fails(404, "room_not_found");
    }
    ann.delete(&format!("/api/chatrooms/{room}")).await.fails(404, "room_not_found");
    assert_ne!(ann.room(&[&ben, &cyd]).await, room, "numbers of rooms are not used again");
}

#[tokio::test]
async fn a_private_room_goes_with_its_last_participant_and_a_public_one_stays() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let private = ann.room(&[]).await;
    let public = ann.public_room("Lounge").await;
    for room in [&private, &public] {
        ann.delete(&format!("/api/chatrooms/{room}/participants/ann")).await.is(204);
    }
    ann.get(&format!("/api/chatrooms/{private}")).await.fails(404, "room_not_found");
    assert_eq!(ben.see(&public).await["participants"], json!([]));
    ben.post(&format!("/api/chatrooms/{public}/join"), json!({})).await.is(200);
    let seen = ben.see(&public).await;
    assert_eq!(
        each(&seen["participants"], "role"),
        [&json!("admin")],
        "who enters an empty room becomes its admin"
    );
    assert_eq!(seen["ownerId"], "ann", "the owner's account is still there");
}
