//! The same scenario in every dialect, and every dialect observed from every other.
//!
//! A dialect is a row of [`dialects`]: implementing [`Dialect`] and [`Actor`] for a new one enables
//! all of these tests. A dialect with messages also implements [`Talks`] and [`Talker`], and is a
//! row of [`talking`] too.

mod chatrooms;
mod chats;
mod deeds;
mod encodings;
mod input;
mod places;
mod realtime;
mod rooms;
mod v1;
mod world;

use std::future::Future;
use std::pin::Pin;

use serde_json::json;

use self::deeds::{Deed, Done, Scene};
use self::input::{Fault, Input};
use crate::support::{Answer, Client, Json, Server, number, status};

/// An asynchronous action.
type Act<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A field with a different value each time, and a check of its value.
type Dated = (&'static str, fn(&Json) -> bool);

/// All dialects.
fn dialects() -> Vec<Box<dyn Dialect>> {
    vec![
        Box::new(chatrooms::Chatrooms),
        Box::new(chats::Chats),
        Box::new(realtime::Realtime),
        Box::new(rooms::Rooms),
        Box::new(v1::V1),
    ]
}

/// All dialects with messages.
fn talking() -> Vec<Box<dyn Talks>> {
    vec![
        Box::new(chatrooms::Chatrooms),
        Box::new(realtime::Realtime),
        Box::new(rooms::Rooms),
        Box::new(v1::V1),
    ]
}

/// A dialect under test.
trait Dialect: Send + Sync {
    /// Name used in the documents.
    fn name(&self) -> &'static str;
    /// Creates an account and logs it in, with this dialect's requests as far as it has any.
    fn enrol<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Actor>>;
    /// Adds a credential of any dialect in the way this dialect sends it; `None` if it cannot.
    fn carry(&self, client: &Client, credential: &Credential) -> Option<Client>;
    /// A route that answers a valid credential with 200, and an invalid one with this dialect's
    /// refusal.
    fn whoami(&self) -> &'static str;
    /// Response to an invalid credential.
    fn unauthorized(&self) -> (u16, Json);
    /// Inputs accepted by its routes.
    fn input(&self) -> Input;
    /// Fails unless the request was refused as documented for this fault.
    fn refuses(&self, answer: &Answer, fault: Fault<'_>);
}

/// A dialect with messages and sockets.
trait Talks: Dialect {
    /// Like `enrol`, for a user who will post.
    fn enrol_talker<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Talker>>;
}

/// A credential and its form.
#[derive(Clone)]
enum Credential {
    Token(String),
    SessionId(String),
}

/// A logged-in user; rooms are identified by id.
trait Actor: Send {
    fn login(&self) -> &str;
    fn id(&self) -> i64;
    fn credential(&self) -> Credential;
    /// Creates a room that these users may enter, too.
    fn make_room<'a>(&'a mut self, others: &'a [&'a dyn Actor]) -> Act<'a, i64>;
    /// Fails unless the room exists with exactly these users, by login name.
    fn finds<'a>(&'a mut self, room: i64, people: &'a [&'a str]) -> Act<'a>;
    /// Fails unless the room appears as documented for a non-participant.
    fn is_shut_out(&mut self, room: i64) -> Act<'_>;
    /// Performs an action with this dialect's requests, if it has any.
    fn does<'a>(&'a mut self, room: i64, deed: &'a Deed) -> Act<'a, Done>;
    /// Fails unless this dialect's REST shows the room after the action, as far as it shows
    /// anything.
    fn sees<'a>(&'a mut self, scene: &'a Scene) -> Act<'a>;
    /// Ends the session.
    fn log_out(&mut self) -> Act<'_>;
    /// Fails unless a request with the credential is refused.
    fn is_refused(&mut self) -> Act<'_>;
}

/// A logged-in user who can post.
trait Talker: Actor {
    /// How the user is named as an author in a history of this dialect.
    fn signs(&self) -> String;
    /// Opens the socket used for posting and receiving.
    fn enter(&mut self, room: i64) -> Act<'_>;
    /// Returns the same user and session, without a socket.
    fn twin(&self) -> Box<dyn Talker>;
    /// Posts on the socket, and waits until the message is stored.
    fn post<'a>(&'a mut self, text: &'a str) -> Act<'a>;
    /// Posts on the socket without permission; fails unless it is refused in this dialect's format
    /// and the socket stays open.
    fn is_refused_to_post<'a>(&'a mut self, text: &'a str) -> Act<'a>;
    /// Waits for a message in this dialect's exact format.
    fn hears<'a>(&'a mut self, room: i64, author: (&'a str, i64), text: &'a str) -> Act<'a>;
    /// Returns the frames expected for the action, without values that differ each time.
    fn told(&self, scene: &Scene) -> Vec<Json>;
    /// Returns the next frame, without values that differ each time.
    fn next_undated(&mut self) -> Act<'_, Json>;
    /// Returns all frames before the message with this text.
    fn hears_until<'a>(&'a mut self, text: &'a str) -> Act<'a, Vec<Json>>;
    /// Fails unless the room is gone for this socket, and nothing more is received about it.
    fn is_cut_off(&mut self) -> Act<'_>;
    /// Returns the code with which the server closes the socket.
    fn is_closed(&mut self) -> Act<'_, u16>;
    /// Returns authors and texts, oldest first.
    fn history(&mut self, room: i64) -> Act<'_, Vec<(String, String)>>;
    /// Edits the newest message; false if the dialect cannot.
    fn edit<'a>(&'a mut self, room: i64, text: &'a str) -> Act<'a, bool>;
    /// Returns the number of unread messages; `None` if the dialect has none.
    fn unread(&mut self, room: i64) -> Act<'_, Option<i64>>;
    /// Marks everything as read, if the dialect can.
    fn read(&mut self, room: i64) -> Act<'_>;
    /// Fails unless the socket reports in this dialect's format that the room is lost.
    fn loses(&mut self, room: i64) -> Act<'_>;
}

