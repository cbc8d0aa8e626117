//! Invalid input to `realtime`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Realtime, Server, status};

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_refused() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let broken: [&[u8]; 9] = [
        b"{",
        b"nonsense",
        b"[]",
        b"7",
        b"null",
        b"\"x\"",
        b"{\"username\":\"\\ud800\",\"password\":\"x\"}",
        b"{\"username\":\"\xff\"}",
        b"",
    ];
    for path in ["/User", "/Login", "/Room"] {
        for body in broken {
            ann.post(path, Body::Raw(body.to_vec())).await.fails_realtime(400);
        }
    }
    for path in ["/User", "/Login"] {
        let bodies = [
            json!({}),
            json!({"username": "ben"}),
            json!({"password": "long enough"}),
            json!({"username": 7, "password": "long enough"}),
        ];
        for body in bodies.into_iter().chain([
            json!({"username": "ben", "password": null}),
            json!({"username": ["ben"], "password": "long enough"}),
        ]) {
            ann.post(path, body).await.fails_realtime(400);
        }
    }
    for username in ["", "a b", "a/b", "a\u{0}b", "room7", "me", "..", &"x".repeat(65)] {
        ann.post("/User", json!({"username": username, "password": "long enough"}))
            .await
            .fails_realtime(400);
    }
    for password in ["", "short", &"x".repeat(257)] {
        ann.post("/User", json!({"username": "ben", "password": password}))
            .await
            .fails_realtime(400);
    }
    for nickname in [json!(""), json!("x".repeat(65)), json!(7), json!(["x"])] {
        ann.post(
            "/User",
            json!({"username": "ben", "password": "long enough", "nickname": nickname}),
        )
        .await
        .fails_realtime(400);
    }
    for name in
        [json!(""), json!("  "), json!("x".repeat(65)), json!(null), json!(7), json!("a\u{0}b")]
    {
        ann.post("/Room", json!({"name": name})).await.fails_realtime(400);
    }
    assert_eq!(ann.get("/Room").await.is(200), json!([]), "nothing of it is stored");
    ann.get("/User/ben").await.fails_realtime(404);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    for path in ["/User/a/b", "/Login/x", "/Logout/x", "/Room/1/x", "/Room//1", "/User//"] {
        ann.get(path).await.fails_realtime(404);
        ann.bare().post(path, "{broken").await.fails_realtime(404);
    }
    let known: [(&str, &[&str]); 6] = [
        ("/User", &["POST"]),
        ("/User/ann", &["GET"]),
        ("/Login/", &["POST"]),
        ("/Logout", &["POST"]),
        ("/Room", &["GET", "POST"]),
        ("/Room/1", &["DELETE", "GET"]),
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
            answer.fails_realtime(405);
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
async fn paths_are_told_apart_by_case() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    for path in ["/room", "/user/ann", "/ROOM", "/uSER/ann"] {
        let answer = ann.get(path).await;
        assert!(
            answer.status == 404 && !answer.text.contains("\"status\":false"),
            "{path} was answered with {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn ids_that_are_none_are_rooms_that_are_not_there() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    for id in ["0", "-1", "x", "99999999999999999999999", "1.5", "%00", "%FF"] {
        ann.get(&format!("/Room/{id}")).await.fails_realtime(404);
        ann.delete(&format!("/Room/{id}")).await.fails_realtime(404);
        ann.get(&format!("/User/{id}")).await.fails_realtime(404);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let mut body = br#"{"name":"Lobby"}"#.to_vec();
    body.resize(1024 * 1024 + 1, b' ');
    for path in ["/User", "/Login", "/Room"] {
        ann.post(path, Body::Raw(body.clone())).await.fails_realtime(413);
        ann.post(path, Body::Chunked(body.clone())).await.fails_realtime(413);
    }
    body.truncate(1024 * 1024);
    ann.post("/Room", Body::Raw(body)).await.is(201);
}

#[tokio::test]
async fn the_content_type_makes_no_difference() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let plain = ann.bare().with("content-type", "text/plain");
    let body = json!({"username": "ann", "password": ann.password}).to_string();
    assert_eq!(plain.post("/Login/", body.as_str()).await.is(200), status(true));
}
