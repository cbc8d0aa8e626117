//! The row of the native dialect.

use reqwest::Method;
use serde_json::json;

use super::deeds::{Deed, Done, Scene};
use super::input::{Fault, Input, OfRoom};
use super::{Act, Actor, Credential, Dated, Dialect, Talker, Talks, undated};
use crate::support::{
    Answer, Client, Json, Person, Server, Socket, has_exactly, is, is_millis, is_seconds, number,
    texts,
};

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

    fn input(&self) -> Input {
        Input {
            taking: vec![
                Input::taking(
                    Method::POST,
                    "/api/users",
                    json!({"userId": "new", "password": "long enough"}),
                ),
                Input::taking(
                    Method::POST,
                    "/api/login",
                    json!({"userId": "ann", "password": "long enough"}),
                ),
                Input::taking(Method::POST, "/api/chatrooms", json!({"targetUserIds": []})),
                Input::taking(Method::PATCH, "/api/chatrooms/{}/name", json!({"name": "New"})),
                Input::taking(Method::PATCH, "/api/chatrooms/{}/me", json!({"muted": true})),
                Input::taking(
                    Method::POST,
                    "/api/chatrooms/{}/participants",
                    json!({"userId": "owner"}),
                ),
                Input::taking(
                    Method::PATCH,
                    "/api/chatrooms/{}/participants/ann/role",
                    json!({"role": "admin"}),
                ),
                Input::taking(
                    Method::PATCH,
                    "/api/chatrooms/{}/participants/ann/name",
                    json!({"edited_name": "New"}),
                ),
                Input::taking(
                    Method::POST,
                    "/api/chatrooms/{}/messages",
                    json!({"content": "new"}),
                ),
            ],
            of_rooms: vec![
                Input::of_room(Method::GET, "/api/chatrooms/{}"),
                Input::of_room(Method::DELETE, "/api/chatrooms/{}"),
                Input::of_room(Method::POST, "/api/chatrooms/{}/join"),
                Input::of_room(Method::POST, "/api/chatrooms/{}/connect"),
                Input::of_room(Method::DELETE, "/api/chatrooms/{}/participants/ann"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/settings"),
                Input::of_room(Method::PUT, "/api/chatrooms/{}/messages/1/saved"),
                Input::of_room(Method::POST, "/api/chatrooms/{}/messages/1/unread"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/messages"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/changes?since=0"),
                Input::of_room(Method::DELETE, "/api/chatrooms/{}/messages/1"),
                Input::of_room(Method::POST, "/api/chatrooms/{}/messages/1/read"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/messages/1/readers"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/messages/1/thread"),
                Input::of_room(Method::PUT, "/api/chatrooms/{}/messages/1/thread/follow"),
                Input::of_room(Method::DELETE, "/api/chatrooms/{}/messages/1/thread/follow"),
                Input::of_room(Method::POST, "/api/chatrooms/{}/messages/1/thread/read"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/threads?from=1&to=9"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/messages/1/previews"),
                Input::of_room(Method::GET, "/api/chatrooms/{}/messages/1/previews/0"),
                Input::of_room(Method::DELETE, "/api/chatrooms/{}/messages/1/reactions/like"),
                OfRoom::Request(Method::PATCH, "/api/chatrooms/{}/name", json!({"name": "New"})),
                OfRoom::Request(Method::PATCH, "/api/chatrooms/{}/me", json!({"muted": true})),
                OfRoom::Request(
                    Method::PATCH,
                    "/api/chatrooms/{}/settings",
                    json!({"favourite": true}),
                ),
                OfRoom::Request(
                    Method::POST,
                    "/api/chatrooms/{}/participants",
                    json!({"userId": "ann"}),
                ),
                OfRoom::Request(
                    Method::POST,
                    "/api/chatrooms/{}/messages",
                    json!({"content": "new"}),
                ),
                OfRoom::Request(
                    Method::PATCH,
                    "/api/chatrooms/{}/messages/1",
                    json!({"newContent": "new"}),
                ),
                OfRoom::Request(
                    Method::POST,
                    "/api/chatrooms/{}/messages/1/reactions",
                    json!({"reactionType": "like"}),
                ),
            ],
            unknown: &[
                "/api",
                "/api/",
                "/api/nothing",
                "/api/Users",
                "/api//users",
                "/api/users/me/x",
                "/api/chatrooms/1/nothing",
                "/api/chatrooms//name",
            ],
            known: &[
                ("/api/users/me/", &["DELETE", "GET", "PATCH"]),
                ("/api/users/me/drafts", &["GET"]),
                ("/api/users/me/push", &["DELETE", "GET", "PUT"]),
                ("/api/statuses", &["GET"]),
                ("/api/sessions", &["GET"]),
                ("/api/sessions/1", &["DELETE"]),
                ("/verify", &["GET"]),
                ("/api/search", &["GET"]),
                ("/api/media", &["POST"]),
                ("/api/media/x", &["GET", "HEAD"]),
                ("/api/chatrooms/{}/me", &["PATCH"]),
                ("/api/chatrooms/{}/participants/ann/role", &["PATCH"]),
                ("/api/chatrooms/{}/participants/ann/name", &["PATCH"]),
                ("/api/chatrooms/{}/messages/1", &["DELETE", "PATCH"]),
                ("/api/chatrooms/{}/messages/1/readers", &["GET"]),
                ("/api/chatrooms/{}/messages/1/thread", &["GET"]),
                ("/api/chatrooms/{}/messages/1/previews", &["GET"]),
                ("/api/chatrooms/{}/messages/1/previews/0", &["GET"]),
                ("/api/chatrooms/{}/messages/1/reactions", &["POST"]),
                ("/api/chatrooms/{}/messages/1/reactions/like", &["DELETE"]),
                ("/api/chatrooms/{}/changes", &["GET"]),
                ("/chat", &["GET"]),
            ],
        }
    }

    fn refuses(&self, answer: &Answer, fault: Fault<'_>) {
        match fault {
            Fault::Malformed => drop(answer.fails(400, "invalid_request")),
            Fault::Mistyped(key) => answer.blames(key),
            Fault::TooLarge => drop(answer.fails(413, "too_large")),
            Fault::UnknownPath => drop(answer.fails(404, "not_found")),
            Fault::WrongMethod => drop(answer.fails(405, "method_not_allowed")),
            Fault::ForeignOrigin => drop(answer.fails(403, "forbidden")),
            Fault::NoRoom(_) | Fault::ForeignRoom => drop(answer.fails(404, "room_not_found")),
        }
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
        history
            .last()
            .and_then(|message| message["messageId"].as_str())
            .expect("the room has messages")
            .to_owned()
    }
}

