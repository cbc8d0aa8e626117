//! A user of `rooms`.

use std::ops::Deref;

use serde_json::json;

use super::{Client, Json, Server, Socket};

/// A registered user with a session cookie. All methods of [`Client`] send it.
#[derive(Clone)]
pub(crate) struct Rooms {
    client: Client,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) id: i64,
    pub(crate) session: String,
}

impl Deref for Rooms {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Rooms {
    /// Registers and logs in; the name is the login name.
    pub(crate) async fn new(server: &Server, login: &str) -> Self {
        let password = format!("secret of {login}");
        let client = Client::new(server);
        let email = format!("{login}@example.org");
        let body = json!({"user_id": login, "password": password, "email": email, "name": login});
        client.post("/users", body).await.is(201);
        Self::log_in(&client, login, &password).await
    }

    /// Logs in a registered user.
    pub(crate) async fn log_in(client: &Client, login: &str, password: &str) -> Self {
        let opened = client
            .bare()
            .post("/login", json!({"user_id": login, "password": password}))
            .await
            .is(205);
        let session = opened["session"].as_str().unwrap().to_owned();
        let client = client.bare().with("cookie", &format!("session={session}"));
        let me = client.get("/users/me").await.is(200);
        Self {
            client,
            login: login.to_owned(),
            password: password.to_owned(),
            id: me["id"].as_i64().unwrap(),
            session,
        }
    }

    /// Returns the same session for the native dialect.
    pub(crate) fn native(&self) -> Client {
        self.bare().with("x-session-id", &self.session)
    }

    /// Creates a public room and returns its key.
    pub(crate) async fn room(&self, name: &str) -> String {
        self.post("/rooms", json!({"name": name})).await.is(201)["room_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Opens a socket in the room; returns the state of the room, too.
    pub(crate) async fn enter(&self, room: &str) -> (Socket, Json) {
        let mut socket = self.socket(&self.login, &format!("/rooms/{room}")).await;
        let entered = socket.next().await;
        assert_eq!(entered["action"], "enter", "first of all frames");
        (socket, entered)
    }

    /// Opens a socket in the room.
    pub(crate) async fn open(&self, room: &str) -> Socket {
        self.enter(room).await.0
    }
}