/// Enters without a socket, in the native dialect: not every dialect can, and the native one
/// accepts every credential.
async fn joins(server: &Server, actor: &dyn Actor, room: i64) {
    as_native(server, &actor.credential())
        .post(&format!("/api/chatrooms/{room}/join"), json!({}))
        .await
        .is(200);
}

/// Leaves, in the native dialect.
async fn leaves(server: &Server, actor: &dyn Actor, room: i64) {
    as_native(server, &actor.credential())
        .delete(&format!("/api/chatrooms/{room}/participants/{}", actor.login()))
        .await
        .is(204);
}

/// Removes fields that differ each time; fails if one is missing or has an invalid value.
fn undated(mut frame: Json, dated: &[Dated]) -> Json {
    for (key, sound) in dated {
        assert!(sound(&frame[*key]), "{key} in {frame}");
        frame.as_object_mut().expect("an object").remove(*key);
    }
    frame
}

fn as_native(server: &Server, credential: &Credential) -> Client {
    chatrooms::Chatrooms
        .carry(&Client::new(server), credential)
        .expect("the native dialect carries every credential")
}

#[tokio::test]
async fn a_room_comes_and_goes_in_every_dialect() {
    for dialect in dialects() {
        eprintln!("in {}", dialect.name());
        let server = Server::start().await;
        let mut ann = dialect.enrol(&server, "ann").await;
        let mut ben = dialect.enrol(&server, "ben").await;
        let mut cyd = dialect.enrol(&server, "cyd").await;
        let room = ann.make_room(&[ben.as_ref()]).await;
        joins(&server, ben.as_ref(), room).await;
        ann.finds(room, &["ann", "ben"]).await;
        ben.finds(room, &["ann", "ben"]).await;
        cyd.is_shut_out(room).await;
        leaves(&server, ben.as_ref(), room).await;
        ben.is_shut_out(room).await;
        ann.finds(room, &["ann"]).await;
        ann.log_out().await;
        ann.is_refused().await;
        ben.log_out().await;
        ben.is_refused().await;
    }
}

#[tokio::test]
async fn the_same_story_happens_in_every_dialect_that_has_messages() {
    for dialect in talking() {
        eprintln!("in {}", dialect.name());
        let server = Server::start().await;
        tell(dialect.as_ref(), &server).await;
    }
}

async fn tell(dialect: &dyn Talks, server: &Server) {
    let mut ann = dialect.enrol_talker(server, "ann").await;
    let mut ben = dialect.enrol_talker(server, "ben").await;
    let ann_is = ("ann", ann.id());
    let room = ann.make_room(&[ben.as_ref()]).await;
    ann.enter(room).await;
    ben.enter(room).await;

    ann.post("Good morning").await;
    ann.hears(room, ann_is, "Good morning").await;
    ben.hears(room, ann_is, "Good morning").await;
    let said = [(ann.signs(), "Good morning".to_owned())];
    assert_eq!(ann.history(room).await, said);
    assert_eq!(ben.history(room).await, said);

    if let Some(unread) = ben.unread(room).await {
        assert_eq!(unread, 1);
        assert_eq!(ann.unread(room).await, Some(0), "own messages are never unread");
        ben.read(room).await;
        assert_eq!(ben.unread(room).await, Some(0));
    }
    if ann.edit(room, "Good evening").await {
        assert_eq!(ben.history(room).await, [(ann.signs(), "Good evening".to_owned())]);
    }

    leaves(server, ben.as_ref(), room).await;
    ben.loses(room).await;
    ben.is_shut_out(room).await;

    ann.post("Anybody here?").await;
    ann.hears(room, ann_is, "Anybody here?").await;
    ann.log_out().await;
    ann.is_refused().await;
    ben.log_out().await;
    ben.is_refused().await;
}

