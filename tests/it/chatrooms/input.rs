//! Invalid input: every route responds as documented, and stores nothing.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Client, Json, Person, Server, people};

/// Routes with a body, and a valid body for each: the fields of the first object are required,
/// those of the second optional.
fn bodies(room: &str, message: &str) -> Vec<(Method, String, Json, Json)> {
    let at = |rest: &str| format!("/api/chatrooms/{room}{rest}");
    vec![
        (
            Method::POST,
            "/api/users".to_owned(),
            json!({"userId": "new", "password": "long enough"}),
            json!({"name": "N", "email": "n@e", "birth": "1990-01-01"}),
        ),
        (
            Method::POST,
            "/api/login".to_owned(),
            json!({"userId": "ann", "password": "long enough"}),
            json!({}),
        ),
        (
            Method::PATCH,
            "/api/users/me".to_owned(),
            json!({}),
            json!({"name": "N", "email": "n@e", "birth": "1990-01-01", "mediaId": 1}),
        ),
        (
            Method::POST,
            "/api/chatrooms".to_owned(),
            json!({"targetUserIds": []}),
            json!({"creatorId": "ann", "name": "N", "visibility": "public", "direct": true}),
        ),
        (Method::PATCH, at("/name"), json!({"name": "N"}), json!({})),
        (Method::POST, at("/participants"), json!({"userId": "ben"}), json!({"role": "member"})),
        (Method::PATCH, at("/participants/ann/role"), json!({"role": "admin"}), json!({})),
        (Method::PATCH, at("/participants/ann/name"), json!({"edited_name": "N"}), json!({})),
        (
            Method::POST,
            at("/messages"),
            json!({"content": "x"}),
            json!({"userId": "ann", "replyTo": message, "clientId": "c", "mediaIds": [1]}),
        ),
        (
            Method::PATCH,
            at(&format!("/messages/{message}")),
            json!({"newContent": "x"}),
            json!({"userId": "ann"}),
        ),
        (Method::DELETE, at(&format!("/messages/{message}")), json!({}), json!({"userId": "ann"})),
        (
            Method::POST,
            at(&format!("/messages/{message}/read")),
            json!({}),
            json!({"userId": "ann"}),
        ),
        (
            Method::POST,
            at(&format!("/messages/{message}/reactions")),
            json!({"reactionType": "like"}),
            json!({"userId": "ann"}),
        ),
        (Method::POST, at("/connect"), json!({}), json!({"userId": "ann"})),
    ]
}

struct Stage {
    server: Server,
    ann: Person,
    room: String,
    message: String,
}

impl Stage {
    async fn new() -> Self {
        let server = Server::start().await;
        let [ann, _] = people(&server, ["ann", "ben"]).await;
        let room = ann.room(&[]).await;
        let message = ann.say_all(&room, &["the only one"]).await.remove(0);
        Self { server, ann, room, message }
    }

