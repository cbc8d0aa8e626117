//! Credentials: invalid, expired and forged tokens, and the maximum number of sockets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use ring::hmac;
use serde_json::json;

use crate::support::{Client, Json, Person, Server, has_exactly, is_seconds, people};

/// `{"alg":"none","typ":"JWT"}`
const ALG_NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

fn refused() -> Json {
    json!({"error": "invalid_token", "message": "JWT token is invalid"})
}

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_credential() {
    let server = Server::start().await;
    let nobody = Client::new(&server);
    let gets = [
        "/api/users/me",
        "/api/users?q=a",
        "/api/users/ann",
        "/api/chatrooms",
        "/api/chatrooms/room001",
        "/api/chatrooms/1/messages",
    ];
    for path in gets.into_iter().chain(["/api/chatrooms/1/changes?since=0"]) {
        assert_eq!(nobody.get(path).await.is(401), refused(), "{path}");
    }
    // Checked before the body is read: a malformed body makes no difference.
    let posts = [
        "/api/logout",
        "/api/refresh",
        "/api/chatrooms",
        "/api/chatrooms/1/messages",
        "/api/chatrooms/1/join",
        "/api/chatrooms/1/connect",
    ];
    for path in posts.into_iter().chain([
        "/api/chatrooms/1/participants",
        "/api/chatrooms/1/messages/msg1/read",
        "/api/chatrooms/1/messages/msg1/reactions",
    ]) {
        assert_eq!(nobody.post(path, "{broken").await.is(401), refused(), "{path}");
    }
    let patches = [
        "/api/users/me",
        "/api/chatrooms/1/name",
        "/api/chatrooms/1/messages/msg1",
        "/api/chatrooms/1/participants/ann/role",
    ];
    for path in patches.into_iter().chain(["/api/chatrooms/1/participants/ann/name"]) {
        assert_eq!(nobody.patch(path, "{broken").await.is(401), refused(), "{path}");
    }
    let deletes = [
        "/api/users/me",
        "/api/chatrooms/1",
        "/api/chatrooms/1/participants/ann",
        "/api/chatrooms/1/messages/msg1",
    ];
    for path in deletes.into_iter().chain(["/api/chatrooms/1/messages/msg1/reactions/like"]) {
        assert_eq!(nobody.delete(path).await.is(401), refused(), "{path}");
    }
    assert_eq!(nobody.handshake("/chat").await.is(401), refused());
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let parts: Vec<&str> = ann.token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("no JSON web token: {}", ann.token) };
    let decoded =
        jsonwebtoken::dangerous::insecure_decode::<Json>(&ann.token).expect("a JSON web token");
    assert_eq!(decoded.header.alg, Algorithm::HS256);
    let known = decoded.claims;
    assert_eq!(known["user_id"], "ann");
    assert!(known["exp"].is_i64() && known["iat"].is_i64() && known["sid"].is_string(), "{known}");
    let forged = |algorithm: (&str, hmac::Algorithm), key: &[u8]| {
        let header = format!(r#"{{"typ":"JWT","alg":"{}"}}"#, algorithm.0);
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
        let signature = hmac::sign(&hmac::Key::new(algorithm.1, key), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let mut tokens = vec![
        String::new(),
        "x".to_owned(),
        "x.y.z".to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{ALG_NONE}.{claims}."),
        format!("{ALG_NONE}.{claims}.{signature}"),
        format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>()),
        "a".repeat(8 * 1024),
    ];
    for key in [&b""[..], b"secret", b"chatctl", &[0; 32]] {
        let algorithms = [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ];
        tokens.extend(algorithms.map(|algorithm| forged(algorithm, key)));
    }
    for token in &tokens {
        assert_eq!(ann.bearer(token).get("/api/users/me").await.is(401), refused(), "{token}");
        assert_eq!(
            ann.bare()
                .with("cookie", &format!("jwt_token={token}"))
                .get("/api/users/me")
                .await
                .is(401),
            refused(),
            "{token}"
        );
    }
    assert_eq!(ann.bearer(&tokens[5]).handshake("/chat").await.is(401), refused());
    ann.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn the_first_carrier_decides() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let cookie = format!("jwt_token={}", ann.token);
    let by_cookie = ann.bare().with("cookie", &cookie);
    by_cookie.get("/api/users/me").await.is(200);
    by_cookie
        .with("authorization", "Bearer nonsense")
        .get("/api/users/me")
        .await
        .fails(401, "invalid_token");
    by_cookie.with("authorization", "Basic YTpi").get("/api/users/me").await.is(200);
    by_cookie
        .with("x-session-id", "nonsense")
        .get("/api/users/me")
        .await
        .fails(401, "invalid_token");
    ann.bare()
        .with("cookie", &format!("jwt_token=nonsense; auth_token={}", ann.token))
        .get("/api/users/me")
        .await
        .fails(401, "invalid_token");
    // A session id in the query only counts on handshakes.
    let session = ann
        .bare()
        .post("/v1/login", json!({"login": "ann", "password": ann.password}))
        .await
        .is(200);
    let id = session["session_id"].as_str().expect("a session id");
    ann.bare().get(&format!("/api/users/me?session_id={id}")).await.fails(401, "invalid_token");
    assert_eq!(ann.bare().handshake(&format!("/chat?session_id={id}")).await.status, 101);
}

#[tokio::test]
async fn a_refresh_answers_another_good_token_of_the_same_session() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let answer = ann.post("/api/refresh", json!({})).await;
    let body = answer.is(200);
    let token = body["token"].as_str().expect("a token").to_owned();
    assert_eq!(answer.cookie("jwt_token").0, token);
    ann.bearer(&token).get("/api/users/me").await.is(200);
    ann.bearer("x.y.z").post("/api/refresh", json!({})).await.fails(401, "invalid_token");
    ann.bearer(&token).post("/api/logout", json!({})).await.is(204);
    ann.get("/api/users/me").await.fails(401, "invalid_token");
}

