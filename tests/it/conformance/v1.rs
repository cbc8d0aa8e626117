//! The row of `v1`.

use reqwest::Method;
use serde_json::json;

use super::deeds::{Deed, Done, Scene};
use super::input::{Fault, Input, OfRoom};
use super::{Act, Actor, Credential, Dialect, Talker, Talks};
use crate::support::{self, Answer, Client, Json, Server, Socket, fits, has_exactly, texts};

/// `/v1`.
pub(super) struct V1;

struct User {
    user: support::V1,
    socket: Option<Socket>,
}

impl Dialect for V1 {
    fn name(&self) -> &'static str {
        "v1"
    }

    fn enrol<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Actor>> {
        Box::pin(async move { Box::new(User::new(server, login).await) as Box<dyn Actor> })
    }

    fn carry(&self, client: &Client, credential: &Credential) -> Option<Client> {
        Some(match credential {
            Credential::Token(token) => client.bearer(token),
            Credential::SessionId(id) => client.with("x-session-id", id),
        })
    }

    fn whoami(&self) -> &'static str {
        "/v1/info"
    }

    fn unauthorized(&self) -> (u16, Json) {
        (401, json!({"error": {"code": "unauthorized"}}))
    }

    fn input(&self) -> Input {
        Input {
            taking: vec![
                Input::taking(
                    Method::POST,
                    "/v1/register",
                    json!({"login": "new", "password": "long enough"}),
                ),
                Input::taking(
                    Method::POST,
                    "/v1/login",
                    json!({"login": "ann", "password": "long enough"}),
                ),
                Input::taking(Method::POST, "/v1/rooms", json!({"users": [{"id": 1}]})),
            ],
            of_rooms: vec![
                Input::of_room(Method::GET, "/v1/rooms/{}"),
                Input::of_room(Method::GET, "/v1/rooms/{}/messages"),
                OfRoom::Handshake("/v1/rooms/{}/chat"),
            ],
            unknown: &[
                "/v1",
                "/v1/",
                "/v1/nothing",
                "/v1/Info",
                "/v1/rooms/1/nothing",
                "/v1/rooms/1/messages/2",
                "/v1//info",
            ],
            known: &[
                ("/v1/register", &["POST"]),
                ("/v1/login/", &["POST"]),
                ("/v1/logout", &["POST"]),
                ("/v1/info", &["GET"]),
                ("/v1/users/", &["GET"]),
                ("/v1/rooms", &["GET", "POST"]),
                ("/v1/rooms/{}", &["GET"]),
                ("/v1/rooms/{}/messages", &["GET"]),
                ("/v1/rooms/{}/chat", &["GET"]),
            ],
        }
    }

    fn refuses(&self, answer: &Answer, fault: Fault<'_>) {
        match fault {
            Fault::Malformed | Fault::Mistyped(_) => answer.fails_v1(422, "invalid_json"),
            Fault::ForeignOrigin => answer.fails_v1(403, "forbidden"),
            Fault::TooLarge => answer.fails_v1(413, "too_large"),
            Fault::UnknownPath => answer.fails_v1(404, "not_found"),
            Fault::WrongMethod => answer.fails_v1(405, "method_not_allowed"),
            Fault::NoRoom(_) | Fault::ForeignRoom => answer.fails_v1(422, "room_not_found"),
        }
    }
}

impl Talks for V1 {
    fn enrol_talker<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Talker>> {
        Box::pin(async move { Box::new(User::new(server, login).await) as Box<dyn Talker> })
    }
}

impl User {
    async fn new(server: &Server, login: &str) -> Self {
        Self { user: support::V1::new(server, login).await, socket: None }
    }

    fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("the room was entered")
    }
}

impl Actor for User {
    fn login(&self) -> &str {
        &self.user.login
    }

    fn id(&self) -> i64 {
        self.user.id
    }

    fn credential(&self) -> Credential {
        Credential::SessionId(self.user.session.clone())
    }

