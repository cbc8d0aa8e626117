//! Requests without a session are counted by address, before any work is done for them.

use serde_json::json;

use crate::support::{Client, Person, Server};

const FORWARDED: &str = "x-forwarded-for";

#[tokio::test]
async fn an_address_without_a_session_is_slowed_in_the_words_of_each_dialect() {
    let keys = [
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "5"),
    ];
    let server = Server::start_with(&keys).await;
    let ann = Person::new(&server, "ann").await;
    let flooding = Client::new(&server).with(FORWARDED, "203.0.113.9");
    for _ in 0..5 {
        flooding.get("/User/nobody").await.is_text(404);
    }
    let refused = flooding.get("/User/nobody").await;
    refused.fails_realtime(429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    flooding.get("/api/chatrooms").await.fails(429, "rate_limited");
    flooding
        .post("/api/login", json!({"userId": "ann", "password": "secret of ann"}))
        .await
        .fails(429, "rate_limited");
    flooding.get("/api/nothing/at/all").await.fails(429, "rate_limited");
    flooding.get("/v1/rooms").await.fails_v1(429, "rate_limited");
    flooding.get("/rooms").await.fails_rooms(429, "TooManyRequests");
    flooding.get("/chats").await.fails_chats(429, "Too many requests");
    flooding.get("/api/openapi.json").await.fails(429, "rate_limited");
    flooding.get("/").await.fails(429, "rate_limited");
    flooding.handshake("/chat").await.fails(429, "rate_limited");
    // A credential without an open session counts as none; a valid one is accepted, and so are all
    // clients elsewhere.
    flooding
        .with("authorization", "Bearer nonsense")
        .get("/api/chatrooms")
        .await
        .fails(429, "rate_limited");
    flooding
        .with("x-session-id", &"0".repeat(40))
        .get("/api/chatrooms")
        .await
        .fails(429, "rate_limited");
    ann.with(FORWARDED, "203.0.113.9").get("/api/users/me").await.is(200);
    flooding.with(FORWARDED, "203.0.113.10").get("/User/nobody").await.is_text(404);
    // Monitors have an allowance of their own.
    for _ in 0..5 {
        flooding.get("/health").await.is(200);
    }
    flooding.get("/health").await.fails(429, "rate_limited");
}

#[tokio::test]
async fn bad_credentials_count_and_ipv6_is_one_network() {
    let keys = [
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "5"),
    ];
    let server = Server::start_with(&keys).await;
    let mut answers = Vec::new();
    for number in 1..=7 {
        let client = Client::new(&server).with(FORWARDED, &format!("2001:db8:1:2::{number}"));
        answers.push(
            client
                .with("x-session-id", &format!("{number:040}"))
                .get("/api/chatrooms")
                .await
                .status,
        );
    }
    assert_eq!(answers, [401, 401, 401, 401, 401, 429, 429]);
}

#[tokio::test]
async fn programs_on_this_machine_are_not_counted_and_rates_can_be_turned_off() {
    let server = Server::start_with(&[("LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "2")]).await;
    let client = Client::new(&server);
    for _ in 0..5 {
        client.get("/User/nobody").await.is_text(404);
    }
    let forwarded = client.with(FORWARDED, "203.0.113.1");
    for (client, wanted) in
        [(&forwarded, 404), (&forwarded, 404), (&forwarded, 429), (&client, 404)]
    {
        client.get("/User/nobody").await.is_text(wanted);
    }
    let off = Server::start_with(&[
        ("LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "2"),
        ("LIMITS__ENABLED", "false"),
    ])
    .await;
    for _ in 0..5 {
        Client::new(&off).with(FORWARDED, "203.0.113.1").get("/User/nobody").await.is_text(404);
    }
}
