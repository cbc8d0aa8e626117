//! The address under which a client is counted, with and without proxies.

use serde_json::json;

use crate::support::{Client, Server};

/// Returns the responses to log-ins with a wrong password, each for another account and with
/// another of these headers.
async fn guesses(
    client: &Client,
    name: &str,
    values: impl IntoIterator<Item = String>,
) -> Vec<u16> {
    let mut answers = Vec::new();
    for (number, value) in values.into_iter().enumerate() {
        let guess = json!({"userId": format!("nobody{number}"), "password": "not the one"});
        answers.push(client.with(name, &value).post("/api/login", guess).await.status);
    }
    answers
}

const FORWARDED: &str = "x-forwarded-for";

#[tokio::test]
async fn a_client_cannot_choose_the_address_that_it_is_counted_by() {
    let keys = [
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ADDRESS", "3"),
    ];
    let server = Server::start_with(&keys).await;
    let client = Client::new(&server);
    for (what, hop) in [
        ("a bare address", "203.0.113.1"),
        ("a port", "203.0.113.2:5PORT"),
        ("brackets", "[2001:db8:1::1]"),
        ("brackets and a port", "[2001:db8:2::1]:5PORT"),
        ("mapped IPv4", "::ffff:203.0.113.3"),
        ("one IPv6 network", "2001:db8:3:4::PORT"),
    ] {
        let forged =
            (1..=5).map(|n| format!("6.6.6.{n}, {}", hop.replace("PORT", &format!("{n}23"))));
        assert_eq!(guesses(&client, FORWARDED, forged).await, [401, 401, 401, 429, 429], "{what}");
    }
    let networks = (1..=5).map(|n| format!("2001:db8:0:{n}::1"));
    assert_eq!(guesses(&client, FORWARDED, networks).await, [401; 5], "each network is a client");
    let hidden = (1..=5).map(|n| format!("6.6.7.{n}, unknown"));
    assert_eq!(
        guesses(&client, FORWARDED, hidden).await,
        [401, 401, 401, 429, 429],
        "who cannot be read is the proxy"
    );
}

#[tokio::test]
async fn registrations_are_counted_by_network() {
    let keys = [
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("LIMITS__REGISTRATIONS_PER_HOUR_PER_ADDRESS", "2"),
    ];
    let server = Server::start_with(&keys).await;
    let mut answers = Vec::new();
    for number in 1..=4 {
        let client = Client::new(&server).with(FORWARDED, &format!("2001:db8:1:2::{number}"));
        answers.push(
            client
                .post(
                    "/api/users",
                    json!({"userId": format!("user{number}"), "password": "long enough"}),
                )
                .await
                .status,
        );
    }
    assert_eq!(answers, [201, 201, 429, 429]);
}

#[tokio::test]
async fn clients_of_a_proxy_that_nobody_declared_are_one_and_it_is_told_once() {
    let server =
        Server::start_with(&[("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ADDRESS", "3")]).await;
    let client = Client::new(&server);
    assert_eq!(
        guesses(&client, "accept", (0..5).map(|_| "*/*".to_owned())).await,
        [401; 5],
        "programs on this machine are not counted"
    );
    assert!(!server.output().iter().any(|line| line.contains("trusted_proxies")));
    assert_eq!(
        guesses(&client, "host", ["chat.example".to_owned(), "chat.example:443".to_owned()]).await,
        [401; 2]
    );
    assert_eq!(
        guesses(&client, FORWARDED, (1..=3).map(|n| format!("203.0.113.{n}"))).await,
        [401, 429, 429]
    );
    server.wait_for_log(&["[WARN]", "is not in [server] trusted_proxies"]).await;
    assert_eq!(
        server
            .output()
            .iter()
            .filter(|line| line.contains("is not in [server] trusted_proxies"))
            .count(),
        1
    );
    assert_eq!(guesses(&client, "accept", ["*/*".to_owned()]).await, [401]);
}
