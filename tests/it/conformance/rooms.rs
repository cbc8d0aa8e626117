//! The row of `rooms`.

use reqwest::Method;
use serde_json::json;

use super::deeds::{Deed, Done, Scene};
use super::input::{Fault, Input, OfRoom};
use super::{Act, Actor, Credential, Dialect, Talker, Talks, undated};
use crate::support::{
    self, Answer, Client, Json, Server, Socket, has_exactly, is_millis, number, texts,
};

/// `/rooms`, `/users`, `/login`, `/logout`.
pub(super) struct Rooms;

struct User {
    person: support::Rooms,
    socket: Option<Socket>,
    made: usize,
}

impl Dialect for Rooms {
    fn name(&self) -> &'static str {
        "rooms"
    }

    fn enrol<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Actor>> {
        Box::pin(async move { Box::new(User::new(server, login).await) as Box<dyn Actor> })
    }

    fn carry(&self, client: &Client, credential: &Credential) -> Option<Client> {
        Some(match credential {
            Credential::Token(token) => client.with("cookie", &format!("auth_token={token}")),
            Credential::SessionId(id) => client.with("cookie", &format!("session={id}")),
        })
    }

    fn whoami(&self) -> &'static str {
        "/users/me"
    }

    fn unauthorized(&self) -> (u16, Json) {
        (
            401,
            json!({
                "error": "Unauthorized", "error_message": "Unauthorized: the session is not valid",
            }),
        )
    }

    fn input(&self) -> Input {
        let whole = json!({
            "user_id": "new", "password": "long enough", "email": "new@example.org", "name": "New",
        });
        Input {
            taking: vec![
                Input::taking(Method::POST, "/users", whole),
                Input::taking(
                    Method::POST,
                    "/login",
                    json!({"user_id": "ann", "password": "long enough"}),
                ),
                Input::taking(Method::POST, "/rooms", json!({"name": "New"})),
            ],
            of_rooms: vec![
                Input::of_room(Method::DELETE, "/rooms/{}"),
                OfRoom::Handshake("/rooms/{}"),
            ],
            unknown: &[
                "/users/ann",
                "/users/me/x",
                "/users//me",
                "/users/Me",
                "/login/x",
                "/logout/x",
                "/rooms/1/x",
                "/rooms//1",
            ],
            known: &[
                ("/users", &["POST"]),
                ("/users/me/", &["DELETE", "GET"]),
                ("/login", &["POST"]),
                ("/logout/", &["DELETE"]),
                ("/rooms", &["GET", "POST"]),
            ],
        }
    }

    fn refuses(&self, answer: &Answer, fault: Fault<'_>) {
        match fault {
            Fault::Malformed | Fault::Mistyped(_) | Fault::NoRoom(_) | Fault::ForeignRoom => {
                answer.fails_rooms(400, "InvalidParameter");
            }
            Fault::ForeignOrigin => answer.fails_rooms(403, "Forbidden"),
            Fault::TooLarge => answer.fails_rooms(413, "TooLarge"),
            Fault::UnknownPath => answer.fails_rooms(404, "NotFound"),
            Fault::WrongMethod => answer.fails_rooms(405, "MethodNotAllowed"),
        }
    }
}

impl Talks for Rooms {
    fn enrol_talker<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Talker>> {
        Box::pin(async move { Box::new(User::new(server, login).await) as Box<dyn Talker> })
    }
}

impl User {
    async fn new(server: &Server, login: &str) -> Self {
        Self { person: support::Rooms::new(server, login).await, socket: None, made: 0 }
    }

    fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("the room was entered")
    }
}

fn key(room: i64) -> String {
    format!("room{room:03}")
}

impl Actor for User {
    fn login(&self) -> &str {
        &self.person.login
    }

    fn id(&self) -> i64 {
        self.person.id
    }

    fn credential(&self) -> Credential {
        Credential::SessionId(self.person.session.clone())
    }

    fn make_room<'a>(&'a mut self, _: &'a [&'a dyn Actor]) -> Act<'a, i64> {
        // It is public: everybody may enter it.
        self.made += 1;
        Box::pin(async move {
            number(&self.person.room(&format!("{} {}", self.person.login, self.made)).await)
        })
    }

    fn finds<'a>(&'a mut self, room: i64, people: &'a [&'a str]) -> Act<'a> {
        // This dialect only shows it on sockets; the native one shows it to all who may know.
        Box::pin(async move {
            let room = self.person.native().get(&format!("/api/chatrooms/{room}")).await.is(200);
            let mut found = texts(&room["participants"], "userId");
            found.sort_unstable();
            assert_eq!(found, people);
        })
    }

    fn is_shut_out(&mut self, room: i64) -> Act<'_> {
        // In a public room this refers to its messages.
        Box::pin(async move {
            self.person
                .native()
                .get(&format!("/api/chatrooms/{room}/messages"))
                .await
                .fails(403, "forbidden");
            self.person.delete(&format!("/rooms/{room}")).await.fails_rooms(401, "Unauthorized");
            self.socket = None;
        })
    }

    fn does<'a>(&'a mut self, room: i64, deed: &'a Deed) -> Act<'a, Done> {
        Box::pin(async move {
            match deed {
                Deed::Enter => {
                    self.enter(room).await;
                    Done::OnSocket
                }
                Deed::Leave => {
                    self.enter(room).await;
                    self.socket().send(json!({"action": "leave"})).await;
                    assert_eq!(self.socket().closed().await, 1000);
                    Done::OnSocket
                }
                Deed::Delete => {
                    self.person.delete(&format!("/rooms/{}", key(room))).await.is(204);
                    Done::Quietly
                }
                Deed::Rename(_)
                | Deed::Add(_)
                | Deed::Remove(_)
                | Deed::Promote(_)
                | Deed::Edit(_)
                | Deed::Unsay => Done::Not,
            }
        })
    }

    fn sees<'a>(&'a mut self, scene: &'a Scene) -> Act<'a> {
        Box::pin(async move {
            let rooms = self.person.get("/rooms").await.is(200);
            let found = rooms
                .as_array()
                .expect("a list")
                .iter()
                .find(|room| room["room_id"] == scene.key());
            assert_eq!(found.is_none(), matches!(scene.deed, Deed::Delete), "{rooms}");
            if let Deed::Rename(name) = &scene.deed {
                assert_eq!(
                    found,
                    Some(&json!({"room_id": scene.key(), "name": name, "owner": scene.owner}))
                );
            }
            if let Some((who, entered)) = scene.moved() {
                // The user list is sent on entry.
                let list = self.person.enter(&scene.key()).await.1;
                assert_eq!(
                    texts(&list["users"], "user_id").contains(&who.login.as_str()),
                    entered,
                    "{list}"
                );
            }
        })
    }

    fn log_out(&mut self) -> Act<'_> {
        Box::pin(async move {
            self.person.delete("/logout").await.is(204);
            if let Some(mut socket) = self.socket.take() {
                assert_eq!(socket.closed().await, 4401);
            }
        })
    }

    fn is_refused(&mut self) -> Act<'_> {
        Box::pin(async move { self.person.get("/rooms").await.fails_rooms(401, "Unauthorized") })
    }
}

