//! Dialect `v1`, its complete document.

mod input;
mod socket;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Client, Person, Server, V1, fits, has_exactly, people};

#[tokio::test]
async fn registering_logs_in_and_logging_out_ends_the_session() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let opened = client
        .post("/v1/register", json!({"login": "Василий", "password": "long enough", "more": 1}))
        .await
        .is(200);
    has_exactly(&opened, &["session_id"]);
    let id = opened["session_id"].as_str().expect("a text");
    assert!(
        id.len() == 40 && id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
        "40 hexadecimal digits: {id}"
    );
    let vasya = client.with("x-session-id", id);
    let info = vasya.get("/v1/info").await.is(200);
    has_exactly(&info, &["id", "login"]);
    assert_eq!(info["login"], "Василий");
    let second = V1::log_in(&client, "василий", "long enough").await;
    assert_ne!(second.session, id);
    assert_eq!(second.get("/v1/info").await.is(200), info);
    assert_eq!(vasya.post("/v1/logout", json!({})).await.is(200), json!({}));
    vasya.get("/v1/info").await.fails_v1(401, "unauthorized");
    vasya.post("/v1/logout", json!({})).await.fails_v1(401, "unauthorized");
    second.get("/v1/info").await.is(200);
}

#[tokio::test]
async fn credentials_that_are_refused_are_told_apart() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    let client = Client::new(&server);
    client
        .post("/v1/register", json!({"login": "ANN", "password": "long enough"}))
        .await
        .fails_v1(422, "user_already_exists");
    client
        .post("/v1/login", json!({"login": "ann", "password": "not the one"}))
        .await
        .fails_v1(422, "wrong_credentials");
    client
        .post("/v1/login", json!({"login": "nobody", "password": "not the one"}))
        .await
        .fails_v1(422, "user_not_found");
    for (login, password) in [
        ("", "long enough"),
        ("a b", "long enough"),
        ("a/b", "long enough"),
        ("room7", "long enough"),
        ("ben", "short"),
        ("ben", ""),
    ] {
        client
            .post("/v1/register", json!({"login": login, "password": password}))
            .await
            .fails_v1(422, "invalid_json");
    }
    client
        .post("/v1/login", json!({"login": "ben", "password": "long enough"}))
        .await
        .fails_v1(422, "user_not_found");
    for id in [
        "",
        "x",
        &"0".repeat(40),
        &ann.session[..39],
        &format!("{}0", ann.session),
        &ann.session.to_uppercase().replace(|c: char| c.is_ascii_digit(), "0"),
    ] {
        client.with("x-session-id", id).get("/v1/info").await.fails_v1(401, "unauthorized");
    }
    client.get(&format!("/v1/info?session_id={}", ann.session)).await.fails_v1(401, "unauthorized");
}

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_session_before_anything_else() {
    let server = Server::start().await;
    let nobody = Client::new(&server);
    for path in [
        "/v1/info",
        "/v1/users/?q=a",
        "/v1/users",
        "/v1/rooms",
        "/v1/rooms/1",
        "/v1/rooms/x",
        "/v1/rooms/1/messages?limit=0",
    ] {
        nobody.get(path).await.fails_v1(401, "unauthorized");
    }
    for path in ["/v1/logout", "/v1/rooms"] {
        nobody.post(path, "{broken").await.fails_v1(401, "unauthorized");
    }
    nobody.handshake("/v1/rooms/1/chat").await.fails_v1(401, "unauthorized");
    nobody.handshake("/v1/rooms/1/chat?session_id=nonsense").await.fails_v1(401, "unauthorized");
}

#[tokio::test]
async fn users_are_found_by_a_part_of_their_login_in_any_case() {
    let server = Server::start().await;
    let vasya = V1::new(&server, "Вася").await;
    let petr = V1::new(&server, "Петр").await;
    let basil = V1::new(&server, "вася2").await;
    let entry = |user: &V1| json!({"id": user.id, "login": user.login});
    let find = async |query: &str| petr.get(&format!("/v1/users/{query}")).await.is(200);
    assert_eq!(
        find("?q=%D0%92%D0%90%D0%A1").await,
        json!([entry(&vasya), entry(&basil)]),
        "ordered by id"
    );
    assert_eq!(find("?q=%D0%B5%D1%82").await, json!([entry(&petr)]));
    for nothing in ["", "?q=", "?q=zzz", "?q=%25", "?q=_", "?other=a"] {
        assert_eq!(find(nothing).await, json!([]), "{nothing}");
    }
    petr.get("/v1/users?q=%D0%92").await.is(200);
}

#[tokio::test]
async fn at_most_fifty_users_are_found() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = V1::new(&server, "ann").await;
    let logins: Vec<_> = (0..55).map(|number| format!("guest{number}")).collect();
    // More than the queue of the hashing threads would be refused temporarily.
    for some in logins.chunks(20) {
        let register = async |login: &String| {
            ann.post("/api/users", json!({"userId": login, "password": "long enough"})).await.status
        };
        assert!(join_all(some.iter().map(register)).await.iter().all(|status| *status == 201));
    }
    let found = ann.get("/v1/users/?q=guest").await.is(200);
    let ids: Vec<_> =
        found.as_array().expect("a list").iter().map(|user| user["id"].as_i64()).collect();
    assert!(ids.len() == 50 && ids.is_sorted());
}

