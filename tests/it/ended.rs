//! Ended sessions: whatever arrives with their end, or after it, has no effect.

use futures_util::future::{join, join_all};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::{Json, PATIENCE, Person, Realtime, Rooms, Server, V1, number, people};

/// An accepted request whose body has not arrived yet.
struct Begun(TcpStream);

impl Begun {
    /// Sends the header and waits until the server requests the body: the caller has been
    /// authenticated by then.
    async fn new(server: &Server, token: &str, method: &str, path: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.expect("somebody listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \
             {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: \
             100-continue\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("it is read");
        let mut asked = [0; 25];
        timeout(PATIENCE, stream.read_exact(&mut asked))
            .await
            .expect("in time")
            .expect("an interim answer");
        assert_eq!(
            &asked,
            b"HTTP/1.1 100 Continue\r\n\r\n",
            "{method} {path}: {}",
            String::from_utf8_lossy(&asked)
        );
        Self(stream)
    }

    /// Sends the body; returns status and body of the response.
    async fn end(mut self, body: &str) -> (u16, String) {
        self.0.write_all(body.as_bytes()).await.expect("it is read");
        let mut answer = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut answer))
            .await
            .expect("in time")
            .expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status =
            answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").expect("a body").1.to_owned())
    }
}

#[tokio::test]
async fn a_body_that_arrives_after_the_log_out_does_nothing_in_any_dialect() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.public_room("Lobby").await;
    let message = ann.say_all(&room, &["first"]).await.remove(0);
    let (users, rooms, messages) = (
        ann.get("/api/users/me").await.is(200),
        ann.get("/api/chatrooms").await.is(200),
        ann.contents(&room).await,
    );
    let here = format!("/api/chatrooms/{room}");
    let requests = [
        ("POST", format!("{here}/messages"), r#"{"content":"too late"}"#),
        ("PATCH", format!("{here}/messages/{message}"), r#"{"newContent":"too late"}"#),
        ("POST", format!("{here}/messages/{message}/reactions"), r#"{"reactionType":"like"}"#),
        ("POST", format!("{here}/participants"), r#"{"userId":"ben"}"#),
        ("PATCH", format!("{here}/name"), r#"{"name":"Late"}"#),
        ("PATCH", "/api/users/me".to_owned(), r#"{"name":"Late"}"#),
        ("POST", "/api/chatrooms".to_owned(), r#"{"targetUserIds":["ben"],"name":"Late"}"#),
        ("POST", "/api/media?fileName=late.txt".to_owned(), "the bytes of a file"),
        ("POST", "/rooms".to_owned(), r#"{"name":"Late"}"#),
        ("POST", "/v1/rooms".to_owned(), r#"{"users":[]}"#),
        ("POST", "/Room".to_owned(), r#"{"name":"Late"}"#),
        ("POST", "/chats".to_owned(), r#"{"name":"Late","userIds":[1,2]}"#),
    ];
    for (method, path, body) in &requests {
        let session = ann.again().await;
        let begun = Begun::new(&server, &session.token, method, path, body).await;
        session.post("/api/logout", json!({})).await.is(204);
        let late = begun.end(body).await;
        let dead = session.request(method.parse().expect("a method"), path, *body).await;
        assert_eq!(late, (dead.status, dead.text.clone()), "{method} {path}");
        assert!(dead.status >= 400, "{method} {path}: {}", dead.status);
    }
    assert_eq!(ann.get("/api/users/me").await.is(200), users);
    assert_eq!(ann.get("/api/chatrooms").await.is(200), rooms);
    assert_eq!(ann.contents(&room).await, messages);
    // The same body without a log-out has its effect.
    let session = ann.again().await;
    let (method, path, body) = &requests[0];
    assert_eq!(
        Begun::new(&server, &session.token, method, path, body).await.end(body).await.0,
        201
    );
    drop(ben);
}

#[tokio::test]
async fn a_token_that_is_used_as_its_session_ends_is_dead_afterwards() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    for round in 0..25 {
        let session = ann.again().await;
        let asking = join_all((0..12).map(|_| session.get("/api/users/me")));
        let ending = async {
            for _ in 0..round % 5 {
                tokio::task::yield_now().await;
            }
            session.post("/api/logout", json!({})).await
        };
        join(asking, ending).await.1.is(204);
        session.get("/api/users/me").await.fails(401, "invalid_token");
    }
}

/// Opens a socket, if accepted; returns its close code.
async fn close_of(server: &Server, token: &str, path: &str, first: Option<Json>) -> Option<u16> {
    let mut request =
        format!("ws://{}{path}", server.address()).into_client_request().expect("an address");
    request
        .headers_mut()
        .insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let stream = TcpStream::connect(server.address()).await.expect("somebody listens");
    let (mut socket, _) = client_async(request, stream).await.ok()?;
    if let Some(first) = first {
        socket.send(Message::text(first.to_string())).await.ok()?;
    }
    let closed = async {
        while let Some(message) = socket.next().await {
            if let Ok(Message::Close(Some(close))) = message {
                return u16::from(close.code);
            }
        }
        0
    };
    Some(
        timeout(PATIENCE, closed)
            .await
            .unwrap_or_else(|_| panic!("{path}: the socket stayed open")),
    )
}

#[tokio::test]
async fn a_socket_that_opens_as_its_session_ends_is_closed() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = number(&ann.public_room("Lobby").await);
    for round in 0..10 {
        for path in
            ["/chat".to_owned(), format!("/v1/rooms/{room}/chat"), format!("/rooms/room{room:03}")]
        {
            let session = ann.again().await;
            let opening = join_all((0..6).map(|_| close_of(&server, &session.token, &path, None)));
            let ending = async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                session.post("/api/logout", json!({})).await
            };
            let (codes, ended) = join(opening, ending).await;
            ended.is(204);
            assert!(codes.iter().flatten().all(|code| *code == 4401), "{path}: {codes:?}");
        }
    }
}

#[tokio::test]
async fn a_log_out_is_never_too_much() {
    let server = Server::start_with(&[("LIMITS__REQUESTS_PER_MINUTE_PER_USER", "3")]).await;
    let ann = Person::new(&server, "ann").await;
    let (native, rooms, v1, realtime) = (
        ann.again().await,
        Rooms::log_in(&ann, "ann", &ann.password).await,
        V1::log_in(&ann, "ann", &ann.password).await,
        Realtime::log_in(&ann, "ann", &ann.password).await,
    );
    while ann.get("/api/users/me").await.status == 200 {}
    ann.get("/api/users/me").await.fails(429, "rate_limited");
    native.post("/api/logout", json!({})).await.is(204);
    assert_eq!(rooms.delete("/logout").await.status, 204);
    assert_eq!(v1.post("/v1/logout", json!({})).await.status, 200);
    assert_eq!(realtime.post("/Logout", "").await.is(200), json!({"status": true}));
}