#[tokio::test]
async fn what_is_said_in_one_dialect_is_heard_in_every_other() {
    let server = Server::start().await;
    for from in talking() {
        for to in talking() {
            eprintln!("from {} to {}", from.name(), to.name());
            let pair = format!("{}-{}", from.name(), to.name());
            let (speaker, listener) = (format!("s-{pair}"), format!("l-{pair}"));
            let mut speaker = from.enrol_talker(&server, &speaker).await;
            let mut listener = to.enrol_talker(&server, &listener).await;
            let room = speaker.make_room(&[listener.as_ref()]).await;
            listener.enter(room).await;
            speaker.enter(room).await;
            let (name, id) = (speaker.login().to_owned(), speaker.id());
            for text in ["Hello", "Привет 👋", "안녕하세요! \"quoted\" <b>\\</b>"] {
                speaker.post(text).await;
                speaker.hears(room, (&name, id), text).await;
                listener.hears(room, (&name, id), text).await;
            }
            let texts = |history: Vec<(String, String)>| {
                history.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
            };
            assert_eq!(texts(speaker.history(room).await), texts(listener.history(room).await));
        }
    }
}

#[tokio::test]
async fn a_credential_of_one_dialect_is_good_in_every_other_that_can_carry_it() {
    let server = Server::start().await;
    let client = Client::new(&server);
    for from in dialects() {
        let login = format!("from-{}", from.name());
        let mut actor = from.enrol(&server, &login).await;
        let carriers: Vec<_> = dialects()
            .into_iter()
            .filter_map(|to| to.carry(&client, &actor.credential()).map(|client| (to, client)))
            .collect();
        assert_eq!(carriers.len(), dialects().len());
        for (to, client) in &carriers {
            client.get(to.whoami()).await.is(200);
        }
        actor.log_out().await;
        for (to, client) in &carriers {
            let (status, body) = to.unauthorized();
            assert_eq!(
                client.get(to.whoami()).await.is(status),
                body,
                "{} after a log-out in {}",
                to.name(),
                from.name()
            );
        }
    }
}

#[tokio::test]
async fn an_account_of_one_dialect_logs_in_in_every_other() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.post("/api/users", json!({"userId": "native", "password": "long enough"})).await.is(201);
    client.post("/v1/login", json!({"login": "NATIVE", "password": "long enough"})).await.is(200);
    client
        .post("/v1/register", json!({"login": "native", "password": "long enough"}))
        .await
        .fails_v1(422, "user_already_exists");
    client
        .post("/v1/register", json!({"login": "Foreign", "password": "long enough"}))
        .await
        .is(200);
    client
        .post("/User", json!({"username": "Native", "password": "long enough"}))
        .await
        .fails_realtime(409);
    for password in ["long enough", "e5d4b6015a52d9f2551cea1655200a09"] {
        assert_eq!(
            client
                .post("/Login", json!({"username": "native", "password": password}))
                .await
                .is(200),
            status(true)
        );
    }
    let login = client
        .post("/api/login", json!({"userId": "foreign", "password": "long enough"}))
        .await
        .is(200);
    assert_eq!(login["userId"], "Foreign", "names are shown as registered");
    client
        .post("/api/users", json!({"userId": "foreign", "password": "long enough"}))
        .await
        .fails(409, "already_exists");
}

#[tokio::test]
async fn a_room_made_in_one_dialect_is_found_in_every_other() {
    let server = Server::start().await;
    for from in dialects() {
        for to in dialects() {
            eprintln!("from {} to {}", from.name(), to.name());
            let pair = format!("{}-{}", from.name(), to.name());
            let (maker, finder) = (format!("a-{pair}"), format!("b-{pair}"));
            let mut ann = from.enrol(&server, &maker).await;
            let mut ben = to.enrol(&server, &finder).await;
            let room = ann.make_room(&[ben.as_ref()]).await;
            joins(&server, ben.as_ref(), room).await;
            ben.finds(room, &[&maker, &finder]).await;
            leaves(&server, ben.as_ref(), room).await;
            ann.finds(room, &[&maker]).await;
        }
    }
}

#[tokio::test]
async fn a_nameless_room_of_the_same_people_is_one_room_in_chatrooms_and_v1() {
    let server = Server::start().await;
    let mut ann = chatrooms::Chatrooms.enrol(&server, "ann").await;
    let mut ben = v1::V1.enrol(&server, "ben").await;
    let room = ann.make_room(&[ben.as_ref()]).await;
    let (ann_native, ben_native) =
        (as_native(&server, &ann.credential()), as_native(&server, &ben.credential()));

    let seen = ben_native.get(&format!("/v1/rooms/{room}")).await.is(200);
    assert_eq!(
        seen,
        json!({
            "id": room,
            "users": [{"id": ann.id(), "login": "ann"}, {"id": ben.id(), "login": "ben"}],
        })
    );
    let other = ben.make_room(&[ann.as_ref()]).await;
    assert_eq!(other, room, "a nameless room of exactly these users is there");
    let list = ann_native.get("/api/chatrooms").await.is(200);
    assert_eq!(list["chatrooms"].as_array().map(Vec::len), Some(1));
    assert_eq!(number(list["chatrooms"][0]["roomId"].as_str().unwrap_or_default()), room);

    ann_native.delete(&format!("/api/chatrooms/{room}")).await.is(204);
    ben_native.get(&format!("/v1/rooms/{room}")).await.fails_v1(422, "room_not_found");
    assert_eq!(ben_native.get("/v1/rooms").await.is(200), json!([]));
}
