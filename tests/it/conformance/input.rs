//! Invalid input, the same in every dialect: each refuses it with its own documented error, and
//! nothing is stored.

use reqwest::Method;
use serde_json::json;

use super::{Actor, Dialect, as_native, chatrooms, dialects};
use crate::support::{Answer, Body, Client, Json, Server, number};

/// A fault of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault<'a> {
    /// The body is not a JSON object.
    Malformed,
    /// This field of the body is missing or has a wrong type.
    Mistyped(&'a str),
    /// The body is over the limit.
    TooLarge,
    /// The path does not exist.
    UnknownPath,
    /// The path exists for other methods.
    WrongMethod,
    /// Not an id of a room.
    NoRoom(&'a str),
    /// A private room of other users.
    ForeignRoom,
    /// A page of another origin sends a request with its visitor's cookie.
    ForeignOrigin,
}

/// A route with a body. `{}` in the path is a room.
pub(super) struct Taking {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// A valid body; each of its fields is required, or has a type of its own.
    pub(super) body: Json,
}

/// A request for a room.
pub(super) enum OfRoom {
    Request(Method, &'static str, Json),
    Handshake(&'static str),
}

/// Inputs accepted by a dialect.
pub(super) struct Input {
    pub(super) taking: Vec<Taking>,
    pub(super) of_rooms: Vec<OfRoom>,
    /// Unknown paths.
    pub(super) unknown: &'static [&'static str],
    /// All paths, with their methods in alphabetical order.
    pub(super) known: &'static [(&'static str, &'static [&'static str])],
}

impl Input {
    /// A route with a body.
    pub(super) fn taking(method: Method, path: &'static str, body: Json) -> Taking {
        Taking { method, path, body }
    }

    /// A route of a room, without a body.
    pub(super) fn of_room(method: Method, path: &'static str) -> OfRoom {
        OfRoom::Request(method, path, json!({}))
    }
}

/// Bodies that are not JSON, or not objects.
const BROKEN: [&[u8]; 13] = [
    b"{",
    b"}",
    b"nonsense",
    b"[]",
    b"7",
    b"\"x\"",
    b"null",
    b"true",
    b"{} {}",
    b"{\"name\":\"\\ud800\",\"content\":\"\\ud800\"}",
    b"{\"name\":\"\xff\"}",
    b"\xff\xfe",
    b"\xef\xbb\xbf\xef\xbb\xbf{}",
];
/// Invalid ids of rooms in a path.
const NO_IDS: [&str; 17] = [
    "0",
    "-1",
    "+1",
    "x",
    "1x",
    "1.5",
    "1e3",
    "0x1",
    "999",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999",
    "%00",
    "%20",
    "%FF",
    "1%2F",
    "%2F1",
];

struct Stage {
    server: Server,
    actor: Box<dyn Actor>,
    client: Client,
    /// A room the user is in.
    room: i64,
    /// A room the user is not in.
    foreign: i64,
    owner: Client,
}

impl Stage {
    async fn new(dialect: &dyn Dialect) -> Self {
        let server =
            Server::start_with(&[("LIMITS__MAX_BODY_BYTES", "4096"), ("LIMITS__ENABLED", "false")])
                .await;
        let actor = dialect.enrol(&server, "ann").await;
        let client =
            dialect.carry(&Client::new(&server), &actor.credential()).expect("its own credential");
        let owner = chatrooms::Chatrooms.enrol(&server, "owner").await;
        let owner = as_native(&server, &owner.credential());
        let mut rooms = Vec::new();
        for people in [json!(["ann"]), json!([])] {
            let room = owner.post("/api/chatrooms", json!({"targetUserIds": people})).await.is(201);
            rooms.push(number(room["roomId"].as_str().expect("a key")));
        }
        Self { server, actor, client, room: rooms[0], foreign: rooms[1], owner }
    }

