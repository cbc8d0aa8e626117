//! A user of `realtime`.

use std::ops::Deref;

use serde_json::json;

use super::{Client, Json, Server, Socket};

/// A registered user with a session cookie. All methods of [`Client`] send it.
#[derive(Clone)]
pub(crate) struct Realtime {
    client: Client,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) session: String,
}

impl Deref for Realtime {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Realtime {
    /// Registers a user and logs in.
    pub(crate) async fn new(server: &Server, login: &str) -> Self {
        let password = format!("secret of {login}");
        let client = Client::new(server);
        client.post("/User", json!({"username": login, "password": password})).await.is(201);
        Self::log_in(&client, login, &password).await
    }

    /// Logs in a registered user with a password or its digest.
    pub(crate) async fn log_in(client: &Client, login: &str, password: &str) -> Self {
        let answer =
            client.bare().post("/Login", json!({"username": login, "password": password})).await;
        assert_eq!(answer.is(200), status(true));
        let (session, _) = answer.cookie("chat_session");
        let client = client.bare().with("cookie", &format!("chat_session={session}"));
        Self { client, login: login.to_owned(), password: password.to_owned(), session }
    }

    /// Creates a public room and returns its id.
    pub(crate) async fn room(&self, name: &str) -> i64 {
        let made = self.post("/Room", json!({"name": name})).await;
        assert_eq!((made.status, made.text.as_str()), (201, ""));
        made.header("location")
            .strip_prefix("/Room/")
            .expect("where the room is")
            .parse()
            .expect("a number")
    }

    /// Returns a token for the room.
    pub(crate) async fn token(&self, room: i64) -> String {
        self.get(&format!("/Room/{room}")).await.is(200)["token"]
            .as_str()
            .expect("a text")
            .to_owned()
    }

    /// Opens a socket without sending a token.
    pub(crate) async fn knock(&self) -> Socket {
        self.bare().socket(&self.login, "/").await
    }

    /// Opens a socket in the room.
    pub(crate) async fn open(&self, room: i64) -> Socket {
        let (token, mut socket) = (self.token(room).await, self.knock().await);
        socket.send(json!({"token": token})).await;
        assert_eq!(socket.next().await, status(true));
        socket
    }
}

/// Returns the reply to a log-in, a log-out or a frame.
pub(crate) fn status(done: bool) -> Json {
    json!({"status": done})
}
