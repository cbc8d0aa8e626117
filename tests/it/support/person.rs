//! A user of `chatrooms`.

use std::ops::Deref;

use futures_util::future::join_all;
use serde_json::json;

use super::{Client, Json, Server, Socket};

/// A registered and logged-in user. All methods of [`Client`] send their token.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) id: i64,
    pub(crate) token: String,
}

/// Properties of a room to be created.
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

/// Registers several users and logs them in.
pub(crate) async fn people<const N: usize>(server: &Server, logins: [&str; N]) -> [Person; N] {
    let all = join_all(logins.map(|login| Person::new(server, login))).await;
    let Ok(all) = <[Person; N]>::try_from(all) else { unreachable!("as many people as names") };
    all
}

impl Person {
    /// Registers a user and logs in.
    pub(crate) async fn new(server: &Server, login: &str) -> Self {
        Self::registered(server, login).await.again().await
    }

    /// Registers a user, who does not log in.
    pub(crate) async fn registered(server: &Server, login: &str) -> Self {
        let nobody = Self::named(server, login);
        let body = json!({"userId": login, "password": nobody.password});
        let user = nobody.post("/api/users", body).await.is(201);
        Self { id: user["id"].as_i64().unwrap(), ..nobody }
    }

    /// A user with the password set by [`Person::new`], who has not logged in.
    pub(crate) fn named(server: &Server, login: &str) -> Self {
        Self {
            client: Client::new(server),
            login: login.to_owned(),
            password: format!("secret of {login}"),
            id: 0,
            token: String::new(),
        }
    }

    /// Logs in a registered user, with the password set by [`Person::new`].
    pub(crate) async fn known(server: &Server, login: &str) -> Self {
        let known = Self::named(server, login).again().await;
        let id = known.get("/api/users/me").await.is(200)["id"].as_i64().unwrap();
        Self { id, ..known }
    }

    /// Returns the same user with another session.
    pub(crate) async fn again(&self) -> Self {
        let login = self
            .bare()
            .post("/api/login", json!({"userId": self.login, "password": self.password}))
            .await
            .is(200);
        let token = login["token"].as_str().unwrap().to_owned();
        Self { client: self.bearer(&token), token, ..self.clone() }
    }

    /// Returns the same user with an API token of this scope.
    pub(crate) fn with_token(&self, ctl: &super::Ctl, name: &str, scope: &str) -> Self {
        let arguments = ["token", "create", &self.login, "--name", name, "--scope", scope];
        let token = ctl.one(&arguments)["token"].as_str().unwrap().to_owned();
        Self { client: self.bearer(&token), token, ..self.clone() }
    }

    /// Returns a user who cannot log in, such as a bot, with an API token named like its scope.
    pub(crate) async fn known_by_token(
        server: &Server,
        ctl: &super::Ctl,
        login: &str,
        scope: &str,
    ) -> Self {
        let nobody = Self {
            client: Client::new(server),
            login: login.to_owned(),
            password: String::new(),
            id: 0,
            token: String::new(),
        };
        let known = nobody.with_token(ctl, scope, scope);
        let id = known.get("/api/users/me").await.is(200)["id"].as_i64().unwrap();
        Self { id, ..known }
    }

    /// Returns the same user and session for another address.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self { client: self.client.moved_to(address), ..self.clone() }
    }

    /// Creates an unnamed private room with these users.
    pub(crate) async fn room(&self, others: &[&Self]) -> String {
        self.room_like(others, RoomPlan::default()).await
    }

    /// Creates a public room.
    pub(crate) async fn public_room(&self, name: &str) -> String {
        self.room_like(&[], RoomPlan { name: Some(name), public: true }).await
    }

    /// Creates a room and returns its `roomId`.
    pub(crate) async fn room_like(&self, others: &[&Self], plan: RoomPlan<'_>) -> String {
        let others: Vec<_> = others.iter().map(|person| &person.login).collect();
        let visibility = if plan.public { "public" } else { "private" };
        let body = json!({"targetUserIds": others, "name": plan.name, "visibility": visibility});
        let room = self.post("/api/chatrooms", body).await.is(201);
        room["roomId"].as_str().unwrap().to_owned()
    }

    /// Posts a text and returns the message.
    pub(crate) async fn say(&self, room: &str, text: &str) -> Json {
        self.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": text}))
            .await
            .is(201)
    }

    /// Posts several texts in order, and returns their keys.
    pub(crate) async fn say_all(&self, room: &str, texts: &[&str]) -> Vec<String> {
        let mut keys = Vec::new();
        for text in texts {
            keys.push(self.say(room, text).await["messageId"].as_str().unwrap().to_owned());
        }
        keys
    }

    /// Returns the room as this user sees it.
    pub(crate) async fn see(&self, room: &str) -> Json {
        self.get(&format!("/api/chatrooms/{room}")).await.is(200)
    }

    /// Returns the room's entry in this user's list.
    pub(crate) async fn card(&self, room: &str) -> Json {
        let list = self.get("/api/chatrooms").await.is(200);
        let cards = list["chatrooms"].as_array().unwrap();
        cards
            .iter()
            .find(|card| card["roomId"] == room)
            .unwrap_or_else(|| panic!("{room} is not in {list}"))
            .clone()
    }

    /// Returns the newest messages of the room, oldest first.
    pub(crate) async fn history(&self, room: &str) -> Vec<Json> {
        let body = self.get(&format!("/api/chatrooms/{room}/messages?limit=200")).await.is(200);
        body["messages"].as_array().unwrap().clone()
    }

    /// Returns the texts of the messages of the room, oldest first; empty for deleted ones.
    pub(crate) async fn contents(&self, room: &str) -> Vec<String> {
        let history = self.history(room).await;
        history
            .iter()
            .map(|message| message["content"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Opens a socket and reads the greeting.
    pub(crate) async fn open(&self) -> Socket {
        let mut socket = self.socket(&self.login, "/chat").await;
        socket.until("connection_established").await;
        socket
    }

    /// Opens a socket that has entered the room.
    pub(crate) async fn enter(&self, room: &str) -> Socket {
        let mut socket = self.open().await;
        socket.join(room).await;
        socket
    }

    /// Opens a socket subscribed to all rooms.
    pub(crate) async fn subscribe(&self) -> Socket {
        let mut socket = self.open().await;
        socket.send(json!({"type": "subscribe"})).await;
        socket.until("subscribed").await;
        socket
    }
}

/// Returns the number in `room001`.
pub(crate) fn number(room: &str) -> i64 {
    room.trim_start_matches("room").parse().unwrap()
}
