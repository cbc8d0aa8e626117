//! The row of `realtime`. It only creates public rooms and has no history: both are requested in
//! the native dialect, with its credential.

use reqwest::Method;
use serde_json::json;

use super::deeds::{Deed, Done, Scene};
use super::input::{Fault, Input};
use super::{Act, Actor, Credential, Dialect, Talker, Talks, undated};
use crate::support::{
    self, Answer, Client, Json, Server, Socket, has_exactly, number, status, texts,
};

/// `/User`, `/Login`, `/Logout`, `/Room` and the WebSocket on `/`.
pub(super) struct Realtime;

struct User {
    who: support::Realtime,
    id: i64,
    socket: Option<Socket>,
}

impl Dialect for Realtime {
    fn name(&self) -> &'static str {
        "realtime"
    }

    fn enrol<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Actor>> {
        Box::pin(async move { Box::new(User::new(server, login).await) as Box<dyn Actor> })
    }

    fn carry(&self, client: &Client, credential: &Credential) -> Option<Client> {
        Some(match credential {
            Credential::Token(token) => client.bearer(token),
            Credential::SessionId(id) => client.with("cookie", &format!("chat_session={id}")),
        })
    }

    fn whoami(&self) -> &'static str {
        "/Room"
    }

    fn unauthorized(&self) -> (u16, Json) {
        (401, json!({"status": false, "message": "the session is not valid"}))
    }

    fn input(&self) -> Input {
        Input {
            taking: vec![
                Input::taking(
                    Method::POST,
                    "/User",
                    json!({"username": "new", "password": "long enough"}),
                ),
                Input::taking(
                    Method::POST,
                    "/Login",
                    json!({"username": "ann", "password": "long enough"}),
                ),
                Input::taking(Method::POST, "/Room", json!({"name": "New"})),
            ],
            of_rooms: vec![
                Input::of_room(Method::GET, "/Room/{}"),
                Input::of_room(Method::DELETE, "/Room/{}"),
            ],
            unknown: &["/User/a/b", "/Login/x", "/Logout/x", "/Room/1/x", "/Room//1", "/User//"],
            known: &[
                ("/User", &["POST"]),
                ("/User/ann", &["GET"]),
                ("/Login/", &["POST"]),
                ("/Logout", &["POST"]),
                ("/Room", &["GET", "POST"]),
                ("/Room/{}", &["DELETE", "GET"]),
            ],
        }
    }

    fn refuses(&self, answer: &Answer, fault: Fault<'_>) {
        answer.fails_realtime(match fault {
            Fault::Malformed | Fault::Mistyped(_) => 400,
            Fault::ForeignOrigin => 403,
            Fault::TooLarge => 413,
            Fault::WrongMethod => 405,
            Fault::UnknownPath | Fault::NoRoom(_) | Fault::ForeignRoom => 404,
        });
    }
}

impl Talks for Realtime {
    fn enrol_talker<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Talker>> {
        Box::pin(async move { Box::new(User::new(server, login).await) as Box<dyn Talker> })
    }
}

impl User {
    async fn new(server: &Server, login: &str) -> Self {
        let who = support::Realtime::new(server, login).await;
        let id = who.get("/api/users/me").await.is(200)["id"].as_i64().expect("a number");
        Self { who, id, socket: None }
    }

    fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("the room was entered")
    }
}

