//! Tests the loop without a network: at times no client can choose, and with simulated time.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{DuplexStream, duplex};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::first::PendingSocket;
use super::metered::Metered;
use super::queued::Queued;
use super::run::{Entry, Loop, Times};
use super::{Sockets, Stream, voice};
use crate::api::SocketDialect;
use crate::api::chatrooms::{Chatrooms, State};
use crate::api::realtime::Realtime;
use crate::api::rooms::Rooms;
use crate::api::v1::V1;
use crate::chat::Authenticated;
use crate::chat::world::World;
use crate::config::Config;
use crate::live::CloseReason;
use crate::model::{Client, RoomId, Session};

const TIMES: Times = Times { heartbeat: Duration::from_secs(30) };

type Near = WebSocketStream<DuplexStream>;

async fn pair() -> (Stream<DuplexStream>, Near) {
    let (near, far) = duplex(64 * 1024);
    let near = Metered::new(Queued::new(near), Config::default().limits.max_frame_bytes);
    (
        WebSocketStream::from_raw_socket(near, Role::Server, None).await,
        WebSocketStream::from_raw_socket(far, Role::Client, None).await,
    )
}

fn who(session: &Session) -> Authenticated {
    Authenticated { session: session.clone(), token_expires: None }
}

/// Returns the frames of a client whose session ends between the check of its credential and the
/// registration of its socket.
async fn ended_before_it_was_registered<D: SocketDialect>(
    world: &World,
    session: &Session,
    state: D::State,
    room: Option<RoomId>,
) -> Vec<Message> {
    let (server, client) = pair().await;
    world.chat.log_out(session).await.unwrap();
    let connection = world.chat.open(who(session), voice::<D>()).unwrap();
    let entry = room.map(|room| Entry { room, refused: CloseReason::Normal });
    let member = Sockets::default().join();
    let ((), heard) = tokio::join!(
        Loop::<D, _>::new(server, connection, state, TIMES, member).run(&world.chat, entry),
        client.filter_map(async |message| message.ok()).collect::<Vec<_>>()
    );
    heard
}

#[tokio::test]
async fn a_socket_whose_session_ended_before_it_was_registered_is_closed_in_every_dialect() {
    let world = World::new(&Config::default()).await;
    let ann = world.user("ann").await;
    let room = world.room(&ann, &[]).await;
    let again = async || {
        world.chat.log_in("ann", "correct horse", None, &Client::default()).await.unwrap().session
    };
    let state = State { login: "ann".to_owned() };
    let heard = [
        ended_before_it_was_registered::<Chatrooms>(&world, &again().await, state, None).await,
        ended_before_it_was_registered::<Rooms>(&world, &again().await, ann.user, Some(room)).await,
        ended_before_it_was_registered::<V1>(&world, &again().await, (), Some(room)).await,
        ended_before_it_was_registered::<Realtime>(&world, &again().await, (), Some(room)).await,
    ];
    for heard in heard {
        let closed =
            matches!(&heard[..], [Message::Close(Some(close))] if u16::from(close.code) == 4401);
        assert!(closed, "{heard:?}");
    }
    assert!(
        world.chat.history(&ann, room, crate::model::Window::Latest, 10).await.unwrap().is_empty()
    );
}

/// Returns the type or error of the next text frame.
async fn next(client: &mut Near) -> String {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                return frame["type"].as_str().or(frame["error"].as_str()).unwrap().to_owned();
            }
            Message::Ping(_) | Message::Pong(_) => (),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_socket_over_its_limit_is_told_once_and_then_read_slowly() {
    let mut config = Config::default();
    // Beyond them, one per tenth of a second.
    config.limits.frames_per_minute_per_socket = 600;
    let world = World::new(&config).await;
    let ann = world.user("ann").await;
    let connection = world.chat.open(who(&ann), voice::<Chatrooms>()).unwrap();
    let (server, mut client) = pair().await;
    let (chat, member) = (world.chat.clone(), Sockets::default().join());
    let talking = tokio::spawn(async move {
        Loop::<Chatrooms, _>::new(
            server,
            connection,
            State { login: "ann".to_owned() },
            TIMES,
            member,
        )
        .run(&chat, None)
        .await;
    });
    assert_eq!(next(&mut client).await, "connection_established");
    let began = Instant::now();
    // Frames of every kind count, whatever their content.
    for frame in [
        Message::Ping("x".into()),
        Message::Pong("x".into()),
        Message::binary("x"),
        Message::text("nonsense"),
        Message::text("{}"),
    ] {
        client.send(frame).await.unwrap();
    }
    assert_eq!(
        (next(&mut client).await.as_str(), next(&mut client).await.as_str()),
        ("message_parse_error", "invalid_message_format")
    );
    let ping = || Message::text(r#"{"type":"ping"}"#);
    for _ in 5..600 {
        client.send(ping()).await.unwrap();
        assert_eq!(next(&mut client).await, "pong");
    }
    for _ in 0..4 {
        client.feed(ping()).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(next(&mut client).await, "rate_limited");
    // Later frames stay in the connection: not answered immediately, and not lost.
    for _ in 0..3 {
        assert_eq!(next(&mut client).await, "pong");
    }
    assert!(began.elapsed() >= Duration::from_millis(300));
    drop(client);
    talking.await.unwrap();
}

#[tokio::test]
async fn who_knocks_with_anything_but_a_first_frame_is_turned_away() {
    let world = World::new(&Config::default()).await;
    let (server, mut client) = pair().await;
    let guest = PendingSocket::<Realtime, _> {
        stream: server,
        client: Client::default(),
        state: (),
        times: TIMES,
        member: Sockets::default().join(),
    };
    let chat = world.chat.clone();
    let receiving = tokio::spawn(async move { guest.receive(&chat).await });
    for _ in 0..1000 {
        if client.send(Message::Ping("x".into())).await.is_err() {
            break;
        }
    }
    let close = client
        .filter_map(async |message| message.ok())
        .filter(|message| std::future::ready(message.is_close()))
        .collect::<Vec<_>>()
        .await;
    assert!(
        matches!(&close[..], [Message::Close(Some(close))] if u16::from(close.code) == 1008),
        "{close:?}"
    );
    receiving.await.unwrap();
}
