//! Invalid input to `chats`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Chats, Json, Server};

#[tokio::test]
async fn a_body_that_is_no_object_is_invalid() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let room = ann.room(&[ann.id]).await;
    let broken: [&[u8]; 11] = [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"7",
        b"null",
        b"\"x\"",
        b"{\"name\":\"\\ud800\",\"userIds\":[1]}",
        b"{\"name\":\"\xff\"}",
        b"\xff",
        b"{} {}",
    ];
    for body in broken {
        for path in ["/chats", "/auth/login", "/auth/token"] {
            ann.post(path, Body::Raw(body.to_vec())).await.fails_chats(400, "Invalid body");
        }
        ann.patch(&format!("/chats/{room}"), Body::Raw(body.to_vec()))
            .await
            .fails_chats(400, "Invalid body");
    }
    assert_eq!(ann.chats().await.len(), 1, "nothing of it is stored");
}

#[tokio::test]
async fn the_field_that_breaks_a_rule_is_named() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let kept = ann.chat("kept", &[ann.id]).await;
    let path = format!("/chats/{}", kept["id"]);
    let names = [
        json!(""),
        json!(" "),
        json!("x".repeat(65)),
        json!("a\u{0}b"),
        json!(7),
        json!(null),
        json!(["x"]),
        json!({}),
    ];
    for name in names {
        ann.post("/chats", json!({"name": name, "userIds": [ann.id]}))
            .await
            .fails_chats(400, "Invalid name");
        ann.post("/chats", json!({"name": name, "userIds": []}))
            .await
            .fails_chats(400, "Invalid name");
        ann.patch(&path, json!({"name": name})).await.fails_chats(400, "Invalid name");
        ann.patch("/chats/999", json!({"name": name})).await.fails_chats(400, "Invalid name");
    }
    let lists = [
        json!(null),
        json!(7),
        json!("1"),
        json!({}),
        json!(["1"]),
        json!([1.5]),
        json!([-1]),
        json!([0]),
        json!([null]),
        json!([[1]]),
    ];
    for users in
        lists.into_iter().chain([serde_json::from_str("[99999999999999999999999]").expect("JSON")])
    {
        ann.post("/chats", json!({"name": "x", "userIds": users}))
            .await
            .fails_chats(400, "Invalid userIds");
        ann.patch(&path, json!({"userIds": users})).await.fails_chats(400, "Invalid userIds");
        ann.patch("/chats/999", json!({"userIds": users}))
            .await
            .fails_chats(400, "Invalid userIds");
    }
    ann.post("/chats", json!({"userIds": [ann.id]})).await.fails_chats(400, "Invalid name");
    ann.post("/chats", json!({"name": "x"})).await.fails_chats(400, "Invalid userIds");
    ann.post("/chats", json!({"name": "x", "userIds": []}))
        .await
        .fails_chats(400, "Lack of userIds");
    ann.post("/chats", json!({"name": "x", "userIds": [ann.id, 999]}))
        .await
        .fails_chats(400, "Invalid userIds");
    let longest = "я".repeat(64);
    assert_eq!(ann.patch(&path, json!({"name": longest})).await.succeeds()["name"], longest);
    assert_eq!(ann.chats().await.len(), 1, "nothing of what was refused is stored");
}

#[tokio::test]
async fn what_a_log_in_lacks_is_named() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await.bare();
    let table: [(Json, &str); 10] = [
        (json!({}), "Invalid password"),
        (json!({"password": "x"}), "Invalid email"),
        (json!({"login": "ann"}), "Invalid password"),
        (json!({"email": "a@b"}), "Invalid password"),
        (json!({"login": "ann", "password": 7}), "Invalid password"),
        (json!({"login": "ann", "password": null}), "Invalid password"),
        (json!({"login": 7, "password": "x"}), "Invalid login"),
        (json!({"login": null, "password": "x"}), "Invalid login"),
        (json!({"email": ["a@b"], "password": "x"}), "Invalid email"),
        (json!({"email": null, "login": "ann", "password": "x"}), "Invalid email"),
    ];
    for (body, title) in table {
        ann.post("/auth/login", body).await.fails_chats(400, title);
    }
    for body in [
        json!({}),
        json!({"refreshToken": null}),
        json!({"refreshToken": 7}),
        json!({"refresh_token": "x"}),
        json!({"refreshToken": ["x"]}),
    ] {
        ann.post("/auth/token", body).await.fails_chats(400, "Invalid refreshToken");
    }
}