impl Actor for User {
    fn login(&self) -> &str {
        &self.who.login
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn credential(&self) -> Credential {
        Credential::SessionId(self.who.session.clone())
    }

    fn make_room<'a>(&'a mut self, others: &'a [&'a dyn Actor]) -> Act<'a, i64> {
        let others: Vec<_> = others.iter().map(|other| other.login().to_owned()).collect();
        Box::pin(async move {
            let room =
                self.who.post("/api/chatrooms", json!({"targetUserIds": others})).await.is(201);
            number(room["roomId"].as_str().expect("a text"))
        })
    }

    fn finds<'a>(&'a mut self, room: i64, people: &'a [&'a str]) -> Act<'a> {
        Box::pin(async move {
            let room = self.who.get(&format!("/api/chatrooms/{room}")).await.is(200);
            let mut found = texts(&room["participants"], "userId");
            found.sort_unstable();
            assert_eq!(found, people);
        })
    }

    fn is_shut_out(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            self.who.get(&format!("/Room/{room}")).await.fails_realtime(404);
            self.who.delete(&format!("/Room/{room}")).await.fails_realtime(404);
        })
    }

    fn does<'a>(&'a mut self, room: i64, deed: &'a Deed) -> Act<'a, Done> {
        Box::pin(async move {
            match deed {
                Deed::Enter => {
                    self.enter(room).await;
                    Done::OnSocket
                }
                Deed::Delete => {
                    self.who.delete(&format!("/Room/{room}")).await.is(204);
                    Done::Quietly
                }
                Deed::Rename(_)
                | Deed::Add(_)
                | Deed::Remove(_)
                | Deed::Leave
                | Deed::Promote(_)
                | Deed::Edit(_)
                | Deed::Unsay => Done::Not,
            }
        })
    }

    fn sees<'a>(&'a mut self, scene: &'a Scene) -> Act<'a> {
        Box::pin(async move {
            let rooms = self.who.get("/Room").await.is(200);
            let found =
                rooms.as_array().expect("a list").iter().find(|room| room["id"] == scene.room);
            assert_eq!(found.is_none(), matches!(scene.deed, Deed::Delete), "{rooms}");
            if let Deed::Rename(name) = &scene.deed {
                assert_eq!(found, Some(&json!({"id": scene.room, "name": name})));
            }
        })
    }

    fn log_out(&mut self) -> Act<'_> {
        Box::pin(async move {
            assert_eq!(self.who.post("/Logout", "").await.is(200), status(true));
            if let Some(mut socket) = self.socket.take() {
                assert_eq!(socket.closed().await, 4401);
            }
        })
    }

    fn is_refused(&mut self) -> Act<'_> {
        Box::pin(async move { self.who.get("/Room").await.fails_realtime(401) })
    }
}

impl Talker for User {
    fn signs(&self) -> String {
        self.who.login.clone()
    }

    fn enter(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move { self.socket = Some(self.who.open(room).await) })
    }

    fn twin(&self) -> Box<dyn Talker> {
        Box::new(Self { who: self.who.clone(), id: self.id, socket: None })
    }

    fn post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move {
            self.socket().send(json!({"msg": text})).await;
            let answer = self.socket().expect(|frame| !frame["status"].is_null()).await;
            assert_eq!(answer, status(true));
        })
    }

    fn is_refused_to_post<'a>(&'a mut self, text: &'a str) -> Act<'a> {
        Box::pin(async move {
            self.socket().send(json!({"msg": text})).await;
            let answer = self.socket().expect(|frame| !frame["status"].is_null()).await;
            assert_eq!(answer, status(false));
        })
    }

    fn hears<'a>(&'a mut self, _: i64, author: (&'a str, i64), text: &'a str) -> Act<'a> {
        Box::pin(async move {
            // The sending socket only receives the reply.
            if author.1 == self.id {
                return;
            }
            let frame = self.socket().expect(|frame| frame["type"] == 0).await;
            has_exactly(&frame, &["type", "msg", "username", "nickname", "time"]);
            assert_eq!(
                (&frame["msg"], &frame["username"], &frame["nickname"]),
                (&json!(text), &json!(author.0), &json!(author.0))
            );
            assert!(frame["time"].is_i64(), "{frame}");
        })
    }

    fn told(&self, scene: &Scene) -> Vec<Json> {
        let presence = scene.presence();
        presence.iter().map(|(who, came)| json!({
            "type": 1, "username": who.login, "nickname": who.login, "action": i32::from(*came),
        })).collect()
    }

    fn next_undated(&mut self) -> Act<'_, Json> {
        Box::pin(async move { undated(self.socket().next().await, &[("time", Json::is_i64)]) })
    }

    fn hears_until<'a>(&'a mut self, text: &'a str) -> Act<'a, Vec<Json>> {
        Box::pin(async move { self.socket().all_until(|frame| frame["msg"] == text).await.0 })
    }

    fn is_cut_off(&mut self) -> Act<'_> {
        Box::pin(async move {
            self.socket().send(json!({"msg": "?"})).await;
            assert_eq!(self.socket().next().await, status(false), "the socket stays and says so");
        })
    }

    fn is_closed(&mut self) -> Act<'_, u16> {
        Box::pin(async move { self.socket().closed().await })
    }

    fn history(&mut self, room: i64) -> Act<'_, Vec<(String, String)>> {
        Box::pin(async move {
            let history = self.who.get(&format!("/api/chatrooms/{room}/messages")).await.is(200);
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            history["messages"]
                .as_array()
                .expect("a list")
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

    fn loses(&mut self, _: i64) -> Act<'_> {
        Box::pin(async move {
            self.socket().send(json!({"msg": "Still here?"})).await;
            let answer = self.socket().expect(|frame| !frame["status"].is_null()).await;
            assert_eq!(answer, status(false), "the socket stays and says so");
        })
    }
}
