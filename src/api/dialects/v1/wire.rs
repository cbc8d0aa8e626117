//! The JSON of `v1`, named as in its document.

#![expect(
    single_use_lifetimes,
    reason = "code derived by `ToSchema` names lifetimes that it uses once"
)]

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::chat::{CreatorRole, LoggedIn, People, Registration, RoomPlan};
use crate::model::{self, Participant, RoomFacts, Session, UserId, Visibility};

/// `POST /v1/register`
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    #[schema(schema_with = types::new_login)]
    pub(super) login: String,
    #[schema(schema_with = types::new_password)]
    pub(super) password: String,
}

/// `POST /v1/login`
#[derive(Deserialize, ToSchema)]
pub(super) struct LogIn {
    #[schema(schema_with = types::login)]
    pub(super) login: String,
    #[schema(schema_with = types::password)]
    pub(super) password: String,
    /// Code of the app, or a recovery code, if the account has a second factor.
    pub(super) code: Option<String>,
}

impl From<&Credentials> for Registration {
    fn from(new: &Credentials) -> Self {
        Self { login: new.login.clone(), password: new.password.clone(), ..Self::default() }
    }
}

/// A body without fields: `{}`.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct Nothing {}

/// `POST /v1/rooms`
#[derive(Deserialize, ToSchema)]
pub(super) struct NewRoom {
    users: Vec<Named>,
}

#[derive(Deserialize, ToSchema)]
struct Named {
    id: i64,
}

impl From<NewRoom> for RoomPlan {
    fn from(new: NewRoom) -> Self {
        let people = People::Ids(new.users.into_iter().map(|user| UserId(user.id)).collect());
        Self {
            name: None,
            visibility: Visibility::Private,
            people,
            creator: CreatorRole::Member,
            reuse: true,
        }
    }
}

/// A client frame.
#[derive(Deserialize, ToSchema)]
pub(super) struct Say {
    #[schema(schema_with = types::content)]
    pub(super) text: String,
}

/// The body of every failure, and the frame of every error.
#[derive(Serialize, ToSchema)]
pub(super) struct Failure {
    error: Code,
}

#[derive(Serialize, ToSchema)]
struct Code {
    code: &'static str,
}

impl Failure {
    /// A failure with this code.
    pub(super) fn new(code: &'static str) -> Self {
        Self { error: Code { code } }
    }
}

/// A new session.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened<'a> {
    #[schema(schema_with = types::opaque)]
    session_id: &'a str,
}

impl<'a> From<&'a LoggedIn> for Opened<'a> {
    fn from(login: &'a LoggedIn) -> Self {
        Self { session_id: &login.secret }
    }
}

/// A user.
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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

/// A message; the author has id 0 if the account was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct Message<'a> {
    text: &'a str,
    user_id: i64,
    room_id: i64,
    #[schema(schema_with = types::seconds_without_zone)]
    created_at: String,
}

impl<'a> From<&'a model::Message> for Message<'a> {
    fn from(message: &'a model::Message) -> Self {
        Self {
            text: &message.text,
            user_id: message.author.id().map_or(0, |user| user.0),
            room_id: message.room.0,
            created_at: message.created.seconds_without_zone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::golden::{self, ANN, NOW};
    use crate::model::{Hash32, SessionId};

    #[track_caller]
    fn same(name: &str, actual: &impl Serialize) {
        golden::same("v1", name, actual);
    }

    fn session() -> Session {
        Session {
            id: SessionId(9),
            user: ANN,
            login: "ann".to_owned(),
            name: "Ann Lee".to_owned(),
            admin: false,
            guest: false,
            token: Hash32([0; 32]),
            device: String::new(),
            address: None,
            peer: None,
            created: NOW,
            seen: NOW,
            expires: NOW,
            grant: None,
            unproven: false,
        }
    }

    #[test]
    fn a_login_is_a_session_id() {
        let login = LoggedIn {
            session: session(),
            secret: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            user: golden::ann(),
        };
        same("rest.session.json", &Opened::from(&login));
        same("rest.nothing.json", &Nothing {});
        same("rest.info.json", &User::from(&session()));
    }

    #[test]
    fn users_are_ids_and_logins() {
        same("rest.users.json", &[User::from(&golden::ann()), User::from(&golden::petr())]);
    }

    #[test]
    fn users_of_a_room_are_ordered_by_id() {
        let (facts, bare) = (golden::facts(), golden::bare_facts());
        same("rest.room.json", &Room::from(&facts));
        same("rest.rooms.json", &[Room::from(&facts), Room::from(&bare)]);
    }

    #[test]
    fn a_message_of_a_user_who_is_gone_has_user_0() {
        let (plain, mut orphan) = (golden::plain(), golden::plain());
        orphan.author = model::Who::Deleted;
        same("rest.messages.json", &[Message::from(&plain), Message::from(&orphan)]);
    }

    #[test]
    fn other_keys_of_users_are_ignored() {
        let body = r#"{"users": [{"id": 2, "login": "x"}, {"id": 2}], "name": "y"}"#;
        let plan = RoomPlan::from(serde_json::from_str::<NewRoom>(body).unwrap());
        assert!(matches!(plan.people, People::Ids(ids) if ids == [UserId(2), UserId(2)]));
        assert!(
            plan.reuse
                && plan.name.is_none()
                && plan.visibility == Visibility::Private
                && plan.creator == CreatorRole::Member
        );
        for bad in [
            "{}",
            r#"{"users": null}"#,
            r#"{"users": [2]}"#,
            r#"{"users": [{"id": "2"}]}"#,
            r#"{"users": [{}]}"#,
        ] {
            assert!(serde_json::from_str::<NewRoom>(bad).is_err(), "{bad}");
        }
    }
}
