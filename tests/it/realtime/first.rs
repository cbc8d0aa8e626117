//! The first frame: who is accepted, who is refused, and what applies before.

use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Json, Person, Realtime, Server, Socket, number, status};

/// Fails unless the first frame is refused and the socket closed.
async fn is_turned_away(mut socket: Socket) {
    assert_eq!(socket.next().await, status(false));
    assert_eq!(socket.closed().await, 1008);
    assert_eq!(socket.unread().count(), 0);
}

/// Sends this frame on a new socket.
async fn show(client: &Client, frame: &Json) -> Socket {
    let mut socket = client.bare().socket("guest", "/").await;
    socket.send(frame.clone()).await;
    socket
}

#[tokio::test]
async fn a_token_opens_one_socket_in_its_room() {
    let server = Server::start().await;
    let (ann, ben) = (Realtime::new(&server, "ann").await, Realtime::new(&server, "ben").await);
    let (lobby, lounge) = (ann.room("Lobby").await, ann.room("Lounge").await);
    let token = ben.token(lobby).await;
    let mut socket = show(&ben, &json!({"token": token, "room": lounge, "more": [1]})).await;
    assert_eq!(socket.next().await, status(true));
    is_turned_away(show(&ben, &json!({"token": token})).await).await;
    socket.send(json!({"msg": "in the lobby"})).await;
    assert_eq!(socket.next().await, status(true));
    let history = ben.get(&format!("/api/chatrooms/{lobby}/messages")).await.is(200);
    assert_eq!(
        (&history["messages"][0]["content"], &history["messages"][0]["userId"]),
        (&json!("in the lobby"), &json!("ben"))
    );
    // A second token frame is not a message.
    socket.send(json!({"token": ben.token(lounge).await})).await;
    assert_eq!(socket.next().await, status(false));
    // Digits in either case are the same number.
    let shouted = ben.token(lounge).await.to_uppercase();
    assert_eq!(show(&ben, &json!({"token": shouted})).await.next().await, status(true));
}

#[tokio::test]
async fn whoever_takes_it_first_has_it() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let frame = json!({"token": ann.token(room).await});
    let takers = futures_util::future::join_all((0..8).map(|_| async {
        let mut socket = show(&ann, &frame).await;
        socket.next().await["status"] == true
    }));
    assert_eq!(takers.await.into_iter().filter(|taken| *taken).count(), 1);
}

#[tokio::test]
async fn a_token_dies_with_its_session() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let second = Realtime::log_in(&ann, "ann", &ann.password).await;
    let room = ann.room("Lobby").await;
    let (dead, alive) = (ann.token(room).await, second.token(room).await);
    ann.post("/Logout", "").await.is(200);
    is_turned_away(show(&ann, &json!({"token": dead})).await).await;
    assert_eq!(show(&ann, &json!({"token": alive})).await.next().await, status(true));
}

#[tokio::test]
async fn a_token_is_worth_nothing_where_its_user_may_no_longer_enter() {
    let server = Server::start().await;
    let owner = Person::new(&server, "ann").await;
    let ben = Realtime::new(&server, "ben").await;
    let private =
        owner.post("/api/chatrooms", json!({"targetUserIds": ["ben"]})).await.is(201)["roomId"]
            .as_str()
            .expect("a text")
            .to_owned();
    let public = number(&owner.public_room("Lobby").await);
    let (removed, gone) = (ben.token(number(&private)).await, ben.token(public).await);
    owner.delete(&format!("/api/chatrooms/{private}/participants/ben")).await.is(204);
    owner.delete(&format!("/api/chatrooms/{public}")).await.is(204);
    for token in [removed, gone] {
        is_turned_away(show(&ben, &json!({"token": token})).await).await;
    }
}

