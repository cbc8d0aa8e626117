//! Common to all dialects: carriers, origins, names, limits.

use reqwest::Method;
use serde_json::json;

use super::input::{Fault, Taking};
use super::{Credential, Talker, as_native, dialects, talking};
use crate::support::{Body, Chats, Client, Person, Realtime, Rooms, Server, V1, number};

const APP: &str = "https://app.example";
const EVIL: &str = "http://evil.example";

/// Sends the credential in a cookie that may carry it.
fn as_cookie(client: &Client, credential: &Credential) -> Client {
    client.bare().with(
        "cookie",
        &match credential {
            Credential::Token(token) => format!("auth_token={token}"),
            Credential::SessionId(id) => format!("session={id}"),
        },
    )
}

#[tokio::test]
async fn the_first_carrier_decides_in_every_dialect() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let session = V1::new(&server, "ann").await.session;
    for dialect in dialects() {
        let path = dialect.whoami();
        let good = client.with("cookie", &format!("chat_session={session}"));
        good.get(path).await.is(200);
        good.with("authorization", "Basic YTpi").get(path).await.is(200);
        client
            .with("x-session-id", &session)
            .with("cookie", "session=nonsense; jwt_token=nonsense")
            .get(path)
            .await
            .is(200);
        let (status, body) = dialect.unauthorized();
        for worse in
            [good.with("authorization", "Bearer nonsense"), good.with("x-session-id", "nonsense")]
        {
            assert_eq!(worse.get(path).await.is(status), body, "{}", dialect.name());
        }
        // A session in the URL only counts on handshakes.
        let query = format!("{path}?session_id={session}");
        assert!(matches!(client.get(&query).await.status, 400 | 401 | 403), "{query}");
    }
    // Its own cookie has priority over those of others.
    for (path, own, other) in
        [("/rooms", "session", "chat_session"), ("/Room", "chat_session", "session")]
    {
        client
            .with("cookie", &format!("{other}=nonsense; {own}={session}"))
            .get(path)
            .await
            .is(200);
        client
            .with("cookie", &format!("{other}={session}; {own}=nonsense"))
            .get(path)
            .await
            .is_text(401);
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out_of_every_dialect() {
    for dialect in dialects() {
        let server = Server::start_with(&[("SERVER__ALLOWED_ORIGINS", APP)]).await;
        let actor = dialect.enrol(&server, "ann").await;
        let native = as_native(&server, &actor.credential());
        let room = native.post("/api/chatrooms", json!({"targetUserIds": []})).await.is(201);
        let room = number(room["roomId"].as_str().expect("a key"));
        let page = as_cookie(&Client::new(&server), &actor.credential());
        let Taking { method, path, body } =
            dialect.input().taking.pop().expect("a route that takes a body");
        let path = path.replace("{}", &room.to_string());

        let refused = page.with("origin", EVIL).request(method.clone(), &path, body.clone()).await;
        dialect.refuses(&refused, Fault::ForeignOrigin);
        let preflight = |origin: &str| {
            page.bare()
                .with("origin", origin)
                .with("access-control-request-method", method.as_str())
        };
        dialect.refuses(
            &preflight(EVIL).request(Method::OPTIONS, &path, Body::Nothing).await,
            Fault::WrongMethod,
        );

        let allowed = preflight(APP).request(Method::OPTIONS, &path, Body::Nothing).await;
        assert_eq!((allowed.status, allowed.text.as_str()), (204, ""), "{}", dialect.name());
        assert!(
            allowed.header("access-control-allow-methods").contains(method.as_str()),
            "{:?}",
            allowed.headers
        );
        let done = page.with("origin", APP).request(method.clone(), &path, body).await;
        assert!((200..300).contains(&done.status), "{done:?}");
        for answer in [allowed, done] {
            let told = (
                answer.header("access-control-allow-origin"),
                answer.header("access-control-allow-credentials"),
            );
            assert_eq!(told, (APP, "true"), "{}", dialect.name());
        }
    }
}

#[tokio::test]
async fn the_name_of_a_public_room_is_taken_in_every_dialect() {
    let server = Server::start().await;
    let native = Person::new(&server, "ann").await;
    let (rooms, realtime) = (Rooms::new(&server, "ben").await, Realtime::new(&server, "cyd").await);
    let editor = Chats::log_in(&native, "ann", &native.password).await;
    native.public_room("Native").await;
    rooms.room("Rooms").await;
    realtime.room("Realtime").await;
    let other = native.public_room("Other").await;
    for name in ["native", "ROOMS", "Realtime"] {
        native
            .post(
                "/api/chatrooms",
                json!({"targetUserIds": [], "name": name, "visibility": "public"}),
            )
            .await
            .fails(409, "already_exists");
        native
            .patch(&format!("/api/chatrooms/{other}/name"), json!({"name": name}))
            .await
            .fails(409, "already_exists");
        rooms.post("/rooms", json!({"name": name})).await.fails_rooms(400, "AlreadyExist");
        realtime.post("/Room", json!({"name": name})).await.fails_realtime(409);
        editor
            .patch(&format!("/chats/{}", number(&other)), json!({"name": name}))
            .await
            .fails_chats(400, "Invalid name");
        // Names of private rooms are not unique.
        editor.chat(name, &[native.id]).await;
    }
    assert_eq!(native.see(&other).await["name"], "Other");
    assert_eq!(
        rooms.get("/rooms").await.is(200).as_array().map(Vec::len),
        Some(4),
        "nothing of it is stored"
    );
}

#[tokio::test]
async fn sockets_of_one_user_are_counted_over_all_dialects() {
    let server = Server::start_with(&[("LIMITS__MAX_SOCKETS_PER_USER", "3")]).await;
    let ann = Rooms::new(&server, "ann").await;
    let v1 = V1::log_in(&ann, "ann", &ann.password).await;
    let room = ann.room("Lounge").await;
    let chat = format!("/v1/rooms/{}/chat", number(&room));
    let _open = (
        ann.open(&room).await,
        v1.open(number(&room)).await,
        ann.native().socket("ann", "/chat").await,
    );
    ann.handshake(&format!("/rooms/{room}")).await.fails_rooms(429, "TooManyRequests");
    v1.handshake(&chat).await.fails_v1(429, "rate_limited");
    let native = ann.native().handshake("/chat").await;
    native.fails(429, "rate_limited");
    assert!(
        native.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
        "{:?}",
        native.headers
    );
    let ben = V1::new(&server, "ben").await;
    assert_eq!(ben.handshake(&chat).await.status, 101);
}

/// In each dialect, one user does not read and another one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_too_slowly_is_closed_in_every_dialect_and_delays_nobody() {
    /// Far more than the network buffers.
    const MOST: usize = 20_000;
    let server = Server::start_with(&[
        ("LIMITS__ENABLED", "false"),
        ("LIMITS__SOCKET_QUEUE", "32"),
        ("LIMITS__BACKLOG_BYTES", "1MiB"),
    ])
    .await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Lounge").await;
    let mut reading = ann.enter(&room).await;
    let mut slow: Vec<Box<dyn Talker>> = Vec::new();
    for dialect in talking() {
        let mut talker = dialect.enrol_talker(&server, &format!("slow-{}", dialect.name())).await;
        talker.enter(number(&room)).await;
        slow.push(talker);
    }
    let (client, text) = (Client::new(&server), "\u{1f634}".repeat(4000));
    let mut said = 0;
    let closed = async |client: &Client| {
        let counted = client.get("/metrics").await.text;
        talking()
            .iter()
            .filter(|dialect| {
                counted.contains(&format!(
                    "chatctl_closes_total{{dialect=\"{}\",code=\"1013\"}} 1",
                    dialect.name()
                ))
            })
            .count()
    };
    while closed(&client).await < slow.len() {
        assert!(said < MOST, "nobody is found too slow");
        for _ in 0..50 {
            reading.say(&text).await;
            reading.hears(&text).await;
            said += 1;
        }
    }
    for talker in &mut slow {
        assert_eq!(talker.is_closed().await, 1013, "{}", talker.login());
    }
    reading.say("still here").await;
    reading.hears("still here").await;
}

