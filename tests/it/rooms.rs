//! Dialect `rooms`, its complete document.

mod fetch;
mod input;
mod list;
mod login;
mod socket;
mod socket_errors;

use serde_json::json;

use crate::support::{Answer, Client, Json, Person, Rooms, Server, has_exactly};

/// Fails unless the response clears the cookie and has no body.
fn is_goodbye(answer: &Answer) {
    assert_eq!(answer.is(204), Json::Null);
    assert_eq!(answer.header("set-cookie"), "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

#[tokio::test]
async fn a_registration_answers_five_keys_and_no_password() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let body = json!({
        "user_id": "Василий", "password": "long enough", "email": "v@example.org", "name": "Vasya",
        "more": 1,
    });
    let user = client.post("/users", body).await.is(201);
    has_exactly(&user, &["id", "user_id", "password", "email", "name"]);
    let id = user["id"].as_i64().expect("a number");
    assert_eq!(
        user,
        json!({
            "id": id, "user_id": "Василий", "password": "********", "email": "v@example.org",
            "name": "Vasya",
        })
    );
    let vasya = Rooms::log_in(&client, "ВАСИЛИЙ", "long enough").await;
    assert_eq!(vasya.get("/users/me").await.is(200), user);
    let native = Person::new(&server, "native").await;
    let plain = json!({
        "id": native.id, "user_id": "native", "password": "********", "email": null,
        "name": "native",
    });
    assert_eq!(
        native.get("/users/me").await.is(200),
        plain,
        "whoever has registered elsewhere may lack an address"
    );
}

#[tokio::test]
async fn a_login_name_and_an_address_are_taken_once() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let body = |login: &str, email: &str| {
        json!({
            "user_id": login, "password": "long enough", "email": email, "name": "x",
        })
    };
    client.post("/users", body("ann", "ann@example.org")).await.is(201);
    client.post("/users", body("ANN", "other@example.org")).await.fails_rooms(400, "AlreadyExist");
    client.post("/users", body("ben", "Ann@Example.org")).await.fails_rooms(400, "AlreadyExist");
    client.post("/users", body("ben", "ben@example.org")).await.is(201);
}

#[tokio::test]
async fn a_log_in_answers_205_with_the_session_in_cookie_and_body() {
    let server = Server::start_with(&[("SERVER__TRUSTED_PROXIES", "127.0.0.1")]).await;
    let ann = Rooms::new(&server, "ann").await;
    let body = json!({"user_id": "ann", "password": ann.password});
    let opened = ann.bare().post("/login", body.clone()).await;
    let session = opened.is(205)["session"].as_str().expect("a text").to_owned();
    assert!(session.len() == 40 && session.chars().all(|c| c.is_ascii_hexdigit()), "{session}");
    assert_eq!(opened.text, json!({"session": session}).to_string());
    assert_eq!(opened.header("content-length"), opened.text.len().to_string());
    assert_eq!(
        opened.header("set-cookie"),
        format!("session={session}; Path=/; HttpOnly; SameSite=Lax")
    );
    let over_tls = ann.bare().with("x-forwarded-proto", "https").post("/login", body).await;
    assert!(
        over_tls.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{:?}",
        over_tls.headers
    );
    ann.bare().with("cookie", &format!("session={session}")).get("/users/me").await.is(200);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let wrong =
        ann.bare().post("/login", json!({"user_id": "ann", "password": "not the one"})).await;
    wrong.fails_rooms(404, "NotFound");
    assert_eq!(wrong.header("set-cookie"), "");
    for login in ["nobody", "", "a b", "room7", "a/b"] {
        let unknown =
            ann.bare().post("/login", json!({"user_id": login, "password": "not the one"})).await;
        assert_eq!((unknown.status, &unknown.text), (404, &wrong.text), "{login}");
    }
}

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_session_before_anything_else() {
    let server = Server::start().await;
    let nobody = Client::new(&server);
    let bad = nobody.with("cookie", "session=nonsense");
    for (client, status, code) in [(&nobody, 403, "Forbidden"), (&bad, 401, "Unauthorized")] {
        for path in ["/users/me", "/rooms"] {
            client.get(path).await.fails_rooms(status, code);
        }
        for path in ["/users/me", "/logout", "/rooms/1", "/rooms/nonsense"] {
            client.delete(path).await.fails_rooms(status, code);
        }
        client.post("/rooms", "{broken").await.fails_rooms(status, code);
        for path in ["/rooms/1", "/rooms/nonsense"] {
            client.handshake(path).await.fails_rooms(status, code);
        }
    }
    for value in [&"0".repeat(40), "x", "%00"] {
        nobody
            .with("cookie", &format!("session={value}"))
            .get("/rooms")
            .await
            .fails_rooms(401, "Unauthorized");
    }
}

