//! Invalid input to `rooms`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Json, Rooms, Server};

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_an_invalid_parameter() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let broken: [&[u8]; 10] = [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"7",
        b"null",
        b"\"x\"",
        b"{\"name\":\"\\ud800\"}",
        b"{\"user_id\":\"\xff\",\"password\":\"long enough\"}",
        b"\xff",
    ];
    for path in ["/users", "/login", "/rooms"] {
        for body in broken {
            ann.post(path, Body::Raw(body.to_vec())).await.fails_rooms(400, "InvalidParameter");
        }
    }
    for body in [
        json!({}),
        json!({"user_id": "ann"}),
        json!({"password": ann.password}),
        json!({"user_id": 7, "password": ann.password}),
    ] {
        ann.post("/login", body).await.fails_rooms(400, "InvalidParameter");
    }
    for name in [
        json!(null),
        json!(7),
        json!(["x"]),
        json!({}),
        json!(""),
        json!("  "),
        json!("x".repeat(65)),
        json!("a\u{0}b"),
        json!("a\nb"),
    ] {
        ann.post("/rooms", json!({"name": name})).await.fails_rooms(400, "InvalidParameter");
    }
    ann.post("/rooms", json!({"Name": "x"})).await.fails_rooms(400, "InvalidParameter");
    assert_eq!(ann.get("/rooms").await.is(200), json!([]), "nothing of it is stored");
}

#[tokio::test]
async fn a_registration_needs_all_four_fields_and_sound_ones() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let whole = json!({
        "user_id": "ben", "password": "long enough", "email": "ben@example.org", "name": "Ben",
    });
    for key in ["user_id", "password", "email", "name"] {
        let mut less = whole.clone();
        less.as_object_mut().expect("an object").remove(key);
        ann.post("/users", less).await.fails_rooms(400, "InvalidParameter");
        for value in
            [json!(null), json!(7), json!(["ben"]), json!({}), json!(""), json!("x".repeat(300))]
        {
            let mut wrong = whole.clone();
            wrong[key] = value;
            ann.post("/users", wrong).await.fails_rooms(400, "InvalidParameter");
        }
    }
    let bad: [(&str, &[&str]); 4] = [
        ("user_id", &["a b", "a/b", "me", "room7", ".", "..", "a\u{0}b", "  "]),
        ("password", &["short"]),
        ("email", &["ben", "@example.org", "ben@", "b en@example.org", "b@e@x"]),
        ("name", &["  ", "a\u{0}b", "a\nb"]),
    ];
    for (key, values) in bad {
        for value in values {
            let mut wrong = whole.clone();
            wrong[key] = json!(value);
            ann.post("/users", wrong).await.fails_rooms(400, "InvalidParameter");
        }
    }
    ann.bare()
        .post("/login", json!({"user_id": "ben", "password": "long enough"}))
        .await
        .fails_rooms(404, "NotFound");
    ann.post("/users", whole).await.is(201);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    for path in [
        "/users/ann",
        "/users/me/x",
        "/users//me",
        "/users/Me",
        "/login/x",
        "/logout/x",
        "/rooms/1/x",
        "/rooms//1",
    ] {
        ann.get(path).await.fails_rooms(404, "NotFound");
        ann.bare().post(path, "{broken").await.fails_rooms(404, "NotFound");
    }
    let known: [(&str, &[&str]); 5] = [
        ("/users", &["POST"]),
        ("/users/me/", &["DELETE", "GET"]),
        ("/login", &["POST"]),
        ("/logout/", &["DELETE"]),
        ("/rooms", &["GET", "POST"]),
    ];
    for (path, methods) in known {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
            .into_iter()
            .filter(|method| !methods.contains(method))
        {
            let answer = ann
                .bare()
                .request(method.parse::<Method>().expect("a method"), path, Body::Nothing)
                .await;
            answer.fails_rooms(405, "MethodNotAllowed");
            let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed, methods, "{path}");
        }
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::OPTIONS] {
        let answer = ann.request(method, "/rooms/room001", Body::Nothing).await;
        answer.fails_rooms(405, "MethodNotAllowed");
        assert!(
            answer.header("allow").split(", ").any(|name| name == "DELETE"),
            "{:?}",
            answer.headers
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let mut body = br#"{"name":"Lounge"}"#.to_vec();
    body.resize(1024 * 1024 + 1, b' ');
    for path in ["/users", "/login", "/rooms"] {
        ann.post(path, Body::Raw(body.clone())).await.fails_rooms(413, "TooLarge");
        ann.post(path, Body::Chunked(body.clone())).await.fails_rooms(413, "TooLarge");
    }
    assert_eq!(ann.get("/rooms").await.is(200), json!([]));
    body.truncate(1024 * 1024);
    ann.post("/rooms", Body::Raw(body)).await.is(201);
}

#[tokio::test]
async fn a_trailing_slash_and_the_content_type_make_no_difference() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann
        .with("content-type", "text/plain")
        .post("/rooms/", r#"{"name":"Lounge"}"#)
        .await
        .is(201);
    for path in ["/rooms/", "/users/me/"] {
        ann.get(path).await.is(200);
    }
    ann.bare()
        .with("content-type", "application/xml")
        .post("/login/", json!({"user_id": "ann", "password": ann.password}).to_string().as_str())
        .await
        .is(205);
    ann.delete(&format!("/rooms/{}/", room["room_id"].as_str().expect("a key"))).await.is(204);
    assert_eq!(ann.delete("/logout/").await.is(204), Json::Null);
}
