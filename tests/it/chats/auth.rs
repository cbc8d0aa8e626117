//! Log-in and tokens of `chats`.

use serde_json::json;

use crate::support::{Chats, Client, Person, Server, has_exactly};

const REFUSED: (u16, &str) = (400, "Invalid authorization");

#[tokio::test]
async fn logging_in_answers_two_tokens() {
    let server = Server::start().await;
    let ann = Chats::with_profile(&server, "ann", json!({"email": "Ann@example.org"})).await;
    let client = Client::new(&server);
    let bodies = [
        json!({"login": "ann", "password": ann.password}),
        json!({"login": "ANN", "password": ann.password, "more": 1}),
        json!({"email": "Ann@example.org", "password": ann.password}),
        json!({"email": "ann@EXAMPLE.org", "password": ann.password}),
        json!({"email": "ann@example.org", "login": "nobody", "password": ann.password}),
    ];
    for body in bodies {
        let opened = client.post("/auth/login", body.clone()).await.succeeds();
        has_exactly(&opened, &["id", "refreshToken", "accessToken"]);
        assert_eq!(opened["id"], ann.id, "{body}");
        let token = opened["accessToken"].as_str().expect("a text");
        assert_eq!(token.split('.').count(), 3, "a JSON web token: {token}");
        client.bearer(token).get("/chats").await.succeeds();
        client.bearer(token).get("/api/users/me").await.is(200);
    }
}

#[tokio::test]
async fn a_log_in_that_fails_does_not_say_why() {
    let server = Server::start().await;
    let ann = Chats::with_profile(&server, "ann", json!({"email": "ann@example.org"})).await;
    let bodies = [
        json!({"login": "ann", "password": "not the one"}),
        json!({"login": "ann", "password": ""}),
        json!({"login": "ann", "password": "x".repeat(300)}),
        json!({"login": "nobody", "password": ann.password}),
        json!({"login": "", "password": ann.password}),
        json!({"login": "a b", "password": ann.password}),
        json!({"email": "ann@example.org", "password": "not the one"}),
        json!({"email": "nobody@example.org", "password": ann.password}),
        json!({"email": "ann", "password": ann.password}),
        json!({"email": "", "password": ann.password}),
        json!({"login": "ann@example.org", "password": ann.password}),
    ];
    for body in bodies {
        ann.bare().post("/auth/login", body).await.fails_chats(400, "Invalid email or password");
    }
    let log = server.output().join("\n");
    assert!(!log.contains("example.org") && !log.contains("not the one"), "{log}");
}

