//! Archived rooms, read-only rooms and guests, in every dialect.

use serde_json::json;

use super::{Talker, as_native, talking};
use crate::support::{Chats, Client, Ctl, Person, Realtime, Rooms, Server, V1, number, texts};

/// Changes settings of a room as an admin.
async fn set(admin: &Person, room: &str, settings: serde_json::Value) {
    admin.patch(&format!("/api/chatrooms/{room}"), settings).await.is(200);
}

/// Adds one user of each dialect with messages to the room.
async fn talkers(server: &Server, room: i64) -> Vec<Box<dyn Talker>> {
    let mut all = Vec::new();
    for dialect in talking() {
        let mut talker = dialect.enrol_talker(server, &format!("in-{}", dialect.name())).await;
        talker.enter(room).await;
        all.push(talker);
    }
    all
}

#[tokio::test]
async fn nobody_posts_in_an_archived_room_and_its_participants_read_it() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let key = ann.public_room("Lounge").await;
    let room = number(&key);
    let mut all = talkers(&server, room).await;
    ann.say(&key, "before").await;
    for talker in &mut all {
        talker.hears(room, ("ann", ann.id), "before").await;
    }
    set(&ann, &key, json!({"archived": true})).await;
    for talker in &mut all {
        talker.is_refused_to_post("after").await;
        assert_eq!(talker.history(room).await.len(), 1, "{}", talker.login());
    }
    // Users who enter again can read, too.
    for talker in &all {
        talker.twin().enter(room).await;
    }
    set(&ann, &key, json!({"archived": false})).await;
    ann.say(&key, "again").await;
    for talker in &mut all {
        talker.hears(room, ("ann", ann.id), "again").await;
    }
}

#[tokio::test]
async fn members_do_not_post_in_a_read_only_room_and_hear_those_who_do() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let key = ann.public_room("News").await;
    let room = number(&key);
    let mut all = talkers(&server, room).await;
    set(&ann, &key, json!({"readOnly": true})).await;
    for talker in &mut all {
        talker.is_refused_to_post("me too").await;
    }
    ann.say(&key, "news").await;
    for talker in &mut all {
        talker.hears(room, ("ann", ann.id), "news").await;
    }
    // A sub-admin may post, at once and on the open socket.
    let mut reader = Person::new(&server, "reader").await.enter(&key).await;
    for talker in &mut all {
        let role = format!("/api/chatrooms/{key}/participants/{}/role", talker.login());
        ann.patch(&role, json!({"role": "sub-admin"})).await.is(200);
        let text = format!("news of {}", talker.login());
        talker.post(&text).await;
        reader.hears(&text).await;
    }
    assert_eq!(ann.history(&key).await.len(), 1 + all.len(), "what was refused is not stored");
}

