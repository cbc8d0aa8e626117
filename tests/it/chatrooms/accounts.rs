//! Registration, log-in, log-out.

use serde_json::json;

use crate::support::{Client, Json, Person, Server, has_exactly, is_seconds, people};

fn account(login: &str) -> Json {
    json!({"userId": login, "password": "long enough"})
}

#[tokio::test]
async fn a_user_is_registered_and_shown_without_a_password() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let body = json!({
        "userId": "ann", "password": "long enough", "name": "Ann Lee", "email": "ann@example.org",
        "birth": "1990-02-28", "unknown": [1],
    });
    let answer = client.post("/api/users", body).await;
    let user = answer.is(201);
    has_exactly(&user, &["id", "userId", "name", "email", "birth", "createdAt"]);
    assert_eq!((&user["userId"], &user["name"]), (&json!("ann"), &json!("Ann Lee")));
    assert_eq!((&user["email"], &user["birth"]), (&json!("ann@example.org"), &json!("1990-02-28")));
    assert!(
        user["id"].as_i64().is_some_and(|id| id > 0) && is_seconds(&user["createdAt"]),
        "{user}"
    );
    assert!(!answer.text.contains("long enough") && !answer.text.contains("argon2"));

    let plain = client.post("/api/users", account("Борис")).await.is(201);
    assert_eq!(plain["name"], "Борис", "the display name defaults to the login name");
    assert!(plain["id"].as_i64() > user["id"].as_i64());
}

#[tokio::test]
async fn login_names_keep_their_rules() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let long = "x".repeat(65);
    let bad = [
        "",
        " ",
        "a b",
        "a\tb",
        "a/b",
        "a\u{0}b",
        "a\u{7}b",
        "me",
        "Me",
        ".",
        "..",
        "room1",
        "room001",
        "ROOM7",
        "a\u{200b}b",
        "a\u{202e}b",
        &long,
    ];
    for login in bad {
        client.post("/api/users", account(login)).await.blames("userId");
    }
    for login in ["x", "안녕", "Ёлка", "o'neill", "a.b", "room", "roomy1", "100%", &"й".repeat(64)]
    {
        client.post("/api/users", account(login)).await.is(201);
    }
}

#[tokio::test]
async fn a_login_name_is_unique_however_it_is_written() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.post("/api/users", account("José")).await.is(201);
    for login in ["José", "JOSÉ", "josé", "Jose\u{301}"] {
        client.post("/api/users", account(login)).await.fails(409, "already_exists");
    }
    client.post("/api/users", account("scope")).await.is(201);
    client.post("/api/users", account("ѕсоре")).await.fails(409, "already_exists");
    client.post("/api/users", account("jose")).await.is(201);
}

#[tokio::test]
async fn look_alikes_are_allowed_where_the_configuration_says_so() {
    let server = Server::start_with(&[("AUTH__CONFUSABLE_NAMES", "allow")]).await;
    let client = Client::new(&server);
    client.post("/api/users", account("scope")).await.is(201);
    client.post("/api/users", account("ѕсоре")).await.is(201);
    client.post("/api/users", account("SCOPE")).await.fails(409, "already_exists");
}

#[tokio::test]
async fn what_else_an_account_holds_keeps_its_rules() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let with = |key: &str, value: Json| {
        let mut body = account("ann");
        body[key] = value;
        body
    };
    for password in ["", "1234567", &"x".repeat(257)] {
        client.post("/api/users", with("password", json!(password))).await.blames("password");
    }
    for name in ["", &"n".repeat(65), "a\u{0}b"] {
        client.post("/api/users", with("name", json!(name))).await.blames("name");
    }
    let long = format!("{}@example.org", "x".repeat(254));
    for email in [
        "",
        "ann",
        "@example.org",
        "ann@",
        "a@b@c",
        "an n@example.org",
        "ann@exa\u{7}mple.org",
        &long,
    ] {
        client.post("/api/users", with("email", json!(email))).await.blames("email");
    }
    for birth in ["", "yesterday", "1990-13-01", "1990-02-30", "90-01-01", "1990-1-1", "9999-01-01"]
    {
        client.post("/api/users", with("birth", json!(birth))).await.blames("birth");
    }
    client.post("/api/users", with("email", json!("Ann@Example.org"))).await.is(201);
    let mut other = with("email", json!("ann@example.ORG"));
    other["userId"] = json!("ben");
    client.post("/api/users", other).await.fails(409, "already_exists");
}

