//! The row of `chats`, which has rooms and no messages.

use reqwest::Method;
use serde_json::json;

use super::deeds::{Deed, Done, Scene};
use super::input::{Fault, Input, OfRoom};
use super::{Act, Actor, Credential, Dialect};
use crate::support::{self, Answer, Client, Json, Server};

/// `/chats` and `/auth`.
pub(super) struct Chats;

struct User {
    user: support::Chats,
}

impl Dialect for Chats {
    fn name(&self) -> &'static str {
        "chats"
    }

    fn enrol<'a>(&'a self, server: &'a Server, login: &'a str) -> Act<'a, Box<dyn Actor>> {
        Box::pin(async move {
            Box::new(User { user: support::Chats::new(server, login).await }) as Box<dyn Actor>
        })
    }

    fn carry(&self, client: &Client, credential: &Credential) -> Option<Client> {
        Some(match credential {
            Credential::Token(token) => client.bearer(token),
            Credential::SessionId(id) => client.with("x-session-id", id),
        })
    }

    fn whoami(&self) -> &'static str {
        "/chats"
    }

    fn unauthorized(&self) -> (u16, Json) {
        (400, json!({"status": "fail", "data": {"title": "Invalid authorization"}}))
    }

    fn input(&self) -> Input {
        Input {
            taking: vec![
                Input::taking(
                    Method::POST,
                    "/auth/login",
                    json!({"login": "ann", "password": "long enough"}),
                ),
                Input::taking(Method::POST, "/auth/token", json!({"refreshToken": "0"})),
                Input::taking(Method::POST, "/chats", json!({"name": "New", "userIds": [1]})),
            ],
            of_rooms: vec![
                OfRoom::Request(Method::PATCH, "/chats/{}", json!({"name": "New"})),
                Input::of_room(Method::DELETE, "/chats/{}"),
            ],
            unknown: &[
                "/auth",
                "/auth/",
                "/auth/Login",
                "/auth/logout",
                "/auth/login/x",
                "/chats/1/users",
                "/chats//1",
            ],
            known: &[
                ("/auth/login", &["POST"]),
                ("/auth/token/", &["POST"]),
                ("/chats", &["GET", "POST"]),
                ("/chats/{}", &["DELETE", "PATCH"]),
            ],
        }
    }

    fn refuses(&self, answer: &Answer, fault: Fault<'_>) {
        match fault {
            Fault::Malformed => answer.fails_chats(400, "Invalid body"),
            // Either field names the user.
            Fault::Mistyped("login") if answer.text.contains("email") => {
                answer.fails_chats(400, "Invalid email");
            }
            Fault::Mistyped(key) => answer.fails_chats(400, &format!("Invalid {key}")),
            Fault::TooLarge => answer.fails_chats(413, "Body too large"),
            Fault::UnknownPath => answer.fails_chats(404, "Not found"),
            Fault::WrongMethod => answer.fails_chats(405, "Method not allowed"),
            Fault::NoRoom(id) if id != "0" && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                answer.fails_chats(404, "Chat not found");
            }
            Fault::NoRoom(_) => answer.fails_chats(400, "Invalid id"),
            Fault::ForeignOrigin => answer.fails_chats(403, "Forbidden"),
            Fault::ForeignRoom => answer.fails_chats(401, "Unauthorized user"),
        }
    }
}

impl User {
    /// Returns the room, if it is one of the caller's.
    async fn chat(&self, room: i64) -> Option<Json> {
        self.user.chats().await.into_iter().find(|chat| chat["id"] == room)
    }

    /// Returns the users of the room, if it is one of the caller's.
    async fn people(&self, room: i64) -> Vec<i64> {
        let chat = self.chat(room).await.unwrap_or_default();
        chat["users"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|place| place["user"]["id"].as_i64())
            .collect()
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
        Credential::Token(self.user.access.clone())
    }

    fn make_room<'a>(&'a mut self, others: &'a [&'a dyn Actor]) -> Act<'a, i64> {
        let others: Vec<_> = others.iter().map(|other| other.id()).collect();
        Box::pin(async move { self.user.room(&others).await })
    }

    fn finds<'a>(&'a mut self, room: i64, people: &'a [&'a str]) -> Act<'a> {
        Box::pin(async move {
            let chats = self.user.chats().await;
            let chat = chats
                .iter()
                .find(|chat| chat["id"] == room)
                .unwrap_or_else(|| panic!("{room} is not in {chats:?}"));
            let mut found: Vec<_> = chat["users"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|place| &place["user"]["name"])
                .collect();
            found.sort_by_key(|name| name.as_str());
            assert_eq!(found, people);
        })
    }

    fn is_shut_out(&mut self, room: i64) -> Act<'_> {
        Box::pin(async move {
            // This dialect reveals to non-participants that the room exists.
            self.user
                .patch(&format!("/chats/{room}"), json!({"name": "?"}))
                .await
                .fails_chats(401, "Unauthorized user");
            self.user.delete(&format!("/chats/{room}")).await.fails_chats(401, "Unauthorized user");
            assert!(self.user.chats().await.iter().all(|chat| chat["id"] != room));
        })
    }

    fn does<'a>(&'a mut self, room: i64, deed: &'a Deed) -> Act<'a, Done> {
        Box::pin(async move {
            let path = format!("/chats/{room}");
            let mut people = self.people(room).await;
            let change = match deed {
                Deed::Rename(name) => json!({"name": name}),
                Deed::Add(who) => {
                    people.push(who.id);
                    json!({"userIds": people})
                }
                Deed::Remove(who) => {
                    people.retain(|id| *id != who.id);
                    json!({"userIds": people})
                }
                Deed::Leave => {
                    people.retain(|id| *id != self.user.id);
                    json!({"userIds": people})
                }
                Deed::Delete => {
                    self.user.delete(&path).await.succeeds();
                    return Done::Quietly;
                }
                Deed::Enter | Deed::Promote(_) | Deed::Edit(_) | Deed::Unsay => return Done::Not,
            };
            self.user.patch(&path, change).await.succeeds();
            Done::Quietly
        })
    }

    fn sees<'a>(&'a mut self, scene: &'a Scene) -> Act<'a> {
        Box::pin(async move {
            let Some(chat) = self.chat(scene.room).await else {
                assert!(matches!(scene.deed, Deed::Delete), "{} is one of mine", scene.room);
                return self
                    .user
                    .delete(&format!("/chats/{}", scene.room))
                    .await
                    .fails_chats(404, "Chat not found");
            };
            assert!(!matches!(scene.deed, Deed::Delete), "{chat}");
            if let Deed::Rename(name) = &scene.deed {
                assert_eq!(chat["name"], *name);
            }
            if let Some((who, entered)) = scene.moved() {
                assert_eq!(self.people(scene.room).await.contains(&who.id), entered, "{chat}");
            }
        })
    }

    fn log_out(&mut self) -> Act<'_> {
        // The dialect has no such request.
        Box::pin(async move { drop(self.user.post("/api/logout", json!({})).await.is(204)) })
    }

    fn is_refused(&mut self) -> Act<'_> {
        Box::pin(async move {
            self.user.get("/chats").await.fails_chats(400, "Invalid authorization");
            self.user
                .post("/auth/token", json!({"refreshToken": self.user.refresh}))
                .await
                .fails_chats(400, "Invalid refreshToken");
        })
    }
}
