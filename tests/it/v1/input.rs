//! Invalid input to `v1`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Server, V1};

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_invalid_json() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    let broken: [&[u8]; 9] = [
        b"{",
        b"nonsense",
        b"[]",
        b"7",
        b"null",
        b"\"x\"",
        b"{\"login\":\"\\ud800\",\"password\":\"x\"}",
        b"{\"login\":\"\xff\"}",
        b"\xff",
    ];
    for path in ["/v1/register", "/v1/login", "/v1/rooms", "/v1/logout"] {
        for body in broken {
            ann.post(path, Body::Raw(body.to_vec())).await.fails_v1(422, "invalid_json");
        }
    }
    for path in ["/v1/register", "/v1/login"] {
        ann.post(path, "").await.fails_v1(422, "invalid_json");
        let bodies = [
            json!({}),
            json!({"login": "ben"}),
            json!({"password": "long enough"}),
            json!({"login": 7, "password": "long enough"}),
        ];
        for body in bodies.into_iter().chain([
            json!({"login": "ben", "password": null}),
            json!({"login": ["ben"], "password": "long enough"}),
        ]) {
            ann.post(path, body).await.fails_v1(422, "invalid_json");
        }
    }
    for login in ["a\u{0}b", &"x".repeat(65)] {
        ann.post("/v1/register", json!({"login": login, "password": "long enough"}))
            .await
            .fails_v1(422, "invalid_json");
    }
    ann.post("/v1/register", json!({"login": "ben", "password": "x".repeat(257)}))
        .await
        .fails_v1(422, "invalid_json");
    let rooms = [
        json!({}),
        json!({"users": null}),
        json!({"users": 7}),
        json!({"users": {}}),
        json!({"users": [7]}),
        json!({"users": [{}]}),
    ];
    for body in rooms.into_iter().chain([
        json!({"users": [{"id": "2"}]}),
        json!({"users": [{"id": 1.5}]}),
        json!({"users": [{"login": "ben"}]}),
    ]) {
        ann.post("/v1/rooms", body).await.fails_v1(422, "invalid_json");
    }
    assert_eq!(ann.get("/v1/rooms").await.is(200), json!([]), "nothing of it is stored");
    assert_eq!(ann.get("/v1/users/?q=ben").await.is(200), json!([]));
    ann.get("/v1/info").await.is(200);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    for path in [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/Info",
        "/v1/rooms/1/nothing",
        "/v1/rooms/1/messages/2",
        "/v1//info",
    ] {
        ann.get(path).await.fails_v1(404, "not_found");
        ann.bare().post(path, "{broken").await.fails_v1(404, "not_found");
    }
    let known: [(&str, &[&str]); 8] = [
        ("/v1/register", &["POST"]),
        ("/v1/login", &["POST"]),
        ("/v1/logout", &["POST"]),
        ("/v1/info", &["GET"]),
        ("/v1/users/", &["GET"]),
        ("/v1/rooms", &["GET", "POST"]),
        ("/v1/rooms/1", &["GET"]),
        ("/v1/rooms/1/messages", &["GET"]),
    ];
    for (path, methods) in known {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
            .into_iter()
            .filter(|method| !methods.contains(method))
        {
            let answer = ann
                .bare()
                .request(method.parse::<Method>().expect("a method"), path, Body::Nothing)
                .await;
            answer.fails_v1(405, "method_not_allowed");
            let mut allowed: Vec<_> = answer
                .header("allow")
                .split(',')
                .map(str::trim)
                .filter(|name| *name != "HEAD")
                .collect();
            allowed.sort_unstable();
            assert_eq!(allowed, methods, "{path}");
        }
    }
}

#[tokio::test]
async fn ids_that_are_none_are_rooms_that_are_not_there() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    for id in ["0", "-1", "x", "99999999999999999999999", "1.5", "%00", "%FF"] {
        ann.get(&format!("/v1/rooms/{id}")).await.fails_v1(422, "room_not_found");
        ann.get(&format!("/v1/rooms/{id}/messages")).await.fails_v1(422, "room_not_found");
        ann.handshake(&format!("/v1/rooms/{id}/chat")).await.fails_v1(422, "room_not_found");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    let mut body = br#"{"users":[]}"#.to_vec();
    body.resize(1024 * 1024 + 1, b' ');
    for path in ["/v1/register", "/v1/login", "/v1/rooms"] {
        ann.post(path, Body::Raw(body.clone())).await.fails_v1(413, "too_large");
        ann.post(path, Body::Chunked(body.clone())).await.fails_v1(413, "too_large");
    }
    body.truncate(1024 * 1024);
    ann.post("/v1/rooms", Body::Raw(body)).await.is(200);
}

#[tokio::test]
async fn a_trailing_slash_and_the_content_type_make_no_difference() {
    let server = Server::start().await;
    let ann = V1::new(&server, "ann").await;
    for path in ["/v1/info/", "/v1/users", "/v1/rooms/"] {
        ann.get(path).await.is(200);
    }
    ann.with("content-type", "text/plain").post("/v1/rooms/", r#"{"users":[]}"#).await.is(200);
    ann.post("/v1/logout/", "").await.is(200);
}
