//! A foreign page cannot log a user in, which would make them write in another user's account.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, Person, Server};

/// Sends every request that sets a cookie or returns a session, in the format of its dialect.
async fn log_ins(client: &Client) -> [Answer; 5] {
    let password = "secret of ann";
    [
        client.post("/api/login", json!({"userId": "ann", "password": password})).await,
        client.post("/v1/login", json!({"login": "ann", "password": password})).await,
        client.post("/login", json!({"user_id": "ann", "password": password})).await,
        client.post("/Login", json!({"username": "ann", "password": password})).await,
        client.post("/auth/login", json!({"login": "ann", "password": password})).await,
    ]
}

#[tokio::test]
async fn a_log_in_from_a_foreign_page_is_refused_in_every_dialect() {
    let server = Server::start_with(&[("SERVER__ALLOWED_ORIGINS", "https://app.example")]).await;
    let ann = Person::new(&server, "ann").await;
    let client = Client::new(&server);
    for origin in ["https://evil.example", "null"] {
        let foreign = client.with("origin", origin).with("content-type", "text/plain");
        let answers = log_ins(&foreign).await;
        assert!(
            answers
                .iter()
                .all(|answer| answer.status == 403 && answer.header("set-cookie").is_empty()),
            "{answers:?}"
        );
        let [chatrooms, v1, rooms, realtime, chats] = answers;
        chatrooms.fails(403, "forbidden");
        v1.fails_v1(403, "forbidden");
        rooms.fails_rooms(403, "Forbidden");
        realtime.fails_realtime(403);
        chats.fails_chats(403, "Forbidden");
        ann.with("origin", origin)
            .request(Method::POST, "/api/refresh", "")
            .await
            .fails(403, "forbidden");
    }
    for origin in [server.url(), "https://app.example".to_owned()] {
        let answers = log_ins(&client.with("origin", &origin)).await;
        assert!(answers.iter().all(|answer| answer.status < 300), "{origin}: {answers:?}");
        ann.with("origin", &origin).request(Method::POST, "/api/refresh", "").await.is(200);
    }
}
