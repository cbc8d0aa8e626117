//! Pages of other origins cannot use a browser's cookies.

use serde_json::json;

use crate::support::{Client, Person, Server};

const EVIL: &str = "http://evil.example";

#[tokio::test]
async fn a_foreign_page_changes_nothing_with_a_cookie() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let browser = ann.bare().with("cookie", &format!("jwt_token={}", ann.token));
    for origin in [EVIL, "null", "https://127.0.0.1.evil.example", "http://127.0.0.1:1", "nonsense"]
    {
        let foreign = browser.with("origin", origin);
        foreign.post("/api/chatrooms", json!({"targetUserIds": []})).await.fails(403, "forbidden");
        foreign
            .post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "pwned"}))
            .await
            .fails(403, "forbidden");
        foreign.patch("/api/users/me", json!({"name": "pwned"})).await.fails(403, "forbidden");
        foreign.delete(&format!("/api/chatrooms/{room}")).await.fails(403, "forbidden");
        foreign.post("/api/logout", json!({})).await.fails(403, "forbidden");
        foreign.post("/api/refresh", json!({})).await.fails(403, "forbidden");
        foreign.handshake("/chat").await.fails(403, "forbidden");
    }
    assert!(ann.history(&room).await.is_empty());
    assert_eq!(ann.get("/api/users/me").await.is(200)["name"], "ann");
}

#[tokio::test]
async fn a_page_of_the_same_origin_and_a_client_without_one_are_welcome() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let browser = ann.bare().with("cookie", &format!("jwt_token={}", ann.token));
    for client in [browser.with("origin", &server.url()), browser.clone()] {
        client.post("/api/chatrooms", json!({"targetUserIds": []})).await.is(201);
        assert_eq!(client.handshake("/chat").await.status, 101);
    }
}

#[tokio::test]
async fn a_bearer_token_is_no_cookie_and_a_handshake_is_never_foreign() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let foreign = ann.with("origin", EVIL);
    foreign.post("/api/chatrooms", json!({"targetUserIds": []})).await.is(201);
    foreign.handshake("/chat").await.fails(403, "forbidden");
    Client::new(&server).with("origin", EVIL).handshake("/chat").await.fails(403, "forbidden");
}

#[tokio::test]
async fn a_configured_origin_is_told_what_it_may_do() {
    let server = Server::start_with(&[("SERVER__ALLOWED_ORIGINS", "https://app.example")]).await;
    let ann = Person::new(&server, "ann").await;
    let browser = ann
        .bare()
        .with("cookie", &format!("jwt_token={}", ann.token))
        .with("origin", "https://app.example");
    let answer = browser.post("/api/chatrooms", json!({"targetUserIds": []})).await;
    answer.is(201);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(browser.handshake("/chat").await.status, 101);
    let asking = browser
        .bare()
        .with("origin", "https://app.example")
        .with("access-control-request-method", "POST");
    let preflight = asking.request(reqwest::Method::OPTIONS, "/api/chatrooms", "").await;
    preflight.is(204);
    assert_eq!(preflight.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(preflight.header("access-control-allow-credentials"), "true");
    assert!(
        preflight.header("access-control-allow-methods").contains("POST"),
        "{:?}",
        preflight.headers
    );

    let foreign = browser.with("origin", EVIL);
    let answer = foreign.get("/api/chatrooms").await;
    answer.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    foreign
        .request(reqwest::Method::OPTIONS, "/api/chatrooms", "")
        .await
        .fails(405, "method_not_allowed");
}

#[tokio::test]
async fn the_public_url_is_an_origin_of_its_own() {
    let server = Server::start_with(&[("SERVER__PUBLIC_URL", "https://chat.example")]).await;
    let ann = Person::new(&server, "ann").await;
    let browser = ann.bare().with("cookie", &format!("jwt_token={}", ann.token));
    browser
        .with("origin", "https://chat.example")
        .post("/api/chatrooms", json!({"targetUserIds": []}))
        .await
        .is(201);
    assert_eq!(browser.with("origin", "https://chat.example").handshake("/chat").await.status, 101);
    browser.with("origin", EVIL).handshake("/chat").await.fails(403, "forbidden");
}