#[tokio::test]
async fn ids_are_natural_numbers() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let room = ann.room(&[ann.id]).await;
    for id in [
        "0",
        "-1",
        "x",
        "1.5",
        "1e3",
        "+1",
        "%00",
        "%FF",
        "%20",
        &format!("room{room:03}"),
        &format!("{room}x"),
    ] {
        ann.patch(&format!("/chats/{id}"), json!({"name": "x"}))
            .await
            .fails_chats(400, "Invalid id");
        ann.patch(&format!("/chats/{id}"), "{broken").await.fails_chats(400, "Invalid id");
        ann.delete(&format!("/chats/{id}")).await.fails_chats(400, "Invalid id");
    }
    for id in ["999", "9223372036854775807", "99999999999999999999999"] {
        ann.patch(&format!("/chats/{id}"), json!({"name": "x"}))
            .await
            .fails_chats(404, "Chat not found");
        ann.patch(&format!("/chats/{id}"), json!({"userIds": []}))
            .await
            .fails_chats(404, "Chat not found");
        ann.delete(&format!("/chats/{id}")).await.fails_chats(404, "Chat not found");
    }
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    for path in [
        "/auth",
        "/auth/",
        "/auth/Login",
        "/auth/logout",
        "/auth/login/x",
        "/chats/1/users",
        "/chats//1",
    ] {
        ann.get(path).await.fails_chats(404, "Not found");
        ann.bare().post(path, "{broken").await.fails_chats(404, "Not found");
    }
    let known: [(&str, &[&str]); 4] = [
        ("/auth/login", &["POST"]),
        ("/auth/token", &["POST"]),
        ("/chats", &["GET", "POST"]),
        ("/chats/1", &["DELETE", "PATCH"]),
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
            answer.fails_chats(405, "Method not allowed");
            let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed, methods, "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let room = ann.room(&[ann.id]).await;
    let mut body = format!(r#"{{"name":"x","userIds":[{}]}}"#, ann.id).into_bytes();
    body.resize(1024 * 1024 + 1, b' ');
    for path in ["/auth/login", "/auth/token", "/chats"] {
        ann.post(path, Body::Raw(body.clone())).await.fails_chats(413, "Body too large");
        ann.post(path, Body::Chunked(body.clone())).await.fails_chats(413, "Body too large");
    }
    ann.patch(&format!("/chats/{room}"), Body::Raw(body.clone()))
        .await
        .fails_chats(413, "Body too large");
    body.truncate(1024 * 1024);
    ann.post("/chats", Body::Raw(body)).await.succeeds();
}

#[tokio::test]
async fn a_trailing_slash_and_the_content_type_make_no_difference() {
    let server = Server::start().await;
    let ann = Chats::new(&server, "ann").await;
    let plain = ann.with("content-type", "text/plain");
    let chat = plain
        .post("/chats/", format!(r#"{{"name":"x","userIds":[{}]}}"#, ann.id).as_str())
        .await
        .succeeds();
    assert_eq!(ann.get("/chats/?page[size]=1").await.succeeds(), json!([chat]));
    plain.patch(&format!("/chats/{}/", chat["id"]), r#"{"name":"y"}"#).await.succeeds();
    ann.post("/auth/token/", json!({"refreshToken": ann.refresh})).await.succeeds();
    ann.delete(&format!("/chats/{}/", chat["id"])).await.succeeds();
}
