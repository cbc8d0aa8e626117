//! Somebody who speaks `chatrooms`.

use std::ops::Deref;

use futures_util::future::join_all;
use serde_json::json;

use super::{Client, Json, Server, Socket};

/// A registered user who is logged in. Whatever a [`Client`] can say, a person says with their
/// token.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) id: i64,
    pub(crate) token: String,
}

/// How a room is to be made.
#[derive(Clone, Copy, Default)]
pub(crate) struct RoomPlan<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) public: bool,
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Registers several people and logs them in.
pub(crate) async fn people<const N: usize>(server: &Server, logins: [&str; N]) -> [Person; N] {
    let all = join_all(logins.map(|login| Person::new(server, login))).await;
    let Ok(all) = <[Person; N]>::try_from(all) else { unreachable!("as many people as names") };
    all
}

impl Person {
    /// Registers and logs in.
    pub(crate) async fn new(server: &Server, login: &str) -> Self {
        let password = format!("secret of {login}");
        let client = Client::new(server);
        let user =
            client.post("/api/users", json!({"userId": login, "password": password})).await.is(201);
        let nobody = Self {
            client,
            login: login.to_owned(),
            password,
            id: user["id"].as_i64().unwrap(),
            token: String::new(),
        };
        nobody.again().await
    }

    /// Logs somebody in who is registered, with the password that [`Person::new`] gives.
    pub(crate) async fn known(server: &Server, login: &str) -> Self {
        let nobody = Self {
            client: Client::new(server),
            login: login.to_owned(),
            password: format!("secret of {login}"),
            id: 0,
            token: String::new(),
        };
        let known = nobody.again().await;
        let id = known.get("/api/users/me").await.is(200)["id"].as_i64().unwrap();
        Self { id, ..known }
    }

    /// The same person with one more session.
    pub(crate) async fn again(&self) -> Self {
        let login = self
            .bare()
            .post("/api/login", json!({"userId": self.login, "password": self.password}))
            .await
            .is(200);
        let token = login["token"].as_str().unwrap().to_owned();
        Self { client: self.bearer(&token), token, ..self.clone() }
    }

    /// The same person and session, talking to another address.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self { client: self.client.moved_to(address), ..self.clone() }
    }

    /// Makes a private room without a name, with these people.
    pub(crate) async fn room(&self, others: &[&Self]) -> String {
        self.room_like(others, RoomPlan::default()).await
    }

    /// Makes a public room.
    pub(crate) async fn public_room(&self, name: &str) -> String {
        self.room_like(&[], RoomPlan { name: Some(name), public: true }).await
    }

    /// Makes a room and answers its `roomId`.
    pub(crate) async fn room_like(&self, others: &[&Self], plan: RoomPlan<'_>) -> String {
        let others: Vec<_> = others.iter().map(|person| &person.login).collect();
        let visibility = if plan.public { "public" } else { "private" };
        let body = json!({"targetUserIds": others, "name": plan.name, "visibility": visibility});
        let room = self.post("/api/chatrooms", body).await.is(201);
        room["roomId"].as_str().unwrap().to_owned()
    }

    /// Posts a text and answers the message.
    pub(crate) async fn say(&self, room: &str, text: &str) -> Json {
        self.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": text}))
            .await
            .is(201)
    }

    /// Posts several texts, one after the other, and answers their keys.
    pub(crate) async fn say_all(&self, room: &str, texts: &[&str]) -> Vec<String> {
        let mut keys = Vec::new();
        for text in texts {
            keys.push(self.say(room, text).await["messageId"].as_str().unwrap().to_owned());
        }
        keys
    }

    /// The room as this person sees it.
    pub(crate) async fn see(&self, room: &str) -> Json {
        self.get(&format!("/api/chatrooms/{room}")).await.is(200)
    }

    /// The room's entry in this person's list.
    pub(crate) async fn card(&self, room: &str) -> Json {
        let list = self.get("/api/chatrooms").await.is(200);
        let cards = list["chatrooms"].as_array().unwrap();
        cards
            .iter()
            .find(|card| card["roomId"] == room)
            .unwrap_or_else(|| panic!("{room} is not in {list}"))
            .clone()
    }

    /// The newest messages of the room, oldest first.
    pub(crate) async fn history(&self, room: &str) -> Vec<Json> {
        let body = self.get(&format!("/api/chatrooms/{room}/messages?limit=200")).await.is(200);
        body["messages"].as_array().unwrap().clone()
    }

    /// What the messages of the room say, oldest first; deleted ones say nothing.
    pub(crate) async fn contents(&self, room: &str) -> Vec<String> {
        let history = self.history(room).await;
        history
            .iter()
            .map(|message| message["content"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// A socket that has been greeted.
    pub(crate) async fn open(&self) -> Socket {
        let mut socket = self.socket(&self.login, "/chat").await;
        socket.until("connection_established").await;
        socket
    }

    /// A socket that has entered the room.
    pub(crate) async fn enter(&self, room: &str) -> Socket {
        let mut socket = self.open().await;
        socket.join(room).await;
        socket
    }

    /// A socket that hears of all rooms.
    pub(crate) async fn subscribe(&self) -> Socket {
        let mut socket = self.open().await;
        socket.send(json!({"type": "subscribe"})).await;
        socket.until("subscribed").await;
        socket
    }
}

/// The number in `room001`.
pub(crate) fn number(room: &str) -> i64 {
    room.trim_start_matches("room").parse().unwrap()
}