#[tokio::test]
async fn failures_are_counted_by_account_whatever_it_is_called() {
    let server = Server::start().await;
    let ann = Chats::with_profile(&server, "ann", json!({"email": "ann@example.org"})).await;
    let nobody = ann.bare();
    for attempt in 0..10 {
        let body = if attempt % 2 == 0 {
            json!({"email": "ann@example.org", "password": "wrong"})
        } else {
            json!({"login": "Ann", "password": "wrong"})
        };
        nobody.post("/auth/login", body).await.fails_chats(400, "Invalid email or password");
    }
    for body in [
        json!({"email": "ann@example.org", "password": ann.password}),
        json!({"login": "ann", "password": ann.password}),
    ] {
        let answer = nobody.post("/auth/login", body).await;
        answer.fails_chats(429, "Too many requests");
        assert!(
            answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_refresh_answers_another_access_token_of_the_same_session() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let fresh = ann
        .bare()
        .post("/auth/token", json!({"refreshToken": ann.refresh, "more": 1}))
        .await
        .succeeds();
    has_exactly(&fresh, &["accessToken"]);
    let again = ann.bearer(fresh["accessToken"].as_str().expect("a text"));
    again.get("/chats").await.succeeds();
    // An additional invalid credential makes no difference.
    ann.bearer("x.y.z").post("/auth/token", json!({"refreshToken": ann.refresh})).await.succeeds();
    let flipped: String = ann.refresh.chars().rev().collect();
    for bad in ["", "x", &"0".repeat(40), &flipped, &ann.refresh[..39], &ann.access] {
        again
            .post("/auth/token", json!({"refreshToken": bad}))
            .await
            .fails_chats(400, "Invalid refreshToken");
    }
    again.post("/api/logout", json!({})).await.is(204);
    ann.get("/chats").await.fails_chats(REFUSED.0, REFUSED.1);
    again.get("/chats").await.fails_chats(REFUSED.0, REFUSED.1);
    ann.bare()
        .post("/auth/token", json!({"refreshToken": ann.refresh}))
        .await
        .fails_chats(400, "Invalid refreshToken");
}

#[tokio::test]
async fn tokens_die_with_their_session() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (first, second) = (
        Chats::log_in(&ann, "ann", &ann.password).await,
        Chats::log_in(&ann, "ann", &ann.password).await,
    );
    let body = json!({"password": "another long one", "currentPassword": ann.password});
    first.patch("/api/users/me", body).await.is(200);
    first.get("/chats").await.succeeds();
    second.get("/chats").await.fails_chats(REFUSED.0, REFUSED.1);
    second
        .bare()
        .post("/auth/token", json!({"refreshToken": second.refresh}))
        .await
        .fails_chats(400, "Invalid refreshToken");
    first.delete("/api/users/me").await.is(204);
    first.get("/chats").await.fails_chats(REFUSED.0, REFUSED.1);
    first
        .bare()
        .post("/auth/token", json!({"refreshToken": first.refresh}))
        .await
        .fails_chats(400, "Invalid refreshToken");
}

#[tokio::test]
async fn authorization_is_decided_before_anything_else() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let room = ann.room(&[ann.id]).await;
    let nobody = ann.bare();
    let bad = ["", "nonsense", "a.b.c", &ann.refresh, &format!("{}x", ann.access)]
        .map(|token| nobody.bearer(token));
    for client in bad.iter().chain([
        &nobody,
        &nobody.with("authorization", &ann.access),
        &nobody.with("authorization", "Basic YTpi"),
    ]) {
        client.get("/chats").await.fails_chats(REFUSED.0, REFUSED.1);
        client.get("/chats?page[size]=0").await.fails_chats(REFUSED.0, REFUSED.1);
        client.post("/chats", "{broken").await.fails_chats(REFUSED.0, REFUSED.1);
        for id in [room.to_string(), "999".to_owned(), "x".to_owned()] {
            client
                .patch(&format!("/chats/{id}"), "{broken")
                .await
                .fails_chats(REFUSED.0, REFUSED.1);
            client.delete(&format!("/chats/{id}")).await.fails_chats(REFUSED.0, REFUSED.1);
        }
    }
    assert_eq!(ann.chats().await.len(), 1);
}

#[tokio::test]
async fn credentials_of_other_dialects_are_good_and_a_foreign_page_cannot_use_a_cookie() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let nobody = ann.bare();
    let cookie = nobody.with("cookie", &format!("jwt_token={}", ann.access));
    for client in [
        &cookie,
        &nobody.with("x-session-id", &ann.refresh),
        &nobody.with("cookie", &format!("session={}", ann.refresh)),
    ] {
        client.post("/chats", json!({"name": "x", "userIds": [ann.id]})).await.succeeds();
    }
    let room = ann.chats().await[0]["id"].clone();
    let foreign = cookie.with("origin", "http://evil.example");
    foreign
        .post("/chats", json!({"name": "x", "userIds": [ann.id]}))
        .await
        .fails_chats(403, "Forbidden");
    foreign
        .patch(&format!("/chats/{room}"), json!({"name": "pwned"}))
        .await
        .fails_chats(403, "Forbidden");
    foreign.delete(&format!("/chats/{room}")).await.fails_chats(403, "Forbidden");
    foreign.get("/chats").await.succeeds();
    // A token sent explicitly by a page is not a cookie.
    ann.with("origin", "http://evil.example")
        .patch(&format!("/chats/{room}"), json!({"name": "mine"}))
        .await
        .succeeds();
    assert_eq!(ann.chats().await.len(), 3);
}