/// In each dialect, one user does not read for a while, and then everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_late_hears_everything_while_the_server_has_memory() {
    /// More than the network buffers and a queue of 32 frames hold.
    const MESSAGES: usize = 400;
    let server =
        Server::start_with(&[("LIMITS__ENABLED", "false"), ("LIMITS__SOCKET_QUEUE", "32")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Lounge").await;
    let mut reading = ann.enter(&room).await;
    let mut late: Vec<Box<dyn Talker>> = Vec::new();
    for dialect in talking() {
        let mut talker = dialect.enrol_talker(&server, &format!("late-{}", dialect.name())).await;
        talker.enter(number(&room)).await;
        late.push(talker);
    }
    let long = "\u{1f634}".repeat(3900);
    for n in 0..MESSAGES {
        let text = format!("{n} {long}");
        reading.say(&text).await;
        reading.hears(&text).await;
    }
    for talker in &mut late {
        for n in 0..MESSAGES {
            talker.hears_until(&format!("{n} {long}")).await;
        }
    }
}

/// The room closes as soon as the last socket has left, so that every other entry meets a closing
/// room.
#[tokio::test]
async fn whoever_enters_one_room_waits_until_it_is_no_longer_closing() {
    let server =
        Server::start_with(&[("ROOMS__IDLE_TIMEOUT_SECONDS", "0"), ("LIMITS__ENABLED", "false")])
            .await;
    let ann = Person::new(&server, "ann").await;
    let room = number(&ann.public_room("Lounge").await);
    for dialect in talking().into_iter().filter(|dialect| dialect.name() != "chatrooms") {
        let mut talker = dialect.enrol_talker(&server, &format!("hasty-{}", dialect.name())).await;
        for _ in 0..20 {
            talker.enter(room).await;
        }
    }
}
