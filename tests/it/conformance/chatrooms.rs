//! The native dialect's row.

use serde_json::json;

use super::{Act, Actor, Credential, Dialect, Talker, Talks};
use crate::support::{Client, Json, Person, Server, Socket, has_exactly, is, is_millis, is_seconds, number, texts};

/// `/api` and `/chat`.
pub(super) struct Chatrooms;

struct Native {
    person: Person,
    socket: Option<Socket>,
}

impl Dialect for Chatrooms {
    fn name(&self) -> &'static str {
        "chatrooms"
    }

    fn enrol<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Actor>> {
        Box::pin(async move { Box::new(Native::new(server, login).await) as Box<dyn Actor> })
    }

    fn carry(&self, client: &Client, credential: &Credential) -> Option<Client> {
        Some(match credential {
            Credential::Token(token) => client.with("cookie", &format!("jwt_token={token}")),
            Credential::SessionId(id) => client.with("x-session-id", id),
        })
    }

    fn whoami(&self) -> &'static str {
        "/api/users/me"
    }

    fn unauthorized(&self) -> (u16, Json) {
        (401, json!({"error": "invalid_token", "message": "JWT token is invalid"}))
    }
}

impl Talks for Chatrooms {
    fn enrol_talker<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Talker>> {
        Box::pin(async move { Box::new(Native::new(server, login).await) as Box<dyn Talker> })
    }
}

impl Native {
    async fn new(server: &Server, login: &str) -> Self {
        Self { person: Person::new(server, login).await, socket: None }
    }

    fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("the room was entered")
    }

    async fn newest(&self, room: i64) -> String {
        let history = self.person.history(&room.to_string()).await;
        history.last().and_then(|message| message["messageId"].as_str()).expect("the room has messages").to_owned()
    }
}

impl Actor for Native {
    fn login(&self) -> &str {
        &self.person.login
    }

    fn id(&self) -> i64 {
        self.person.id
    }

    fn credential(&self) -> Credential {
        Credential::Token(self.person.token.clone())
    }

    fn make_room<'a>(&'a mut self, others: &'a [&'a dyn Actor]) -> Act<'a, i64> {
        let others: Vec<_> = others.iter().map(|other| other.login().to_owned()).collect();
        Box::pin(async move {
            let room = self.person.post("/api/chatrooms", json!({"targetUserIds": others})).await.is(201);
            number(room["roomId"].as_str().expect("a room has a roomId"))
        })
    }

    fn finds<'a>(&'a mut self, room: i64, people: &'a [&'a str]) -> Act<'a> {
        Box::pin(async move {
            let room = self.person.see(&room.to_string()).await;
            let mut found = texts(&room["participants"], "userId");
            found.sort_unstable();
            assert_eq!(found, people);
        })
    }

    fn is_shut_out(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            self.person.get(&format!("/api/chatrooms/{room}")).await.fails(404, "room_not_found");
            self.person.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "?"})).await.fails(404, "room_not_found");
            let mut socket = self.person.open().await;
            socket.refused(json!({"type": "join_room", "room_id": room.to_string()}), "join_failed").await;
        })
    }

    fn log_out(&mut self) -> Act<'_> {
        Box::pin(async move {
            self.person.post("/api/logout", json!({})).await.is(204);
            if let Some(mut socket) = self.socket.take() {
                assert_eq!(socket.closed().await, 4401);
            }
        })
    }

    fn is_refused(&mut self) -> Act<'_> {
        Box::pin(async move {
            assert_eq!(self.person.get("/api/chatrooms").await.is(401), Chatrooms.unauthorized().1);
            assert_eq!(self.person.handshake("/chat").await.is(401), Chatrooms.unauthorized().1);
        })
    }
}

impl Talker for Native {
    fn signs(&self) -> String {
        self.person.login.clone()
    }

    fn enter(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move { self.socket = Some(self.person.enter(&format!("room{room:03}")).await) })
    }

    fn post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move { drop(self.socket().say(text).await) })
    }

    fn hears<'a>(&'a mut self, room: i64, author: (&'a str, i64), text: &'a str) -> Act<'a> {
        Box::pin(async move {
            let frame = self.socket().until("chat_message").await;
            has_exactly(&frame, &["type", "room_id", "message_id", "seq", "rev", "sender_id", "sender_name", "content", "timestamp", "created_at"]);
            assert_eq!(frame["room_id"], format!("room{room:03}"));
            assert_eq!((&frame["sender_id"], &frame["content"]), (&json!(author.0), &json!(text)));
            assert!(is_seconds(&frame["timestamp"]) && is_millis(&frame["created_at"]), "{frame}");
        })
    }

    fn history(&mut self, room: i64) -> Act<'_, Vec<(String, String)>> {
        Box::pin(async move {
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            self.person.history(&room.to_string()).await.iter().map(|message| (text(&message["userId"]), text(&message["content"]))).collect()
        })
    }

    fn edit<'a>(&'a mut self, room: i64, text: &'a str) -> Act<'a, bool> {
        Box::pin(async move {
            let message = self.newest(room).await;
            self.person.patch(&format!("/api/chatrooms/{room}/messages/{message}"), json!({"newContent": text})).await.is(200);
            self.socket().until("message_edited").await;
            true
        })
    }

    fn unread(&mut self, room: i64) -> Act<'_, Option<i64>> {
        Box::pin(async move { self.person.card(&format!("room{room:03}")).await["unreadCount"].as_i64() })
    }

    fn read(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            let message = self.newest(room).await;
            self.person.post(&format!("/api/chatrooms/{room}/messages/{message}/read"), json!({})).await.is(200);
        })
    }

    fn loses(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            let login = self.person.login.clone();
            let frame = self.socket().expect(is("participant_removed")).await;
            assert_eq!((&frame["room_id"], &frame["user_id"]), (&json!(format!("room{room:03}")), &json!(login)));
        })
    }
}
