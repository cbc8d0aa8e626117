//! The JSON of `realtime`, named as in its document.

#![expect(
    single_use_lifetimes,
    reason = "code derived by `ToSchema` names lifetimes that it uses once"
)]

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::chat::{CreatorRole, People, Registration, RoomPlan};
use crate::model::{self, Person, Room as Stored, Timestamp, Visibility};

/// `POST /User`
#[derive(Deserialize, ToSchema)]
pub(super) struct NewUser {
    #[schema(schema_with = types::new_login)]
    username: String,
    #[schema(schema_with = types::new_password)]
    password: String,
    #[schema(schema_with = types::display_name_if_any, required = false)]
    nickname: Option<String>,
}

impl From<NewUser> for Registration {
    fn from(new: NewUser) -> Self {
        Self { login: new.username, password: new.password, name: new.nickname, ..Self::default() }
    }
}

/// `POST /Login`
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    #[schema(schema_with = types::login)]
    pub(super) username: String,
    #[schema(schema_with = types::password_or_digest)]
    pub(super) password: String,
    /// Code of the app, or a recovery code, if the account has a second factor.
    pub(super) code: Option<String>,
}

/// `POST /Room`
#[derive(Deserialize, ToSchema)]
pub(super) struct NewRoom {
    #[schema(schema_with = types::room_name)]
    name: String,
}

impl From<NewRoom> for RoomPlan {
    fn from(new: NewRoom) -> Self {
        let people = People::Ids(Vec::new());
        Self {
            name: Some(new.name),
            visibility: Visibility::Public,
            people,
            creator: CreatorRole::ByCount,
            reuse: false,
        }
    }
}

/// The first frame of a client.
#[derive(Deserialize, ToSchema)]
pub(super) struct Ticket {
    #[schema(schema_with = types::opaque)]
    pub(super) token: String,
}

/// Every other frame of a client.
#[derive(Deserialize, ToSchema)]
pub(super) struct Say {
    #[schema(schema_with = types::content)]
    pub(super) msg: String,
}

/// Whether a request succeeded: the reply to a log-in, a log-out and every frame.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    pub(super) status: bool,
}

/// The body of every other failure.
#[derive(Serialize, ToSchema)]
pub(super) struct Failure {
    status: bool,
    message: String,
}

impl Failure {
    /// A failure with a text for users.
    pub(super) fn new(message: String) -> Self {
        Self { status: false, message }
    }
}

/// `GET /User/{username}`
#[derive(Serialize, ToSchema)]
pub(super) struct User<'a> {
    username: &'a str,
    nickname: &'a str,
}

impl<'a> From<&'a model::User> for User<'a> {
    fn from(user: &'a model::User) -> Self {
        Self { username: &user.login, nickname: &user.name }
    }
}

/// An entry of `GET /Room`.
#[derive(Serialize, ToSchema)]
pub(super) struct Room<'a> {
    id: i64,
    name: &'a str,
}

impl<'a> From<&'a Stored> for Room<'a> {
    fn from(room: &'a Stored) -> Self {
        Self { id: room.id.0, name: room.name.as_deref().unwrap_or_default() }
    }
}

/// `GET /Room/{id}`
#[derive(Serialize, ToSchema)]
pub(super) struct Token<'a> {
    #[schema(schema_with = types::opaque)]
    pub(super) token: &'a str,
}

/// A message; the user name is missing if the author's account was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct Message<'a> {
    r#type: u8,
    msg: &'a str,
    username: &'a str,
    nickname: &'a str,
    time: i64,
}

impl<'a> From<&'a model::Message> for Message<'a> {
    fn from(message: &'a model::Message) -> Self {
        Self {
            r#type: 0,
            msg: &message.text,
            username: message.author.login(),
            nickname: message.author.name(),
            time: seconds(message.created),
        }
    }
}

/// A user who entered or left.
#[derive(Serialize, ToSchema)]
pub(super) struct Presence<'a> {
    r#type: u8,
    username: &'a str,
    nickname: &'a str,
    action: u8,
    time: i64,
}

impl<'a> Presence<'a> {
    /// Builds the frame for this user and time.
    pub(super) fn new(person: &'a Person, entered: bool, at: Timestamp) -> Self {
        Self {
            r#type: 1,
            username: &person.login,
            nickname: &person.name,
            action: entered.into(),
            time: seconds(at),
        }
    }
}

/// Converts to whole seconds of Unix time.
fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::golden;

    #[track_caller]
    fn same(name: &str, actual: &impl Serialize) {
        golden::same("realtime", name, actual);
    }

    #[test]
    fn answers_are_as_documented() {
        same("rest.user.json", &User::from(&golden::ann()));
        same("rest.token.json", &Token { token: "0123456789abcdef0123456789abcdef01234567" });
        same("status-true.json", &Status { status: true });
        same("status-false.json", &Status { status: false });
    }

    #[test]
    fn a_nameless_room_has_an_empty_name() {
        let (named, bare) = (golden::facts().room, golden::bare_facts().room);
        same("rest.rooms.json", &[Room::from(&named), Room::from(&bare)]);
    }

    #[test]
    fn a_message_of_a_user_who_is_gone_has_no_user_name() {
        let mut orphan = golden::plain();
        orphan.author = model::Who::Deleted;
        same("frame.message-orphan.json", &Message::from(&orphan));
    }

    #[test]
    fn a_nickname_may_be_left_out() {
        let new = |body: &str| Registration::from(serde_json::from_str::<NewUser>(body).unwrap());
        assert_eq!(new(r#"{"username": "ann", "password": "long enough"}"#).name, None);
        assert_eq!(
            new(r#"{"username": "ann", "password": "long enough", "nickname": null, "more": 1}"#)
                .name,
            None
        );
        let full = new(r#"{"username": "ann", "password": "long enough", "nickname": "Ann Lee"}"#);
        assert_eq!(
            (full.login.as_str(), full.password.as_str(), full.name.as_deref()),
            ("ann", "long enough", Some("Ann Lee"))
        );
    }

    #[test]
    fn a_room_is_public_and_its_maker_alone_in_it() {
        let plan = RoomPlan::from(
            serde_json::from_str::<NewRoom>(r#"{"name": "Lobby", "users": [2]}"#).unwrap(),
        );
        assert!(matches!(plan.people, People::Ids(ids) if ids.is_empty()));
        assert!(
            !plan.reuse
                && plan.name.as_deref() == Some("Lobby")
                && plan.visibility == Visibility::Public
        );
        for bad in ["{}", r#"{"name": null}"#, r#"{"name": 7}"#] {
            assert!(serde_json::from_str::<NewRoom>(bad).is_err(), "{bad}");
        }
    }
}