#[tokio::test]
async fn one_user_has_as_many_sockets_as_allowed_and_no_more() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(ann.open().await);
    }
    ann.handshake("/chat").await.fails(429, "rate_limited");
    let ben = Person::new(&server, "ben").await;
    ben.open().await.settle().await;
    sockets.pop().expect("20 sockets").close().await;
    // The place is free once the server has noticed the close.
    let mut last = ann.handshake("/chat").await.status;
    for _ in 0..100 {
        if last == 101 {
            break;
        }
        last = ann.handshake("/chat").await.status;
    }
    assert_eq!(last, 101);
    for socket in &mut sockets {
        socket.settle().await;
    }
}

#[tokio::test]
async fn requests_of_one_user_are_limited() {
    let server = Server::start_with(&[("LIMITS__REQUESTS_PER_MINUTE_PER_USER", "10")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let mut limited = None;
    for _ in 0..25 {
        let answer = ann.get("/api/users/me").await;
        if answer.status != 200 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("requests are limited");
    limited.fails(429, "rate_limited");
    assert!(limited.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    ben.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let phone = ann
        .with("user-agent", "Phone/1.0")
        .post("/api/login", json!({"userId": "ann", "password": ann.password}))
        .await
        .is(200);
    let phone = ann.bearer(phone["token"].as_str().expect("a token"));
    let eve = Person::new(&server, "eve").await;
    let list = ann.get("/api/sessions").await.is(200);
    let sessions = list["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2, "one's own alone");
    for session in sessions {
        has_exactly(session, &["id", "device", "createdAt", "lastSeen", "current", "push"]);
        assert!(is_seconds(&session["createdAt"]) && is_seconds(&session["lastSeen"]), "{session}");
    }
    assert_eq!(
        (&sessions[0]["device"], &sessions[0]["current"], &sessions[1]["current"]),
        (&json!("Phone/1.0"), &json!(false), &json!(true))
    );
    let mut socket = phone.socket("phone", "/chat").await;
    let path = format!("/api/sessions/{}", sessions[0]["id"]);
    eve.delete(&path).await.fails(404, "session_not_found");
    phone.get("/api/users/me").await.is(200);
    ann.delete(&path).await.is(204);
    assert_eq!(socket.closed().await, 4401);
    phone.get("/api/users/me").await.fails(401, "invalid_token");
    ann.delete(&path).await.fails(404, "session_not_found");
    for bad in ["0", "x", "-1", "99999999999999999999"] {
        ann.delete(&format!("/api/sessions/{bad}")).await.fails(404, "session_not_found");
    }
    let own = ann.get("/api/sessions").await.is(200)["sessions"][0]["id"].clone();
    let answer = ann.delete(&format!("/api/sessions/{own}")).await;
    answer.is(204);
    assert!(answer.header("set-cookie").contains("jwt_token=;"), "the cookie goes with it");
    ann.get("/api/sessions").await.fails(401, "invalid_token");
}

#[tokio::test]
async fn a_token_is_verified() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let verified = ann.get("/verify").await.is(200);
    assert_eq!(verified, json!({"valid": true, "user": ann.get("/api/users/me").await.is(200)}));
    let refused =
        json!({"valid": false, "error": "invalid_token", "message": "JWT token is invalid"});
    assert_eq!(ann.bare().get("/verify").await.is(401), refused);
    assert_eq!(ann.bearer("x.y.z").get("/verify").await.is(401), refused);
    ann.post("/api/logout", json!({})).await.is(204);
    assert_eq!(ann.get("/verify").await.is(401), refused);
    ann.post("/verify", json!({})).await.fails(405, "method_not_allowed");
}

#[tokio::test]
async fn a_room_is_muted_for_oneself_alone() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room(&[&ben]).await;
    let path = format!("/api/chatrooms/{room}/me");
    assert_eq!(
        ann.patch(&path, json!({"muted": true})).await.is(200),
        json!({"roomId": room, "muted": true})
    );
    assert_eq!(
        (&ann.card(&room).await["muted"], &ben.card(&room).await["muted"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        ann.patch(&path, json!({"muted": false})).await.is(200),
        json!({"roomId": room, "muted": false})
    );
    assert_eq!(ann.card(&room).await["muted"], false);
    for body in [json!({}), json!({"muted": 1}), json!({"muted": null})] {
        ann.patch(&path, body).await.fails(400, "invalid_request");
    }
    eve.patch(&path, json!({"muted": true})).await.fails(404, "room_not_found");
    ann.bare().patch(&path, json!({"muted": true})).await.fails(401, "invalid_token");
}
