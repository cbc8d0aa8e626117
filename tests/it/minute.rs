//! Everything that expires after a minute, the shortest configurable lifetime. One test, so that
//! the minute passes once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::support::{Chats, Json, Person, Realtime, Server, Socket, status};

/// Returns the expiry of an access token, in Unix seconds.
fn expiry(token: &str) -> u64 {
    let claims =
        jsonwebtoken::dangerous::insecure_decode::<Json>(token).expect("a JSON web token").claims;
    claims["exp"].as_u64().expect("a number")
}

/// Waits while a socket stays open.
async fn wait_until(second: u64, kept: &mut Socket) {
    while SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() < second {
        kept.settle().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    kept.settle().await;
}

#[tokio::test]
async fn access_tokens_and_room_tokens_expire() {
    let server = Server::start_with(&[
        ("AUTH__ACCESS_TOKEN_MINUTES", "1"),
        ("AUTH__TOKEN_RECHECK_SECONDS", "1"),
    ])
    .await;
    let guest = Realtime::new(&server, "guest").await;
    let room = guest.room("Lobby").await;
    let (in_time, too_late) = (guest.token(room).await, guest.token(room).await);
    let ann = Person::new(&server, "ann").await;
    let editor = Chats::log_in(&ann, "ann", &ann.password).await;
    let prolonged = ann.again().await;
    let (mut expiring, mut kept) = (ann.open().await, prolonged.open().await);
    let last = expiry(&prolonged.token).max(expiry(&editor.access));

    // Shortly before the token of a session expires, another one extends its open sockets.
    wait_until(expiry(&ann.token) - 5, &mut kept).await;
    let mut entered = guest.knock().await;
    entered.send(json!({"token": in_time})).await;
    assert_eq!(entered.next().await, status(true));
    editor.get("/chats").await.succeeds();
    let fresh = prolonged.post("/api/refresh", json!({})).await.is(200);
    assert_eq!(expiring.closed().await, 4401);

    ann.get("/api/users/me").await.fails(401, "invalid_token");
    ann.handshake("/chat").await.fails(401, "invalid_token");
    let refreshed = ann.post("/api/refresh", json!({})).await.is(200);
    ann.bearer(refreshed["token"].as_str().expect("a token")).get("/api/users/me").await.is(200);

    wait_until(last + 3, &mut kept).await;
    ann.bearer(fresh["token"].as_str().expect("a token")).get("/api/users/me").await.is(200);
    prolonged.get("/api/users/me").await.fails(401, "invalid_token");

    editor.get("/chats").await.fails_chats(400, "Invalid authorization");
    editor
        .post("/chats", json!({"name": "Late", "userIds": [editor.id]}))
        .await
        .fails_chats(400, "Invalid authorization");
    editor
        .bare()
        .post("/auth/token", json!({"refreshToken": editor.access}))
        .await
        .fails_chats(400, "Invalid refreshToken");
    let again =
        editor.post("/auth/token", json!({"refreshToken": editor.refresh})).await.succeeds();
    let again = editor.bearer(again["accessToken"].as_str().expect("a token"));
    assert_eq!(again.get("/chats").await.succeeds(), json!([]));

    let mut refused = guest.knock().await;
    refused.send(json!({"token": too_late})).await;
    assert_eq!(refused.next().await, status(false));
    assert_eq!(refused.closed().await, 1008);
    entered.send(json!({"msg": "still here"})).await;
    assert_eq!(entered.next().await, status(true));
}