#[tokio::test]
async fn any_other_first_frame_is_turned_away() {
    let server = Server::start().await;
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let token = ann.token(room).await;
    let bad = [
        String::new(),
        "nonsense".to_owned(),
        "{".to_owned(),
        token.clone(),
        format!("[\"{token}\"]"),
        json!({"msg": "hi"}).to_string(),
    ];
    let worse = [
        json!({}),
        json!({"token": null}),
        json!({"token": 7}),
        json!({"token": [token]}),
        json!({"Token": token}),
        json!({"token": &token[1..]}),
    ];
    let unknown = [
        json!({"token": ""}),
        json!({"token": "0".repeat(40)}),
        json!({"token": ann.session}),
        json!({"token": format!("{token}0")}),
    ];
    let frames = bad
        .into_iter()
        .chain(worse.iter().chain(&unknown).map(Json::to_string))
        .chain([format!("{{\"token\":\"{token}\"}} x")]);
    for frame in frames {
        // A cookie is not a token.
        let mut socket = ann.socket("ann", "/").await;
        socket.send_text(&frame).await;
        is_turned_away(socket).await;
    }
    assert_eq!(
        show(&ann, &json!({"token": token})).await.next().await,
        status(true),
        "nothing of that has used it"
    );
    server.wait_for_log(&["ERROR", "Authentication failed: the room token"]).await;
    let log = server.output().join("\n");
    assert!(!log.contains(&token), "tokens are not logged");
}

#[tokio::test]
async fn who_says_nothing_in_time_is_turned_away() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let mut socket = client.socket("guest", "/").await;
    // A binary frame is not a first frame.
    socket.send_message(Message::binary(b"{}".to_vec())).await;
    socket.send_message(Message::Ping(b"here".to_vec().into())).await;
    is_turned_away(socket).await;
}

#[tokio::test]
async fn frames_have_their_limit_before_anybody_is_known() {
    let server = Server::start_with(&[("LIMITS__MAX_FRAME_BYTES", "200")]).await;
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let token = ann.token(room).await;
    let mut large = show(&ann, &json!({"token": token, "more": "x".repeat(200)})).await;
    assert_eq!(large.closed().await, 1009);
    assert_eq!(large.unread().count(), 0);
    let mut broken = ann.knock().await;
    broken.send_message(Message::Close(None)).await;
    assert_eq!(broken.closed().await, 1005);
}

#[tokio::test]
async fn connections_that_have_shown_nothing_count_like_others() {
    let server = Server::start_with(&[("LIMITS__MAX_CONNECTIONS", "2")]).await;
    let client = Client::new(&server);
    let (_first, _second) = (client.socket("first", "/").await, client.socket("second", "/").await);
    let third = TcpStream::connect(server.address()).await.expect("somebody listens");
    assert!(
        client_async(format!("ws://{}/", server.address()), third).await.is_err(),
        "one too many"
    );
}

#[tokio::test]
async fn sockets_of_one_user_are_counted() {
    let server = Server::start_with(&[("LIMITS__MAX_SOCKETS_PER_USER", "2")]).await;
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    let (first, _second) = (ann.open(room).await, ann.open(room).await);
    is_turned_away(show(&ann, &json!({"token": ann.token(room).await})).await).await;
    first.close().await;
    ann.open(room).await;
}

#[tokio::test]
async fn a_handshake_on_the_root_is_this_dialects_and_the_rest_is_the_page() {
    let server = Server::start_with(&[("SERVER__LISTEN", "127.0.0.1:0,127.0.0.1:0")]).await;
    let addresses = server.addresses().await;
    assert_eq!(addresses.len(), 2);
    let ann = Realtime::new(&server, "ann").await;
    let room = ann.room("Lobby").await;
    for address in &addresses {
        let there = Client::at(address);
        let page = there.get("/").await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        let upgrade = there.with("connection", "keep-alive, Upgrade").with("upgrade", "WebSocket");
        // A handshake without a key cannot succeed.
        let refused = upgrade.get("/").await;
        refused.fails_realtime(426);
        assert_eq!(refused.header("upgrade"), "websocket");
        assert_eq!(upgrade.get("/nothing").await.status, 404);
        let mut socket = there.socket("ann", "/?anything=1").await;
        socket.send(json!({"token": ann.token(room).await})).await;
        assert_eq!(socket.next().await, status(true));
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_guests() {
    let mut server = Server::start().await;
    let mut guest = Client::new(&server).socket("guest", "/").await;
    server.ask_to_stop();
    assert_eq!(guest.closed().await, 1001);
    assert!(server.exit().await.success());
}
