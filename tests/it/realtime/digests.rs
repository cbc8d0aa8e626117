//! Log-in by the MD5 or SHA-1 of the password.

use serde_json::json;

use crate::support::{Client, PATIENCE, Server, status};

const PASSWORD: &str = "long enough";
const MD5: &str = "e5d4b6015a52d9f2551cea1655200a09";
const SHA1: &str = "c3a507a529523bee581ce18cf3ce0f6af4d9647e";

async fn logs_in(client: &Client, username: &str, password: &str) -> bool {
    let answer =
        client.post("/Login", json!({"username": username, "password": password})).await.is(200);
    assert_eq!(answer, status(answer["status"] == true));
    answer["status"] == true
}

/// Waits until the digests of a user exist: they are created after the reply to the log-in.
async fn has_digests(client: &Client, username: &str) {
    let made = async {
        while !(logs_in(client, username, MD5).await && logs_in(client, username, SHA1).await) {}
    };
    assert!(tokio::time::timeout(PATIENCE, made).await.is_ok(), "no digests of {username}");
}

#[tokio::test]
async fn digests_of_users_of_every_dialect_log_in() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.post("/User", json!({"username": "own", "password": PASSWORD})).await.is(201);
    client.post("/api/users", json!({"userId": "native", "password": PASSWORD})).await.is(201);
    client.post("/v1/register", json!({"login": "v1", "password": PASSWORD})).await.is(200);
    client.post("/users", json!({
        "user_id": "rooms", "name": "Rooms", "email": "rooms@example.org", "password": PASSWORD,
    })).await.is(201);
    for user in ["own", "native", "v1", "rooms"] {
        for secret in [PASSWORD, MD5, SHA1, &MD5.to_uppercase(), &SHA1.to_uppercase()] {
            assert!(logs_in(&client, user, secret).await, "{user} {secret}");
        }
        let nearly = [
            &MD5[1..],
            &SHA1[1..],
            &format!("{MD5} "),
            &format!("{}0", &MD5[..31]),
            &format!("{}0", &SHA1[..39]),
            "LONG ENOUGH",
            "",
        ];
        for secret in nearly {
            assert!(!logs_in(&client, user, secret).await, "{user} {secret}");
        }
    }
}

#[tokio::test]
async fn a_digest_is_good_for_nothing_in_other_dialects() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.post("/User", json!({"username": "ann", "password": PASSWORD})).await.is(201);
    for digest in [MD5, SHA1] {
        client
            .post("/api/login", json!({"userId": "ann", "password": digest}))
            .await
            .fails(401, "invalid_credentials");
        client
            .post("/v1/login", json!({"login": "ann", "password": digest}))
            .await
            .fails_v1(422, "wrong_credentials");
    }
}

#[tokio::test]
async fn a_password_that_looks_like_a_digest_is_a_password() {
    let server = Server::start().await;
    let client = Client::new(&server);
    for (user, password) in [("short", MD5), ("long", SHA1)] {
        client.post("/User", json!({"username": user, "password": password})).await.is(201);
        assert!(logs_in(&client, user, password).await);
        assert!(
            !logs_in(&client, user, &password.to_uppercase()).await,
            "a password is not a number"
        );
        assert!(!logs_in(&client, user, PASSWORD).await, "nor what it is the digest of");
    }
}

#[tokio::test]
async fn a_new_password_has_new_digests() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.post("/User", json!({"username": "ann", "password": "another one"})).await.is(201);
    let token = client
        .post("/api/login", json!({"userId": "ann", "password": "another one"}))
        .await
        .is(200)["token"]
        .clone();
    let ann = client.bearer(token.as_str().expect("a text"));
    ann.patch("/api/users/me", json!({"password": PASSWORD, "currentPassword": "another one"}))
        .await
        .is(200);
    for secret in [PASSWORD, MD5, SHA1] {
        assert!(logs_in(&client, "ann", secret).await, "{secret}");
    }
    assert!(!logs_in(&client, "ann", "f456075b72cc3860cc0e562f2b89c3e2").await);
    assert!(!logs_in(&client, "ann", "another one").await);
}

#[tokio::test]
async fn digests_are_stored_hashed_and_removed_when_they_are_turned_off() {
    // Waiting for digests means failing to log in until they exist.
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let stored = |server: &Server| {
        let files = std::fs::read_dir(server.data()).expect("the data directory");
        let files = files.map(|file| file.expect("a file").path()).filter(|path| path.is_file());
        files.flat_map(|path| std::fs::read(path).expect("a readable file")).collect::<Vec<u8>>()
    };
    let holds = |haystack: &[u8], needle: &str| {
        haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    let client = Client::new(&server);
    client.post("/User", json!({"username": "ann", "password": PASSWORD})).await.is(201);
    assert!(logs_in(&client, "ann", MD5).await);
    let bytes = stored(&server);
    assert!(!holds(&bytes, MD5) && !holds(&bytes, SHA1) && holds(&bytes, "$argon2id$"));

    server.set("AUTH__DIGEST_LOGIN", "false");
    server.terminate().await;
    server.restart().await;
    let client = Client::new(&server);
    server.wait_for_log(&["The digests of 1 passwords were removed."]).await;
    for digest in [MD5, SHA1] {
        assert!(!logs_in(&client, "ann", digest).await);
    }
    assert!(logs_in(&client, "ann", PASSWORD).await);
    client.post("/User", json!({"username": "ben", "password": PASSWORD})).await.is(201);

    server.set("AUTH__DIGEST_LOGIN", "true");
    server.terminate().await;
    server.restart().await;
    let client = Client::new(&server);
    for user in ["ann", "ben"] {
        assert!(!logs_in(&client, user, MD5).await, "they are gone, not only turned off");
        assert!(logs_in(&client, user, PASSWORD).await);
    }
    for user in ["ann", "ben"] {
        has_digests(&client, user).await;
    }
}