#[tokio::test]
async fn a_room_is_made_once_for_the_same_users() {
    let server = Server::start().await;
    let (ann, ben, cyd) = (
        V1::new(&server, "ann").await,
        V1::new(&server, "ben").await,
        V1::new(&server, "cyd").await,
    );
    let wanted = json!([{"id": ann.id, "login": "ann"}, {"id": ben.id, "login": "ben"}]);
    let body = json!({
        "users": [{"id": ben.id, "login": "whoever", "more": true}, {"id": ben.id}, {"id": ann.id}],
        "name": "ignored",
    });
    let room = ann.post("/v1/rooms", body).await.is(200);
    has_exactly(&room, &["id", "users"]);
    assert_eq!(room["users"], wanted, "ordered by id");
    assert_eq!(ben.post("/v1/rooms", json!({"users": [{"id": ann.id}]})).await.is(200), room);
    let three = cyd.room(&[ben.id, ann.id]).await;
    assert_ne!(json!(three), room["id"]);
    let alone = ann.room(&[]).await;
    assert_eq!(ann.room(&[ann.id]).await, alone);
    ann.post("/v1/rooms", json!({"users": [{"id": 999}]})).await.fails_v1(422, "user_not_found");
    let rooms = ann.get("/v1/rooms").await.is(200);
    let ids: Vec<_> = rooms
        .as_array()
        .expect("a list")
        .iter()
        .map(|room| room["id"].as_i64().expect("a number"))
        .collect();
    assert!(ids.is_sorted() && ids.len() == 3, "ordered by id: {ids:?}");
    assert_eq!(rooms[0], room);
    assert_eq!(
        ann.get(&format!("/v1/rooms/{three}")).await.is(200)["users"].as_array().map(Vec::len),
        Some(3)
    );
    for id in [room["id"].as_i64().expect("a number"), alone, 999, 0] {
        cyd.get(&format!("/v1/rooms/{id}")).await.fails_v1(422, "room_not_found");
        cyd.get(&format!("/v1/rooms/{id}/messages")).await.fails_v1(422, "room_not_found");
        cyd.handshake(&format!("/v1/rooms/{id}/chat")).await.fails_v1(422, "room_not_found");
    }
}

#[tokio::test]
async fn a_room_with_a_name_is_not_the_one() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let named = ann
        .post("/api/chatrooms", json!({"targetUserIds": ["ben"], "name": "Named"}))
        .await
        .is(201);
    let made = ann.post("/v1/rooms", json!({"users": [{"id": ben.id}]})).await.is(200);
    assert_ne!(
        named["roomId"],
        json!(format!("room{:03}", made["id"].as_i64().expect("a number")))
    );
    assert_eq!(
        ann.get("/v1/rooms").await.is(200).as_array().map(Vec::len),
        Some(2),
        "rooms with names are listed too"
    );
}

#[tokio::test]
async fn history_is_paged_from_the_newest_and_told_oldest_first() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let reader = V1::log_in(&ann, "ann", &ann.password).await;
    let room = reader.room(&[]).await;
    let texts: Vec<_> = (1..=60).map(|number| number.to_string()).collect();
    let sent =
        ann.say_all(&room.to_string(), &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let page = async |query: &str| {
        let messages = reader.get(&format!("/v1/rooms/{room}/messages{query}")).await.is(200);
        let messages = messages.as_array().expect("a list").clone();
        messages
            .iter()
            .map(|message| {
                message["text"].as_str().expect("a text").parse::<i64>().expect("a number")
            })
            .collect::<Vec<_>>()
    };
    let all = |range: std::ops::RangeInclusive<i64>| range.collect::<Vec<_>>();
    assert_eq!(page("").await, all(11..=60));
    assert_eq!(page("?limit=1000").await, all(1..=60));
    assert_eq!(page("?limit=2").await, [59, 60]);
    assert_eq!(page("?limit=3&offset=1").await, [57, 58, 59]);
    assert_eq!(page("?offset=58").await, [1, 2]);
    assert_eq!(page("?offset=60").await, [0; 0]);
    assert_eq!(page("?offset=1000000").await, [0; 0]);
    for query in ["limit=0", "limit=1001", "limit=x", "limit=-1", "offset=-1", "offset=x"] {
        reader
            .get(&format!("/v1/rooms/{room}/messages?{query}"))
            .await
            .fails_v1(422, "invalid_json");
    }
    let message = reader.history(room).await.remove(0);
    has_exactly(&message, &["text", "user_id", "room_id", "created_at"]);
    assert_eq!((&message["user_id"], &message["room_id"]), (&json!(ann.id), &json!(room)));
    assert!(fits(&message["created_at"], "0000-00-00T00:00:00"), "{message}");
    ann.delete(&format!("/api/chatrooms/{room}/messages/{}", sent[59])).await.is(204);
    ann.patch(
        &format!("/api/chatrooms/{room}/messages/{}", sent[58]),
        json!({"newContent": "5900"}),
    )
    .await
    .is(200);
    assert_eq!(page("?limit=2").await, [58, 5900], "deleted messages are left out");
}

#[tokio::test]
async fn a_deleted_author_is_number_zero() {
    let server = Server::start().await;
    let (ann, ben) = (V1::new(&server, "ann").await, V1::new(&server, "ben").await);
    let room = ann.room(&[ben.id]).await;
    let mut socket = ben.open(room).await;
    socket.send(json!({"text": "goodbye"})).await;
    socket.next().await;
    ben.delete("/api/users/me").await.is(204);
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(ann.history(room).await[0]["user_id"], 0);
}