#[tokio::test]
async fn a_log_out_ends_its_session_and_clears_the_cookie() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let other = Rooms::log_in(&ann, "ann", &ann.password).await;
    is_goodbye(&ann.delete("/logout").await);
    ann.get("/users/me").await.fails_rooms(401, "Unauthorized");
    let again = ann.delete("/logout").await;
    again.fails_rooms(401, "Unauthorized");
    other.get("/users/me").await.is(200);
}

#[tokio::test]
async fn a_deleted_account_ends_its_sessions_and_frees_its_names() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let other = Rooms::log_in(&ann, "ann", &ann.password).await;
    let room = ann.room("Lounge").await;
    let mut socket = other.open(&room).await;
    is_goodbye(&ann.delete("/users/me").await);
    assert_eq!(socket.closed().await, 4401);
    for gone in [&ann, &other] {
        gone.get("/users/me").await.fails_rooms(401, "Unauthorized");
    }
    ann.bare()
        .post("/login", json!({"user_id": "ann", "password": ann.password}))
        .await
        .fails_rooms(404, "NotFound");
    let reborn = Rooms::new(&server, "ann").await;
    assert_ne!(reborn.id, ann.id, "ids are never reused");
}

#[tokio::test]
async fn registration_may_be_closed() {
    let server = Server::start_with(&[("AUTH__REGISTRATION", "closed")]).await;
    let body = json!({
        "user_id": "ann", "password": "long enough", "email": "ann@example.org", "name": "Ann",
    });
    Client::new(&server).post("/users", body).await.fails_rooms(403, "Forbidden");
}

#[tokio::test]
async fn a_page_of_another_origin_can_do_nothing_with_the_cookie() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann.room("Lounge").await;
    let foreign = ann.with("origin", "http://evil.example");
    foreign.post("/rooms", json!({"name": "Evil"})).await.fails_rooms(403, "Forbidden");
    foreign.delete(&format!("/rooms/{room}")).await.fails_rooms(403, "Forbidden");
    foreign.delete("/logout").await.fails_rooms(403, "Forbidden");
    foreign.delete("/users/me").await.fails_rooms(403, "Forbidden");
    foreign.handshake(&format!("/rooms/{room}")).await.fails_rooms(403, "Forbidden");
    Client::new(&server)
        .with("origin", "http://evil.example")
        .handshake(&format!("/rooms/{room}"))
        .await
        .fails_rooms(403, "Forbidden");
    let own = ann.with("origin", &server.url());
    assert_eq!(own.handshake(&format!("/rooms/{room}")).await.status, 101);
    own.delete(&format!("/rooms/{room}")).await.is(204);
}

#[tokio::test]
async fn requests_over_the_rate_are_told_when_to_come_back() {
    let server = Server::start_with(&[
        ("LIMITS__REQUESTS_PER_MINUTE_PER_USER", "5"),
        ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "2"),
    ])
    .await;
    let ann = Rooms::new(&server, "ann").await;
    let mut refused = ann.get("/rooms").await;
    for _ in 0..5 {
        refused = ann.get("/rooms").await;
    }
    refused.fails_rooms(429, "TooManyRequests");
    assert!(
        refused
            .header("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| (1..=60).contains(&seconds)),
        "{:?}",
        refused.headers
    );
    let guess = json!({"user_id": "nobody", "password": "not the one"});
    for _ in 0..2 {
        ann.bare().post("/login", guess.clone()).await.fails_rooms(404, "NotFound");
    }
    ann.bare().post("/login", guess).await.fails_rooms(429, "TooManyRequests");
}