    /// Returns everything that could have been stored: rooms with their revs, users, sessions.
    async fn stored(&self) -> Vec<Json> {
        let own = as_native(&self.server, &self.actor.credential());
        let mut all = Vec::new();
        for client in [&own, &self.owner] {
            for path in [
                "/api/chatrooms",
                "/api/chatrooms?scope=public",
                "/api/users?q=n&limit=50",
                "/api/users/me",
            ] {
                all.push(client.get(path).await.is(200));
            }
            all.push(json!(
                client.get("/api/sessions").await.is(200)["sessions"].as_array().map(Vec::len)
            ));
        }
        all
    }

    async fn ask(&self, what: &OfRoom, room: &str) -> Answer {
        match what {
            OfRoom::Request(method, path, body) => {
                let body =
                    if *method == Method::GET { Body::Nothing } else { Body::Json(body.clone()) };
                self.client.request(method.clone(), &path.replace("{}", room), body).await
            }
            OfRoom::Handshake(path) => self.client.handshake(&path.replace("{}", room)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_alike_in_every_dialect() {
    for dialect in dialects() {
        let stage = Stage::new(dialect.as_ref()).await;
        let before = stage.stored().await;
        let Input { taking, of_rooms, unknown, known } = dialect.input();
        bodies(dialect.as_ref(), &stage, &taking).await;
        for what in &of_rooms {
            for id in NO_IDS {
                dialect.refuses(&stage.ask(what, id).await, Fault::NoRoom(id));
            }
            dialect.refuses(&stage.ask(what, &stage.foreign.to_string()).await, Fault::ForeignRoom);
        }
        let anybody = Client::new(&stage.server);
        for path in unknown {
            for client in [&stage.client, &anybody] {
                dialect.refuses(&client.get(path).await, Fault::UnknownPath);
                dialect.refuses(&client.post(path, "{broken").await, Fault::UnknownPath);
            }
        }
        for (path, methods) in known {
            methods_of(dialect.as_ref(), &anybody, &path.replace("{}", "1"), methods).await;
        }
        assert_eq!(stage.stored().await, before, "{} has stored something", dialect.name());
    }
}

async fn bodies(dialect: &dyn Dialect, stage: &Stage, taking: &[Taking]) {
    for Taking { method, path, body } in taking {
        let path = path.replace("{}", &stage.room.to_string());
        let ask = |body: Body| stage.client.request(method.clone(), &path, body);
        dialect.refuses(&ask(Body::Nothing).await, Fault::Malformed);
        for broken in BROKEN {
            dialect.refuses(&ask(Body::Raw(broken.to_vec())).await, Fault::Malformed);
        }
        for key in body.as_object().expect("an object").keys() {
            let wrong = [json!({"a": 1}), json!([[]]), json!(-7.5), json!(true)];
            for wrong in
                wrong.into_iter().filter(|wrong| !(wrong.is_boolean() && body[key].is_boolean()))
            {
                let mut mistyped = body.clone();
                mistyped[key] = wrong;
                dialect.refuses(&ask(Body::Json(mistyped)).await, Fault::Mistyped(key));
            }
            let mut less = body.clone();
            less.as_object_mut().expect("an object").remove(key);
            dialect.refuses(&ask(Body::Json(less)).await, Fault::Mistyped(key));
        }
        let mut padded = body.to_string().into_bytes();
        padded.resize(4097, b' ');
        dialect.refuses(&ask(Body::Raw(padded.clone())).await, Fault::TooLarge);
        dialect.refuses(&ask(Body::Chunked(padded)).await, Fault::TooLarge);
    }
}

async fn methods_of(dialect: &dyn Dialect, client: &Client, path: &str, methods: &[&str]) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "INVENTED"]
        .into_iter()
        .filter(|method| !methods.contains(method))
    {
        let answer =
            client.request(method.parse::<Method>().expect("a method"), path, Body::Nothing).await;
        dialect.refuses(&answer, Fault::WrongMethod);
        let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{path}");
    }
}
