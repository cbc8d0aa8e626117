//! Dialect `realtime`, its complete document.

mod digests;
mod first;
mod input;
mod rooms;
mod socket;

use serde_json::json;

use crate::support::{Client, Realtime, Server, status};

#[tokio::test]
async fn registering_makes_a_user_who_is_known_to_everybody() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let made = client
        .post(
            "/User",
            json!({
                "username": "Василий", "password": "long enough", "nickname": "Вася", "more": 1,
            }),
        )
        .await;
    assert_eq!((made.status, made.text.as_str()), (201, ""));
    client
        .post("/User", json!({"username": "ann", "password": "long enough", "nickname": null}))
        .await
        .is(201);
    assert_eq!(
        client.get("/User/%D0%92%D0%B0%D1%81%D0%B8%D0%BB%D0%B8%D0%B9").await.is(200),
        json!({"username": "Василий", "nickname": "Вася"})
    );
    assert_eq!(
        client.get("/User/ANN/").await.is(200),
        json!({"username": "ann", "nickname": "ann"}),
        "names fold"
    );
    let foreign =
        client.with("origin", "http://evil.example").with("cookie", "chat_session=nonsense");
    assert_eq!(foreign.get("/User/ann").await.is(200)["username"], "ann", "nobody asks who asks");
    client.get("/User/nobody").await.fails_realtime(404);
    client
        .post("/User", json!({"username": "ANN", "password": "long enough"}))
        .await
        .fails_realtime(409);
    assert_eq!(
        client.get("/User/ann").await.is(200),
        json!({"username": "ann", "nickname": "ann"})
    );
}

#[tokio::test]
async fn a_log_in_sets_the_cookie_and_a_log_out_ends_the_session() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.post("/User", json!({"username": "ann", "password": "long enough"})).await.is(201);
    let answer = client
        .post("/Login", json!({"username": "Ann", "password": "long enough", "more": true}))
        .await;
    assert_eq!(answer.is(200), status(true));
    let (session, mut attributes) = answer.cookie("chat_session");
    attributes.sort_unstable();
    assert_eq!(attributes, ["httponly", "path=/", "samesite=lax"]);
    let ann = client.with("cookie", &format!("other=1; chat_session={session}"));
    let second = Realtime::log_in(&client, "ann", "long enough").await;
    assert_ne!(second.session, session);
    assert_eq!(ann.get("/Room").await.is(200), json!([]));
    let left = ann.post("/Logout", "").await;
    assert_eq!(left.is(200), status(true));
    let (cleared, attributes) = left.cookie("chat_session");
    assert!(cleared.is_empty() && attributes.contains(&"max-age=0".to_owned()), "{attributes:?}");
    ann.get("/Room").await.fails_realtime(401);
    assert_eq!(ann.post("/Logout", "").await.is(200), status(false));
    assert_eq!(client.post("/Logout", "{broken").await.is(200), status(false));
    second.get("/Room").await.is(200);
}

#[tokio::test]
async fn a_log_in_that_fails_tells_nothing() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let tries = [
        ("ann", "not the one"),
        ("ann", ""),
        ("nobody", "long enough"),
        ("nobody", ""),
        ("", ""),
        ("a/b", "x"),
        ("room7", "x"),
        ("ann", "secret"),
    ];
    for (username, password) in tries {
        let answer =
            ann.bare().post("/Login", json!({"username": username, "password": password})).await;
        assert_eq!(answer.is(200), status(false), "{username} {password}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn log_ins_that_fail_too_often_are_put_off() {
    let server =
        Server::start_with(&[("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "3")]).await;
    let client = Client::new(&server);
    client.post("/User", json!({"username": "ann", "password": "long enough"})).await.is(201);
    for _ in 0..3 {
        assert_eq!(
            client
                .post("/Login", json!({"username": "ann", "password": "0".repeat(32)}))
                .await
                .is(200),
            status(false)
        );
    }
    let refused =
        client.post("/Login", json!({"username": "ann", "password": "long enough"})).await;
    refused.fails_realtime(429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test]
async fn requests_over_the_rate_are_put_off() {
    let server = Server::start_with(&[("LIMITS__REQUESTS_PER_MINUTE_PER_USER", "5")]).await;
    let ann = Realtime::new(&server, "ann").await;
    for _ in 0..5 {
        ann.get("/Room").await.is(200);
    }
    let refused = ann.get("/Room").await;
    refused.fails_realtime(429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test]
async fn nobody_registers_where_registration_is_closed() {
    let server = Server::start_with(&[("AUTH__REGISTRATION", "closed")]).await;
    let client = Client::new(&server);
    client
        .post("/User", json!({"username": "ann", "password": "long enough"}))
        .await
        .fails_realtime(403);
    client.get("/User/ann").await.fails_realtime(404);
}

#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let foreign = ann.with("origin", "http://evil.example");
    foreign.post("/Room", json!({"name": "Other"})).await.fails_realtime(403);
    foreign.delete(&format!("/Room/{room}")).await.fails_realtime(403);
    foreign.post("/Logout", "").await.fails_realtime(403);
    foreign.handshake("/").await.fails_realtime(403);
    ann.bare().with("origin", "http://evil.example").handshake("/").await.fails_realtime(403);
    assert_eq!(
        foreign.get("/Room").await.is(200),
        json!([{"id": room, "name": "Lobby"}]),
        "reading changes nothing"
    );
    let own = ann.with("origin", &server.url());
    assert_eq!(own.post("/Logout", "").await.is(200), status(true));
}