#[tokio::test]
async fn a_login_answers_a_token_and_sets_the_cookie() {
    let server = Server::start().await;
    let ann = Person::new(&server, "Ann").await;
    let answer =
        ann.bare().post("/api/login", json!({"userId": "aNN", "password": ann.password})).await;
    let body = answer.is(200);
    has_exactly(&body, &["userId", "token", "expiresAt"]);
    assert_eq!(body["userId"], "Ann", "the name is shown as registered");
    assert!(is_seconds(&body["expiresAt"]), "{body}");
    let (value, attributes) = answer.cookie("jwt_token");
    assert_eq!(body["token"], json!(value));
    for wanted in ["httponly", "samesite=lax"] {
        assert!(
            attributes.iter().any(|attribute| attribute == wanted),
            "{wanted} in {attributes:?}"
        );
    }
    assert!(
        !attributes.iter().any(|attribute| attribute == "secure"),
        "no TLS here: {attributes:?}"
    );
    assert!(
        attributes.iter().any(|attribute| attribute == "path=/"),
        "the socket stands at /chat: {attributes:?}"
    );
    for cookie in ["jwt_token", "auth_token"] {
        ann.bare()
            .with("cookie", &format!("a=b; {cookie}={value}; c=d"))
            .get("/api/users/me")
            .await
            .is(200);
    }
    assert_eq!(answer.header("cache-control"), "no-store", "private answers are not kept");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_answered_alike() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let wrong =
        ann.bare().post("/api/login", json!({"userId": "ann", "password": "not the one"})).await;
    let unknown =
        ann.bare().post("/api/login", json!({"userId": "nobody", "password": "not the one"})).await;
    assert_eq!(wrong.fails(401, "invalid_credentials"), unknown.fails(401, "invalid_credentials"));
    // Passwords are bytes: not folded, not normalized, not trimmed.
    for password in [ann.password.to_uppercase(), format!("{} ", ann.password)] {
        ann.bare()
            .post("/api/login", json!({"userId": "ann", "password": password}))
            .await
            .fails(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn failed_logins_of_an_account_are_limited_and_other_accounts_are_not() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let wrong = json!({"userId": "ann", "password": "not the one"});
    let stranger = ann.bare();
    // The address from which the account logged in has an allowance of its own, but a limited one.
    let mut limited = None;
    for _ in 0..25 {
        let answer = stranger.post("/api/login", wrong.clone()).await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
        answer.fails(401, "invalid_credentials");
    }
    let limited = limited.expect("failures are limited");
    limited.fails(429, "rate_limited");
    assert!(
        limited
            .header("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| (1..=60).contains(&seconds)),
        "{:?}",
        limited.headers
    );
    ben.again().await;
    ann.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn successful_logins_are_not_limited() {
    let server =
        Server::start_with(&[("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "2")]).await;
    let ann = Person::new(&server, "ann").await;
    for _ in 0..4 {
        ann.again().await;
    }
}

#[tokio::test]
async fn registration_can_be_closed() {
    let server = Server::start_with(&[("AUTH__REGISTRATION", "closed")]).await;
    let client = Client::new(&server);
    client.post("/api/users", account("ann")).await.fails(403, "forbidden");
    client
        .post("/v1/register", json!({"login": "ann", "password": "long enough"}))
        .await
        .fails_v1(422, "registration_closed");
    client.post("/api/login", account("ann")).await.fails(401, "invalid_credentials");
}

#[tokio::test]
async fn a_logout_ends_this_session_only_and_closes_its_sockets() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let other = ann.again().await;
    let (mut first, mut second, mut kept) =
        (ann.open().await, ann.open().await, other.open().await);
    let answer = ann.post("/api/logout", json!({})).await;
    answer.is(204);
    let (value, attributes) = answer.cookie("jwt_token");
    assert!(
        value.is_empty()
            && attributes
                .iter()
                .any(|attribute| attribute == "max-age=0" || attribute.starts_with("expires=")),
        "{attributes:?}"
    );
    assert_eq!((first.closed().await, second.closed().await), (4401, 4401));
    ann.get("/api/users/me").await.fails(401, "invalid_token");
    ann.post("/api/refresh", json!({})).await.fails(401, "invalid_token");
    ann.post("/api/logout", json!({})).await.fails(401, "invalid_token");
    other.get("/api/users/me").await.is(200);
    kept.settle().await;
}