/// Returns the key of the first message of a room.
fn message(room: i64) -> String {
    format!("msg{}", room * 1_000_000_000 + 1)
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
            let room =
                self.person.post("/api/chatrooms", json!({"targetUserIds": others})).await.is(201);
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
            self.person
                .post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "?"}))
                .await
                .fails(404, "room_not_found");
            let mut socket = self.person.open().await;
            socket
                .refused(json!({"type": "join_room", "room_id": room.to_string()}), "join_failed")
                .await;
        })
    }

    fn does<'a>(&'a mut self, room: i64, deed: &'a Deed) -> Act<'a, Done> {
        Box::pin(async move {
            let (path, first) = (
                format!("/api/chatrooms/{room}"),
                format!("/api/chatrooms/{room}/messages/{}", message(room)),
            );
            match deed {
                Deed::Rename(name) => drop(
                    self.person.patch(&format!("{path}/name"), json!({"name": name})).await.is(200),
                ),
                Deed::Add(who) => drop(
                    self.person
                        .post(&format!("{path}/participants"), json!({"userId": who.login}))
                        .await
                        .is(201),
                ),
                Deed::Enter => {
                    self.enter(room).await;
                    return Done::OnSocket;
                }
                Deed::Remove(who) => drop(
                    self.person.delete(&format!("{path}/participants/{}", who.login)).await.is(204),
                ),
                Deed::Leave => drop(
                    self.person
                        .delete(&format!("{path}/participants/{}", self.person.login))
                        .await
                        .is(204),
                ),
                Deed::Promote(who) => {
                    self.person
                        .patch(
                            &format!("{path}/participants/{}/role", who.login),
                            json!({"role": "sub-admin"}),
                        )
                        .await
                        .is(200);
                }
                Deed::Edit(text) => {
                    drop(self.person.patch(&first, json!({"newContent": text})).await.is(200));
                }
                Deed::Unsay => drop(self.person.delete(&first).await.is(204)),
                Deed::Delete => drop(self.person.delete(&path).await.is(204)),
            }
            Done::Quietly
        })
    }

    fn sees<'a>(&'a mut self, scene: &'a Scene) -> Act<'a> {
        Box::pin(async move {
            let room = scene.key();
            if matches!(scene.deed, Deed::Delete) {
                return drop(
                    self.person
                        .get(&format!("/api/chatrooms/{room}"))
                        .await
                        .fails(404, "room_not_found"),
                );
            }
            let seen = self.person.see(&room).await;
            let role = |login: &str| {
                let place = seen["participants"]
                    .as_array()?
                    .iter()
                    .find(|place| place["userId"] == login)?;
                place["role"].as_str()
            };
            if let Deed::Rename(name) = &scene.deed {
                assert_eq!(seen["name"], *name);
            }
            if let Deed::Promote(who) = &scene.deed {
                assert_eq!(role(&who.login), Some("sub-admin"));
            }
            if let Some((who, entered)) = scene.moved() {
                assert_eq!(role(&who.login).is_some(), entered, "{seen}");
            }
            if !matches!(scene.deed, Deed::Enter) {
                assert_eq!(self.person.history(&room).await[0]["content"].as_str(), scene.text());
            }
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
        Box::pin(
            async move { self.socket = Some(self.person.enter(&format!("room{room:03}")).await) },
        )
    }

    fn twin(&self) -> Box<dyn Talker> {
        Box::new(Self { person: self.person.clone(), socket: None })
    }

    fn post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move { drop(self.socket().say(text).await) })
    }

    fn is_refused_to_post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move {
            drop(
                self.socket()
                    .refused(json!({"type": "chat_message", "content": text}), "forbidden")
                    .await,
            );
        })
    }

    fn hears<'a>(&'a mut self, room: i64, author: (&'a str, i64), text: &'a str) -> Act<'a> {
        Box::pin(async move {
            let frame = self.socket().until("chat_message").await;
            has_exactly(
                &frame,
                &[
                    "type",
                    "room_id",
                    "message_id",
                    "seq",
                    "rev",
                    "sender_id",
                    "sender_name",
                    "content",
                    "timestamp",
                    "created_at",
                ],
            );
            assert_eq!(frame["room_id"], format!("room{room:03}"));
            assert_eq!((&frame["sender_id"], &frame["content"]), (&json!(author.0), &json!(text)));
            assert!(is_seconds(&frame["timestamp"]) && is_millis(&frame["created_at"]), "{frame}");
        })
    }

    fn told(&self, scene: &Scene) -> Vec<Json> {
        let (room, doer) = (scene.key(), &scene.doer.login);
        let mut told = match &scene.deed {
            Deed::Rename(name) => vec![json!({
                "type": "room_updated", "room_id": room, "name": name, "visibility": "public",
                "owner_id": scene.owner,
            })],
            Deed::Promote(who) => {
                vec![json!({
                    "type": "participant_changed", "room_id": room, "user_id": who.login,
                    "name": who.login, "edited_name": "", "role": "sub-admin",
                })]
            }
            Deed::Edit(text) => {
                vec![json!({
                    "type": "message_edited", "room_id": room,
                    "message_id": message(scene.room), "seq": 1, "sender_id": doer,
                    "content": text,
                })]
            }
            Deed::Unsay => vec![json!({
                "type": "message_deleted", "room_id": room, "message_id": message(scene.room),
                "seq": 1, "user_id": doer,
            })],
            Deed::Delete => vec![json!({"type": "room_deleted", "room_id": room})],
            Deed::Add(_) | Deed::Enter | Deed::Remove(_) | Deed::Leave => Vec::new(),
        };
        // A user who comes is first a participant and then present.
        let (came, went): (Vec<_>, Vec<_>) =
            scene.presence().into_iter().partition(|(_, came)| *came);
        let presence =
            |kind: &str, who: &str| json!({"type": kind, "room_id": room, "user_id": who});
        match scene.moved() {
            Some((who, true)) => {
                told.push(json!({
                    "type": "participant_added", "room_id": room, "user_id": who.login,
                    "name": who.login, "edited_name": "", "role": "member",
                }));
                told.extend(came.iter().map(|(who, _)| presence("user_joined", &who.login)));
            }
            Some((who, false)) => {
                told.extend(came.iter().map(|(who, _)| presence("user_joined", &who.login)));
                told.push(presence("participant_removed", &who.login));
                told.extend(went.iter().map(|(who, _)| presence("user_left", &who.login)));
            }
            None => (),
        }
        told
    }

    fn next_undated(&mut self) -> Act<'_, Json> {
        Box::pin(async move {
            let frame = self.socket().next().await;
            let mut dated: Vec<Dated> = vec![("timestamp", is_seconds)];
            if !["user_joined", "user_left"].iter().any(|kind| frame["type"] == *kind) {
                dated.push(("rev", Json::is_i64));
            }
            if frame["type"] == "message_edited" {
                dated.push(("edited_at", is_millis));
            }
            undated(frame, &dated)
        })
    }

    fn hears_until<'a>(&'a mut self, text: &'a str) -> Act<'a, Vec<Json>> {
        Box::pin(async move { self.socket().all_until(|frame| frame["content"] == text).await.0 })
    }

    fn is_cut_off(&mut self) -> Act<'_> {
        Box::pin(async move {
            let room = self.socket().ask(json!({"type": "chat_message", "content": "?"})).await;
            assert_eq!(room["error"], "not_in_room");
            assert_eq!(self.socket().unread().count(), 0);
        })
    }

    fn is_closed(&mut self) -> Act<'_, u16> {
        Box::pin(async move { self.socket().closed().await })
    }

    fn history(&mut self, room: i64) -> Act<'_, Vec<(String, String)>> {
        Box::pin(async move {
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            self.person
                .history(&room.to_string())
                .await
                .iter()
                .map(|message| (text(&message["userId"]), text(&message["content"])))
                .collect()
        })
    }

    fn edit<'a>(&'a mut self, room: i64, text: &'a str) -> Act<'a, bool> {
        Box::pin(async move {
            let message = self.newest(room).await;
            self.person
                .patch(
                    &format!("/api/chatrooms/{room}/messages/{message}"),
                    json!({"newContent": text}),
                )
                .await
                .is(200);
            self.socket().until("message_edited").await;
            true
        })
    }

    fn unread(&mut self, room: i64) -> Act<'_, Option<i64>> {
        Box::pin(async move {
            self.person.card(&format!("room{room:03}")).await["unreadCount"].as_i64()
        })
    }

    fn read(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            let message = self.newest(room).await;
            self.person
                .post(&format!("/api/chatrooms/{room}/messages/{message}/read"), json!({}))
                .await
                .is(200);
        })
    }

    fn loses(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            let login = self.person.login.clone();
            let frame = self.socket().expect(is("participant_removed")).await;
            assert_eq!(
                (&frame["room_id"], &frame["user_id"]),
                (&json!(format!("room{room:03}")), &json!(login))
            );
        })
    }
}
