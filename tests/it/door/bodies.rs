//! Bodies refused before they are sent, and bodies as some clients send them.

use serde_json::json;

use super::exchange;
use crate::support::{Body, Person, Server};

#[tokio::test]
async fn a_body_that_says_to_be_too_large_is_not_asked_for() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    for (path, length) in [
        ("/api/media?fileName=x", 26_214_401_u64),
        ("/api/login", 1_048_577),
        ("/v1/login", 2_000_000),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \
             {}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n",
            ann.token
        );
        let answer = exchange(&server, &head).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        assert!(answer.contains("too_large"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_waits_to_be_asked_for_is() {
    let server = Server::start().await;
    Person::new(&server, "ann").await;
    let body = json!({"userId": "ann", "password": "secret of ann"}).to_string();
    let head = format!(
        "POST /api/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \
         {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let answer = exchange(&server, &(head + &body)).await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn json_may_begin_with_a_byte_order_mark() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let text = "\u{feff}{\"content\":\"hello\"}";
    ann.post(&format!("/api/chatrooms/{room}/messages"), Body::Raw(text.as_bytes().to_vec()))
        .await
        .is(201);
    assert_eq!(ann.contents(&room).await, ["hello"]);
}

#[tokio::test]
async fn handshakes_need_a_key_and_are_told_the_version() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let asking = ann
        .with("connection", "Upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13");
    for key in ["x", "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZTE=", "AAAA"] {
        let answer = asking.with("sec-websocket-key", key).get("/chat").await;
        answer.fails(426, "upgrade_required");
        assert_eq!(
            (answer.header("upgrade"), answer.header("sec-websocket-version")),
            ("websocket", "13"),
            "{key:?}"
        );
    }
    let old = asking
        .with("sec-websocket-version", "8")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .get("/chat")
        .await;
    assert_eq!((old.status, old.header("sec-websocket-version")), (426, "13"));
    assert_eq!(ann.handshake("/chat").await.status, 101);
}