#[tokio::test]
async fn nobody_enters_or_is_added_to_an_archived_room_in_any_dialect() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let key = ann.public_room("Attic").await;
    let room = number(&key);
    let (rooms, realtime, v1) = (
        Rooms::new(&server, "in-rooms").await,
        Realtime::new(&server, "in-realtime").await,
        V1::new(&server, "in-v1").await,
    );
    let ben = Person::new(&server, "ben").await;
    let chats = Chats::log_in(&Client::new(&server), "ann", &ann.password).await;
    set(&ann, &key, json!({"archived": true})).await;

    ben.post(&format!("/api/chatrooms/{key}/join"), json!({})).await.fails(403, "forbidden");
    ben.post(&format!("/api/chatrooms/{key}/connect"), json!({})).await.fails(403, "forbidden");
    ben.open().await.refused(json!({"type": "join_room", "room_id": key}), "join_failed").await;
    ann.post(&format!("/api/chatrooms/{key}/participants"), json!({"userId": "ben"}))
        .await
        .fails(403, "forbidden");
    rooms.handshake(&format!("/rooms/{key}")).await.fails_rooms(401, "Unauthorized");
    realtime.get(&format!("/Room/{room}")).await.fails_realtime(403);
    v1.handshake(&format!("/v1/rooms/{room}/chat")).await.fails_v1(403, "forbidden");
    chats
        .patch(&format!("/chats/{room}"), json!({"userIds": [ann.id, ben.id]}))
        .await
        .fails_chats(401, "Unauthorized user");
    chats
        .patch(&format!("/chats/{room}"), json!({"name": "Cellar"}))
        .await
        .fails_chats(401, "Unauthorized user");

    // Lists of rooms to enter omit it; participants find it, marked if the dialect can.
    assert_eq!(rooms.get("/rooms").await.is(200), json!([]));
    assert_eq!(realtime.get("/Room").await.is(200), json!([]));
    assert_eq!(ben.get("/api/chatrooms?scope=public").await.is(200)["chatrooms"], json!([]));
    assert_eq!(
        ann.get("/rooms").await.is(200),
        json!([{"room_id": key, "name": "Attic", "owner": "ann", "archived": true}])
    );
    assert_eq!(ann.get("/Room").await.is(200), json!([{"id": room, "name": "Attic"}]));
    assert_eq!(ann.card(&key).await["archived"], true);
    assert_eq!(ann.see(&key).await["participants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn guests_see_and_enter_only_the_rooms_they_are_in() {
    for dialect in talking() {
        eprintln!("in {}", dialect.name());
        let server = Server::start().await;
        let ann = Person::new(&server, "ann").await;
        let ben = Person::new(&server, "ben").await;
        let (open, shut) = (ann.public_room("Open").await, ann.public_room("Shut").await);
        let mut guest = dialect.enrol_talker(&server, "guest").await;
        Ctl::of(&server).run(&["user", "mark", "guest", "--guest"]).ends(0);
        let native = as_native(&server, &guest.credential());
        is_kept_out(&native, &shut).await;
        ann.post(&format!("/api/chatrooms/{open}/participants"), json!({"userId": "guest"}))
            .await
            .is(201);
        is_kept_out(&native, &shut).await;

        let room = number(&open);
        guest.enter(room).await;
        ann.say(&open, "welcome").await;
        guest.hears(room, ("ann", ann.id), "welcome").await;
        guest.post("thank you").await;

        // Only users of the room are found.
        let found = native.get("/api/users?q=").await.is(200);
        assert_eq!(texts(&found["users"], "userId"), ["ann", "guest"]);
        let found = native.get("/v1/users/?q=n").await.is(200);
        assert_eq!(texts(&found, "login"), ["ann"]);
        native.get("/api/users/ann").await.is(200);
        native.get("/api/users/ben").await.fails(404, "user_not_found");
        native
            .post("/v1/rooms", json!({"users": [{"id": ben.id}]}))
            .await
            .fails_v1(422, "user_not_found");
        native
            .post("/chats", json!({"name": "Two", "userIds": [ben.id]}))
            .await
            .fails_chats(400, "Invalid userIds");
        native
            .post("/api/chatrooms", json!({"targetUserIds": ["ben"]}))
            .await
            .blames("targetUserIds");
        native.post("/api/chatrooms", json!({"targetUserIds": ["ann"]})).await.is(201);
    }
}

/// Fails unless the room is invisible in every dialect.
async fn is_kept_out(guest: &Client, key: &str) {
    let room = number(key);
    guest.get(&format!("/api/chatrooms/{key}")).await.fails(404, "room_not_found");
    guest.post(&format!("/api/chatrooms/{key}/join"), json!({})).await.fails(404, "room_not_found");
    guest.get(&format!("/api/chatrooms/{key}/messages")).await.fails(404, "room_not_found");
    guest.handshake(&format!("/rooms/{key}")).await.fails_rooms(400, "InvalidParameter");
    guest.get(&format!("/Room/{room}")).await.fails_realtime(404);
    guest.handshake(&format!("/v1/rooms/{room}/chat")).await.fails_v1(422, "room_not_found");
    assert_eq!(guest.get("/api/chatrooms?scope=public").await.is(200)["chatrooms"], json!([]));
    for list in ["/rooms", "/Room"] {
        let names = texts(&guest.get(list).await.is(200), "name").join(" ");
        assert!(!names.contains("Shut"), "{list}: {names}");
    }
    guest.post("/rooms", json!({"name": "Mine"})).await.fails_rooms(401, "Unauthorized");
    guest.post("/Room", json!({"name": "Mine"})).await.fails_realtime(403);
    guest
        .post(
            "/api/chatrooms",
            json!({"targetUserIds": [], "name": "Mine", "visibility": "public"}),
        )
        .await
        .fails(403, "forbidden");
}
