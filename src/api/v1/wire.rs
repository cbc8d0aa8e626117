//! The dialect's JSON, exactly.

use serde::{Deserialize, Serialize};

use crate::model;

/// `{"login","password"}`
#[derive(Deserialize)]
pub(super) struct Credentials {
    pub(super) login: String,
    pub(super) password: String,
}

/// `{"users":[{"id":2}]}`; other keys of a user are ignored.
#[derive(Deserialize)]
pub(super) struct NewRoom {
    pub(super) users: Vec<UserId>,
}

#[derive(Deserialize)]
pub(super) struct UserId {
    pub(super) id: i64,
}

/// `{}`: a body that must be an object.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// A frame of a client.
#[derive(Deserialize)]
pub(super) struct Say {
    pub(super) text: String,
}

/// `{"session_id"}`
#[derive(Serialize)]
pub(super) struct SessionId<'a> {
    pub(super) session_id: &'a str,
}

/// `{"id","login"}`
#[derive(Serialize)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) login: String,
}

impl From<&model::User> for User {
    fn from(user: &model::User) -> Self {
        Self { id: user.id.0, login: user.login.clone() }
    }
}

/// `{"id","users"}`, users ordered by id.
#[derive(Serialize)]
pub(super) struct Room {
    id: i64,
    users: Vec<User>,
}

impl From<&model::RoomFacts> for Room {
    fn from(facts: &model::RoomFacts) -> Self {
        let mut users: Vec<User> = facts.participants.iter().map(|p| User { id: p.user.0, login: p.login.clone() }).collect();
        users.sort_by_key(|user| user.id);
        Self { id: facts.room.id.0, users }
    }
}

/// `{"text","user_id","room_id","created_at"}`
#[derive(Serialize)]
pub(super) struct Message {
    text: String,
    user_id: i64,
    room_id: i64,
    created_at: String,
}

impl From<&model::Message> for Message {
    fn from(message: &model::Message) -> Self {
        Self {
            text: message.text.clone(),
            user_id: message.author.id.0,
            room_id: message.room.0,
            created_at: message.created.seconds_without_zone(),
        }
    }
}
