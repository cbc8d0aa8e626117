//! The JSON of `v1`, spelled as its document spells it.

use serde::{Deserialize, Serialize};

use crate::chat::{CreatorRole, LoggedIn, People, Registration, RoomPlan};
use crate::model::{self, Participant, RoomFacts, Session, UserId, Visibility};

/// `POST /v1/register`, `POST /v1/login`
#[derive(Deserialize)]
pub(super) struct Credentials {
    pub(super) login: String,
    pub(super) password: String,
}

impl From<&Credentials> for Registration {
    fn from(new: &Credentials) -> Self {
        Self { login: new.login.clone(), password: new.password.clone(), ..Self::default() }
    }
}

/// A body in which nothing is asked for, and an answer that says nothing: `{}`.
#[derive(Deserialize, Serialize)]
pub(super) struct Nothing {}

/// `POST /v1/rooms`
#[derive(Deserialize)]
pub(super) struct NewRoom {
    users: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: i64,
}

impl From<NewRoom> for RoomPlan {
    fn from(new: NewRoom) -> Self {
        let people = People::Ids(new.users.into_iter().map(|user| UserId(user.id)).collect());
        Self { name: None, visibility: Visibility::Private, people, creator: CreatorRole::Member, reuse: true }
    }
}

/// A frame of a client.
#[derive(Deserialize)]
pub(super) struct Say {
    pub(super) text: String,
}

/// The body of every failure, and the frame of every error.
#[derive(Serialize)]
pub(super) struct Failure {
    error: Code,
}

#[derive(Serialize)]
struct Code {
    code: &'static str,
}

impl Failure {
    /// A failure of this code.
    pub(super) fn new(code: &'static str) -> Self {
        Self { error: Code { code } }
    }
}

/// A new session.
#[derive(Serialize)]
pub(super) struct Opened<'a> {
    session_id: &'a str,
}

impl<'a> From<&'a LoggedIn> for Opened<'a> {
    fn from(login: &'a LoggedIn) -> Self {
        Self { session_id: &login.secret }
    }
}

/// A user.
#[derive(Serialize)]
pub(super) struct User<'a> {
    id: i64,
    login: &'a str,
}

impl<'a> From<&'a Session> for User<'a> {
    fn from(session: &'a Session) -> Self {
        Self { id: session.user.0, login: &session.login }
    }
}

impl<'a> From<&'a model::User> for User<'a> {
    fn from(user: &'a model::User) -> Self {
        Self { id: user.id.0, login: &user.login }
    }
}

impl<'a> From<&'a Participant> for User<'a> {
    fn from(participant: &'a Participant) -> Self {
        Self { id: participant.user.0, login: &participant.login }
    }
}

/// A room with its users, ordered by id.
#[derive(Serialize)]
pub(super) struct Room<'a> {
    pub(super) id: i64,
    users: Vec<User<'a>>,
}

impl<'a> From<&'a RoomFacts> for Room<'a> {
    fn from(facts: &'a RoomFacts) -> Self {
        let mut users: Vec<_> = facts.participants.iter().map(User::from).collect();
        users.sort_by_key(|user| user.id);
        Self { id: facts.room.id.0, users }
    }
}

/// A message; the author of one whose account is gone has id 0.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    text: &'a str,
    user_id: i64,
    room_id: i64,
    created_at: String,
}

impl<'a> From<&'a model::Message> for Message<'a> {
    fn from(message: &'a model::Message) -> Self {
        Self { text: &message.text, user_id: message.author.id.0, room_id: message.room.0, created_at: message.created.seconds_without_zone() }
    }
}
