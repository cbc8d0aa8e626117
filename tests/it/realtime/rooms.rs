//! Rooms and their tokens.

use serde_json::json;

use crate::support::{Json, Person, Realtime, RoomPlan, Server, number, texts};

#[tokio::test]
async fn rooms_are_public_and_listed_newest_first() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    assert_eq!(ann.get("/Room").await.is(200), json!([]));
    let lobby = ann.room("Lobby").await;
    let lounge = ben.room("Lounge").await;
    let both = json!([{"id": lounge, "name": "Lounge"}, {"id": lobby, "name": "Lobby"}]);
    assert_eq!(ann.get("/Room").await.is(200), both);
    assert_eq!(ben.get("/Room/").await.is(200), both);
    ben.post("/Room", json!({"name": "LOBBY"})).await.fails_realtime(409);
    let native = Person::new(&server, "cyd").await;
    native
        .post(
            "/api/chatrooms",
            json!({"targetUserIds": [], "name": "lounge", "visibility": "public"}),
        )
        .await
        .fails(409, "already_exists");
    let seen = native.see(&format!("room{lobby:03}")).await;
    assert_eq!((&seen["name"], &seen["visibility"]), (&json!("Lobby"), &json!("public")));
    let people: Vec<_> = seen["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|person| (&person["userId"], &person["role"]))
        .collect();
    assert_eq!(people, [(&json!("ann"), &json!("admin"))]);
}

#[tokio::test]
async fn private_rooms_are_listed_for_those_in_them() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let native = Person::new(&server, "cyd").await;
    let lobby = ben.room("Lobby").await;
    let nameless =
        ann.post("/api/chatrooms", json!({"targetUserIds": ["cyd"]})).await.is(201)["roomId"]
            .clone();
    let nameless = number(nameless.as_str().expect("a text"));
    native.room_like(&[], RoomPlan { name: Some("Alone"), public: false }).await;
    assert_eq!(
        ann.get("/Room").await.is(200),
        json!([{"id": nameless, "name": ""}, {"id": lobby, "name": "Lobby"}])
    );
    assert_eq!(ben.get("/Room").await.is(200), json!([{"id": lobby, "name": "Lobby"}]));
    let seen = native.with("x-any", "1").get("/Room").await.is(200);
    assert_eq!(texts(&seen, "name"), ["Alone", "", "Lobby"]);
    // Requesting a token is not entering.
    ann.token(lobby).await;
    assert_eq!(participants(&ann, lobby).await, ["ben"]);
}

async fn participants(user: &Realtime, room: i64) -> Vec<String> {
    let seen = user.get(&format!("/api/chatrooms/{room}")).await.is(200);
    texts(&seen["participants"], "userId").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_token_is_for_those_who_may_enter() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let lobby = ann.room("Lobby").await;
    let private = number(
        ann.post("/api/chatrooms", json!({"targetUserIds": []})).await.is(201)["roomId"]
            .as_str()
            .expect("a text"),
    );
    for (user, room) in [(&ann, lobby), (&ann, private), (&ben, lobby)] {
        let answer = user.get(&format!("/Room/{room}")).await.is(200);
        crate::support::has_exactly(&answer, &["token"]);
        let token = answer["token"].as_str().expect("a text");
        assert!(
            token.len() == 40
                && token.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
            "40 hexadecimal digits: {token}"
        );
        assert_ne!(token, user.token(room).await, "each is another");
    }
    assert_eq!(
        ann.get(&format!("/Room/room{lobby:03}")).await.status,
        200,
        "the key names the room as well"
    );
    ben.get(&format!("/Room/{private}")).await.fails_realtime(404);
    ben.get("/Room/999").await.fails_realtime(404);
    assert_eq!(
        ben.delete(&format!("/Room/{private}")).await.text,
        ben.delete("/Room/999").await.text,
        "as if it did not exist"
    );
}

#[tokio::test]
async fn a_room_is_deleted_by_those_who_may() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let (lobby, lounge) = (ann.room("Lobby").await, ann.room("Lounge").await);
    let mut socket = ben.open(lounge).await;
    ben.delete(&format!("/Room/{lobby}")).await.fails_realtime(403);
    ben.delete(&format!("/Room/{lounge}")).await.fails_realtime(403);
    let gone = ann.delete(&format!("/Room/{lounge}")).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    ann.delete(&format!("/Room/{lounge}")).await.fails_realtime(404);
    ann.get(&format!("/Room/{lounge}")).await.fails_realtime(404);
    assert_eq!(ben.get("/Room").await.is(200), json!([{"id": lobby, "name": "Lobby"}]));
    // The socket stays open, and reports it.
    for _ in 0..2 {
        socket.send(json!({"msg": "Anybody?"})).await;
        assert_eq!(socket.next().await, crate::support::status(false));
    }
    let again = ann.room("Lounge").await;
    assert!(again > lounge, "the name is free, the number is not");
}

#[tokio::test]
async fn everything_about_rooms_wants_a_session() {
    let server = Server::start().await;
    let nobody = crate::support::Client::new(&server);
    let stale = nobody.with("cookie", &format!("chat_session={}", "0".repeat(40)));
    for client in [&nobody, &stale] {
        client.get("/Room").await.fails_realtime(401);
        client.post("/Room", "{broken").await.fails_realtime(401);
        client.get("/Room/1").await.fails_realtime(401);
        client.get("/Room/x").await.fails_realtime(401);
        client.delete("/Room/1").await.fails_realtime(401);
    }
    let rooms: Json = Realtime::new(&server, "ann").await.get("/Room").await.is(200);
    assert_eq!(rooms, json!([]));
}
