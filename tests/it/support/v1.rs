//! A user of `v1`.

use std::ops::Deref;

use serde_json::json;

use super::{Client, Json, Server, Socket};

/// A registered user with a session id. All methods of [`Client`] send it.
#[derive(Clone)]
pub(crate) struct V1 {
    client: Client,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) id: i64,
    pub(crate) session: String,
}

impl Deref for V1 {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl V1 {
    /// Registers, which also logs in.
    pub(crate) async fn new(server: &Server, login: &str) -> Self {
        let password = format!("secret of {login}");
        let client = Client::new(server);
        let opened = client
            .post("/v1/register", json!({"login": login, "password": password}))
            .await
            .is(200);
        Self::opened(&client, login, &password, &opened).await
    }

    /// Logs in a registered user.
    pub(crate) async fn log_in(client: &Client, login: &str, password: &str) -> Self {
        let opened = client
            .bare()
            .post("/v1/login", json!({"login": login, "password": password}))
            .await
            .is(200);
        Self::opened(client, login, password, &opened).await
    }

    async fn opened(client: &Client, login: &str, password: &str, opened: &Json) -> Self {
        let session = opened["session_id"].as_str().unwrap().to_owned();
        let client = client.bare().with("x-session-id", &session);
        let id = client.get("/v1/info").await.is(200)["id"].as_i64().unwrap();
        Self { client, login: login.to_owned(), password: password.to_owned(), id, session }
    }

    /// Creates a room with these users and returns its id.
    pub(crate) async fn room(&self, others: &[i64]) -> i64 {
        let users: Vec<_> = others.iter().map(|id| json!({"id": id})).collect();
        self.post("/v1/rooms", json!({"users": users})).await.is(200)["id"].as_i64().unwrap()
    }

    /// Returns the newest messages of a room, oldest first.
    pub(crate) async fn history(&self, room: i64) -> Vec<Json> {
        self.get(&format!("/v1/rooms/{room}/messages")).await.is(200).as_array().unwrap().clone()
    }

    /// Returns the texts of the newest messages of a room, oldest first.
    pub(crate) async fn contents(&self, room: i64) -> Vec<String> {
        self.history(room)
            .await
            .iter()
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Opens a socket in the room.
    pub(crate) async fn open(&self, room: i64) -> Socket {
        let mut socket = self.socket(&self.login, &format!("/v1/rooms/{room}/chat")).await;
        // The reply to an invalid frame shows that the socket has entered.
        socket.send(json!({})).await;
        let answer = socket.next().await;
        assert_eq!(answer, json!({"error": {"code": "invalid_json"}}));
        socket
    }
}