    /// Returns everything that could have been stored.
    async fn stored(&self) -> Vec<Json> {
        let mut all = vec![
            self.ann.get("/api/users/me").await.is(200),
            self.ann.get("/api/chatrooms").await.is(200),
        ];
        all.push(self.ann.see(&self.room).await);
        all.extend(self.ann.history(&self.room).await);
        all.push(self.ann.get("/api/users?q=n").await.is(200));
        all
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_everywhere() {
    let stage = Stage::new().await;
    let before = stage.stored().await;
    let broken: [&[u8]; 9] = [
        b"{",
        b"nonsense",
        b"[]",
        b"7",
        b"\"x\"",
        b"null",
        b"{\"content\":\"\\ud800\"}",
        b"{\"name\":\"\xff\"}",
        b"\xff\xfe",
    ];
    for (method, path, ..) in bodies(&stage.room, &stage.message) {
        for body in broken {
            let answer = stage.ann.request(method.clone(), &path, Body::Raw(body.to_vec())).await;
            answer.fails(400, "invalid_request");
        }
    }
    assert_eq!(stage.stored().await, before);
}

#[tokio::test]
async fn missing_and_mistyped_fields_are_named() {
    let stage = Stage::new().await;
    let before = stage.stored().await;
    for (method, path, needed, optional) in bodies(&stage.room, &stage.message) {
        let fields = |object: &Json| {
            object.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
        };
        for field in fields(&needed) {
            let mut body = needed.clone();
            body.as_object_mut().expect("an object").remove(&field);
            stage.ann.request(method.clone(), &path, body).await.blames(&field);
        }
        for field in fields(&needed).iter().chain(&fields(&optional)) {
            for wrong in [json!({"a": 1}), json!(-7.5), json!([[]])] {
                let mut body = needed.clone();
                body[field] = wrong;
                stage.ann.request(method.clone(), &path, body).await.blames(field);
            }
        }
    }
    assert_eq!(stage.stored().await, before);
}

#[tokio::test]
async fn texts_with_a_zero_and_over_long_ones_are_refused() {
    let stage = Stage::new().await;
    let before = stage.stored().await;
    let long = "x".repeat(5000);
    for (method, path, needed, optional) in bodies(&stage.room, &stage.message) {
        let is_login = path == "/api/login";
        for field in [
            "userId",
            "password",
            "name",
            "email",
            "role",
            "edited_name",
            "content",
            "newContent",
            "clientId",
            "reactionType",
            "visibility",
        ] {
            // `userId` in a body names the caller in most routes; here it is another user.
            if is_login
                || needed.get(field).or(optional.get(field)).is_none()
                || (field == "userId" && path != "/api/users")
            {
                continue;
            }
            for wrong in [json!("a\u{0}b"), json!(long)] {
                if field == "password" && wrong != json!(long) {
                    continue;
                }
                let mut body = needed.clone();
                body[field] = wrong;
                stage.ann.request(method.clone(), &path, body).await.blames(field);
            }
        }
    }
    assert_eq!(stage.stored().await, before);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let stage = Stage::new().await;
    let before = stage.stored().await;
    let limit = 1024 * 1024;
    let padded = |size: usize| {
        let mut body = br#"{"content":"fits"}"#.to_vec();
        body.resize(size, b' ');
        body
    };
    let path = format!("/api/chatrooms/{}/messages", stage.room);
    stage.ann.post(&path, Body::Raw(padded(limit + 1))).await.fails(413, "too_large");
    stage.ann.post(&path, Body::Chunked(padded(limit + 1))).await.fails(413, "too_large");
    stage.ann.post(&path, Body::Chunked(padded(8 * limit))).await.fails(413, "too_large");
    for (method, path, ..) in bodies(&stage.room, &stage.message) {
        stage
            .ann
            .request(method, &path, Body::Raw(padded(limit + 1)))
            .await
            .fails(413, "too_large");
    }
    assert_eq!(stage.stored().await, before);
    stage.ann.post(&path, Body::Raw(padded(limit))).await.is(201);
    stage.ann.post(&path, Body::Chunked(padded(limit))).await.is(201);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let stage = Stage::new().await;
    let nobody = Client::new(&stage.server);
    let unknown = [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/Users",
        "/API/users",
        "/api/chatrooms/1/nothing",
        "/api//users",
        "/api/users/me/x",
        "/chat/1",
    ];
    for path in unknown {
        // Paths outside all prefixes belong to the web UI.
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        if path.starts_with("/api") {
            answer.fails(404, "not_found");
        }
    }
    nobody.post("/api/nothing", "{broken").await.fails(404, "not_found");
    let room = "/api/chatrooms/1";
    let known: [(&str, &[&str]); 16] = [
        ("/api/users", &["GET", "POST"]),
        ("/api/users/me", &["GET", "PATCH", "DELETE"]),
        ("/api/users/ann", &["GET"]),
        ("/api/login", &["POST"]),
        ("/api/logout", &["POST"]),
        ("/api/refresh", &["POST"]),
        ("/api/chatrooms", &["GET", "POST"]),
        (room, &["GET", "DELETE", "PATCH"]),
        ("/api/chatrooms/1/name", &["PATCH"]),
        ("/api/chatrooms/1/join", &["POST"]),
        ("/api/chatrooms/1/connect", &["POST"]),
        ("/api/chatrooms/1/participants", &["POST"]),
        ("/api/chatrooms/1/participants/ann", &["DELETE"]),
        ("/api/chatrooms/1/messages", &["GET", "POST"]),
        ("/api/chatrooms/1/messages/msg1/read", &["POST"]),
        ("/chat", &["GET"]),
    ];
    for (path, methods) in known {
        for method in ["PUT", "TRACE", "GET", "POST", "PATCH", "DELETE", "OPTIONS"] {
            if methods.contains(&method) {
                continue;
            }
            let method = method.parse::<Method>().expect("a method");
            let answer = nobody.request(method, path, Body::Nothing).await;
            answer.fails(405, "method_not_allowed");
            let mut allowed: Vec<_> = answer
                .header("allow")
                .split(',')
                .map(str::trim)
                .filter(|name| *name != "HEAD")
                .collect();
            allowed.sort_unstable();
            let mut wanted = methods.to_vec();
            wanted.sort_unstable();
            assert_eq!(allowed, wanted, "{path}");
        }
    }
}

#[tokio::test]
async fn a_trailing_slash_and_the_content_type_make_no_difference() {
    let stage = Stage::new().await;
    stage.ann.get("/api/users/me/").await.is(200);
    stage.ann.get("/api/chatrooms/?scope=mine").await.is(200);
    for kind in ["text/plain", "application/xml", "application/vnd.x+json", "nonsense"] {
        stage
            .ann
            .with("content-type", kind)
            .post(&format!("/api/chatrooms/{}/messages/", stage.room), r#"{"content":"x"}"#)
            .await
            .is(201);
    }
}

#[tokio::test]
async fn a_socket_route_without_an_upgrade_says_what_it_wants() {
    let stage = Stage::new().await;
    for client in [stage.ann.bare(), stage.ann.bearer(&stage.ann.token)] {
        let answer = client.get("/chat").await;
        answer.fails(426, "upgrade_required");
        assert_eq!(answer.header("upgrade").to_lowercase(), "websocket");
    }
}

#[tokio::test]
async fn ids_in_paths_are_decoded_once_and_never_believed() {
    let stage = Stage::new().await;
    let room = &stage.room;
    let answer = stage.ann.get("/api/users/%61nn").await;
    assert_eq!(answer.is(200)["userId"], "ann");
    for path in ["/api/users/%2561nn", "/api/users/%00", "/api/users/a%2Fb", "/api/users/%20"] {
        stage.ann.get(path).await.fails(404, "user_not_found");
    }
    let hard = [
        "msg0",
        "msg",
        "x",
        "0",
        "-1",
        "msg-1",
        "msg99999999999999999999999999",
        "msg1%00",
        "%FF",
        "msg1e3",
        "'%20OR%201=1--",
    ];
    for id in hard {
        stage
            .ann
            .patch(&format!("/api/chatrooms/{room}/messages/{id}"), json!({"newContent": "x"}))
            .await
            .fails(404, "message_not_found");
    }
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let health = client.get("/health").await.is(200);
    assert_eq!(
        (&health["status"], &health["store"], &health["bus"]),
        (&json!("ok"), &json!("ok"), &json!("ok"))
    );
    assert!(health["server"].as_str().is_some_and(|id| !id.is_empty()), "{health}");
    client.get("/health?live").await.is(200);
    assert_eq!(client.request(Method::HEAD, "/health", Body::Nothing).await.status, 200);
    assert_eq!(client.post("/health", "").await.status, 405);
}