impl Talker for User {
    fn signs(&self) -> String {
        self.person.login.clone()
    }

    fn enter(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move { self.socket = Some(self.person.open(&key(room)).await) })
    }

    fn twin(&self) -> Box<dyn Talker> {
        Box::new(Self { person: self.person.clone(), socket: None, made: 0 })
    }

    fn post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        // The broadcast is the acknowledgement.
        Box::pin(
            async move { self.socket().send(json!({"action": "message", "message": text})).await },
        )
    }

    fn is_refused_to_post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move {
            self.socket().send(json!({"action": "message", "message": text})).await;
            let frame = self.socket().expect(|frame| frame["action"] == "error").await;
            has_exactly(&frame, &["action", "error", "error_message"]);
            assert_eq!(frame["error"], "Unauthorized", "{frame}");
        })
    }

    fn hears<'a>(&'a mut self, room: i64, author: (&'a str, i64), text: &'a str) -> Act<'a> {
        Box::pin(async move {
            let frame = self.socket().expect(|frame| frame["action"] == "message").await;
            has_exactly(&frame, &["action", "room_id", "user_id", "name", "message", "time"]);
            assert_eq!(
                (&frame["message"], &frame["user_id"], &frame["name"]),
                (&json!(text), &json!(author.0), &json!(author.0))
            );
            assert_eq!(frame["room_id"], key(room));
            assert!(is_millis(&frame["time"]), "{frame}");
        })
    }

    fn told(&self, scene: &Scene) -> Vec<Json> {
        if matches!(scene.deed, Deed::Delete) {
            return vec![json!({"action": "deleted", "room_id": scene.key()})];
        }
        let step = |action: &str, login: &str| {
            json!({
                "action": action, "room_id": scene.key(), "user_id": login, "name": login,
            })
        };
        scene
            .moved()
            .map(|(who, entered)| step(if entered { "join" } else { "leave" }, &who.login))
            .into_iter()
            .collect()
    }

    fn next_undated(&mut self) -> Act<'_, Json> {
        Box::pin(async move { undated(self.socket().next().await, &[("time", is_millis)]) })
    }

    fn hears_until<'a>(&'a mut self, text: &'a str) -> Act<'a, Vec<Json>> {
        Box::pin(async move { self.socket().all_until(|frame| frame["message"] == text).await.0 })
    }

    fn is_cut_off(&mut self) -> Act<'_> {
        Box::pin(async move {
            assert_eq!(self.socket().closed().await, 1000);
            assert_eq!(self.socket().unread().count(), 0);
        })
    }

    fn is_closed(&mut self) -> Act<'_, u16> {
        Box::pin(async move { self.socket().closed().await })
    }

    fn history(&mut self, room: i64) -> Act<'_, Vec<(String, String)>> {
        // This dialect has no such request; the native one has, and accepts every credential.
        Box::pin(async move {
            let page = self
                .person
                .native()
                .get(&format!("/api/chatrooms/{room}/messages?limit=200"))
                .await
                .is(200);
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            let messages = page["messages"].as_array().expect("a list");
            messages
                .iter()
                .map(|message| (text(&message["userId"]), text(&message["content"])))
                .collect()
        })
    }

    fn edit<'a>(&'a mut self, _: i64, _: &'a str) -> Act<'a, bool> {
        Box::pin(async { false })
    }

    fn unread(&mut self, _: i64) -> Act<'_, Option<i64>> {
        Box::pin(async { None })
    }

    fn read(&mut self, _: i64) -> Act<'_> {
        Box::pin(async {})
    }

    fn loses(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            let login = self.person.login.clone();
            let frame = self.socket().expect(|frame| frame["action"] == "leave").await;
            has_exactly(&frame, &["action", "room_id", "user_id", "name", "time"]);
            assert_eq!((&frame["room_id"], &frame["user_id"]), (&json!(key(room)), &json!(login)));
            assert_eq!(self.socket().closed().await, 1000);
        })
    }
}