    fn make_room<'a>(&'a mut self, others: &'a [&'a dyn Actor]) -> Act<'a, i64> {
        let others: Vec<_> = others.iter().map(|other| other.id()).collect();
        Box::pin(async move { self.user.room(&others).await })
    }

    fn finds<'a>(&'a mut self, room: i64, people: &'a [&'a str]) -> Act<'a> {
        Box::pin(async move {
            let room = self.user.get(&format!("/v1/rooms/{room}")).await.is(200);
            let mut found = texts(&room["users"], "login");
            found.sort_unstable();
            assert_eq!(found, people);
        })
    }

    fn is_shut_out(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            self.user.get(&format!("/v1/rooms/{room}")).await.fails_v1(422, "room_not_found");
            self.user
                .get(&format!("/v1/rooms/{room}/messages"))
                .await
                .fails_v1(422, "room_not_found");
            self.user
                .handshake(&format!("/v1/rooms/{room}/chat"))
                .await
                .fails_v1(422, "room_not_found");
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
                Deed::Rename(_)
                | Deed::Add(_)
                | Deed::Remove(_)
                | Deed::Leave
                | Deed::Promote(_)
                | Deed::Edit(_)
                | Deed::Unsay
                | Deed::Delete => Done::Not,
            }
        })
    }

    fn sees<'a>(&'a mut self, scene: &'a Scene) -> Act<'a> {
        Box::pin(async move {
            let path = format!("/v1/rooms/{}", scene.room);
            if matches!(scene.deed, Deed::Delete) {
                return self.user.get(&path).await.fails_v1(422, "room_not_found");
            }
            let seen = self.user.get(&path).await.is(200);
            has_exactly(&seen, &["id", "users"]);
            if let Some((who, entered)) = scene.moved() {
                let users = seen["users"].as_array().expect("a list");
                assert_eq!(
                    users.contains(&json!({"id": who.id, "login": who.login})),
                    entered,
                    "{seen}"
                );
            }
            if !matches!(scene.deed, Deed::Enter) {
                let contents = self.user.contents(scene.room).await;
                let others = ["all are here", "that was all"];
                assert_eq!(
                    contents.iter().map(String::as_str).collect::<Vec<_>>(),
                    scene.text().into_iter().chain(others).collect::<Vec<_>>()
                );
            }
        })
    }

    fn log_out(&mut self) -> Act<'_> {
        Box::pin(async move {
            assert_eq!(self.user.post("/v1/logout", json!({})).await.is(200), json!({}));
            if let Some(mut socket) = self.socket.take() {
                assert_eq!(socket.closed().await, 4401);
            }
        })
    }

    fn is_refused(&mut self) -> Act<'_> {
        Box::pin(async move { self.user.get("/v1/rooms").await.fails_v1(401, "unauthorized") })
    }
}

impl Talker for User {
    fn signs(&self) -> String {
        self.user.id.to_string()
    }

    fn enter(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move { self.socket = Some(self.user.open(room).await) })
    }

    fn twin(&self) -> Box<dyn Talker> {
        Box::new(Self { user: self.user.clone(), socket: None })
    }

    fn post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        // The broadcast is the acknowledgement.
        Box::pin(async move { self.socket().send(json!({"text": text})).await })
    }

    fn is_refused_to_post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move {
            self.socket().send(json!({"text": text})).await;
            assert_eq!(self.socket().next().await, json!({"error": {"code": "forbidden"}}));
        })
    }

    fn hears<'a>(&'a mut self, room: i64, author: (&'a str, i64), text: &'a str) -> Act<'a> {
        Box::pin(async move {
            let frame = self.socket().next().await;
            has_exactly(&frame, &["text", "user_id", "room_id", "created_at"]);
            assert_eq!(
                (&frame["text"], &frame["user_id"], &frame["room_id"]),
                (&json!(text), &json!(author.1), &json!(room))
            );
            assert!(fits(&frame["created_at"], "0000-00-00T00:00:00"), "{frame}");
        })
    }

    fn told(&self, scene: &Scene) -> Vec<Json> {
        let gone = matches!(scene.deed, Deed::Delete);
        gone.then(|| json!({"error": {"code": "room_not_found"}})).into_iter().collect()
    }

    fn next_undated(&mut self) -> Act<'_, Json> {
        Box::pin(async move { self.socket().next().await })
    }

    fn hears_until<'a>(&'a mut self, text: &'a str) -> Act<'a, Vec<Json>> {
        Box::pin(async move { self.socket().all_until(|frame| frame["text"] == text).await.0 })
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
        Box::pin(async move {
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            self.user
                .history(room)
                .await
                .iter()
                .map(|message| (message["user_id"].to_string(), text(&message["text"])))
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

    fn loses(&mut self, _: i64) -> Act<'_> {
        Box::pin(async move {
            assert_eq!(self.socket().next().await, json!({"error": {"code": "room_not_found"}}));
            assert_eq!(self.socket().closed().await, 1000);
        })
    }
}
