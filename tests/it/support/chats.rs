//! A user of `chats`.

use std::ops::Deref;

use serde_json::json;

use super::{Client, Json, Server};

/// A registered user with an access token. All methods of [`Client`] send it.
#[derive(Clone)]
pub(crate) struct Chats {
    client: Client,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) id: i64,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Deref for Chats {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Chats {
    /// Registers in another dialect, and logs in here.
    pub(crate) async fn new(server: &Server, login: &str) -> Self {
        Self::with_profile(server, login, json!({})).await
    }

    /// Registers with e-mail address, birth date or display name.
    pub(crate) async fn with_profile(server: &Server, login: &str, mut profile: Json) -> Self {
        let password = format!("secret of {login}");
        let client = Client::new(server);
        profile["userId"] = login.into();
        profile["password"] = password.as_str().into();
        client.post("/api/users", profile).await.is(201);
        Self::log_in(&client, login, &password).await
    }

    /// Logs in a registered user.
    pub(crate) async fn log_in(client: &Client, login: &str, password: &str) -> Self {
        let opened = client
            .bare()
            .post("/auth/login", json!({"login": login, "password": password}))
            .await
            .succeeds();
        let (access, refresh) = (
            opened["accessToken"].as_str().unwrap().to_owned(),
            opened["refreshToken"].as_str().unwrap().to_owned(),
        );
        let (login, password) = (login.to_owned(), password.to_owned());
        Self {
            client: client.bearer(&access),
            login,
            password,
            id: opened["id"].as_i64().unwrap(),
            access,
            refresh,
        }
    }

    /// Creates a room with these users.
    pub(crate) async fn chat(&self, name: &str, others: &[i64]) -> Json {
        self.post("/chats", json!({"name": name, "userIds": others})).await.succeeds()
    }

    /// Creates a room with these users and returns its id.
    pub(crate) async fn room(&self, others: &[i64]) -> i64 {
        self.chat("Room", others).await["id"].as_i64().unwrap()
    }

    /// Returns the first hundred rooms, newest first.
    pub(crate) async fn chats(&self) -> Vec<Json> {
        self.get("/chats?page[size]=100").await.succeeds().as_array().unwrap().clone()
    }
}
