//! The JSON of `rooms`, named as in its document.

#![expect(
    single_use_lifetimes,
    reason = "code derived by `ToSchema` names lifetimes that it uses once"
)]

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::api::wire::{Millis, RoomKey};
use crate::chat::{CreatorRole, LoggedIn, People, Registration, RoomPlan};
use crate::model::{self, Participant, Person, RoomId, Timestamp, Visibility};

/// Replaces every password.
const MASK: &str = "********";

/// `POST /users`
#[derive(Deserialize, ToSchema)]
pub(super) struct NewUser {
    #[schema(schema_with = types::new_login)]
    user_id: String,
    #[schema(schema_with = types::new_password)]
    password: String,
    #[schema(schema_with = types::email)]
    email: String,
    #[schema(schema_with = types::display_name)]
    name: String,
}

impl From<NewUser> for Registration {
    fn from(new: NewUser) -> Self {
        let NewUser { user_id, password, email, name } = new;
        Self { login: user_id, password, name: Some(name), email: Some(email), birth: None }
    }
}

/// `POST /login`
#[derive(Deserialize, ToSchema)]
pub(super) struct LogIn {
    #[schema(schema_with = types::login)]
    pub(super) user_id: String,
    #[schema(schema_with = types::password)]
    pub(super) password: String,
    /// Code of the app, or a recovery code, if the account has a second factor.
    pub(super) code: Option<String>,
}

/// `POST /rooms`
#[derive(Deserialize, ToSchema)]
pub(super) struct NewRoom {
    #[schema(schema_with = types::room_name)]
    name: String,
}

impl From<NewRoom> for RoomPlan {
    fn from(new: NewRoom) -> Self {
        let nobody = People::Ids(Vec::new());
        Self {
            name: Some(new.name),
            visibility: Visibility::Public,
            people: nobody,
            creator: CreatorRole::ByCount,
            reuse: false,
        }
    }
}

/// The body of every failure, and the content of every error frame.
#[derive(Serialize, ToSchema)]
pub(super) struct Failure {
    pub(super) error: &'static str,
    /// Text that begins with the code.
    pub(super) error_message: String,
}

/// A new session.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened<'a> {
    #[schema(schema_with = types::opaque)]
    session: &'a str,
}

impl<'a> From<&'a LoggedIn> for Opened<'a> {
    fn from(login: &'a LoggedIn) -> Self {
        Self { session: &login.secret }
    }
}

/// A user, as seen by themselves.
#[derive(Serialize, ToSchema)]
pub(super) struct User<'a> {
    id: i64,
    #[serde(rename = "user_id")]
    login: &'a str,
    password: &'static str,
    #[schema(required)]
    email: Option<&'a str>,
    name: &'a str,
}

impl<'a> From<&'a model::User> for User<'a> {
    fn from(user: &'a model::User) -> Self {
        Self {
            id: user.id.0,
            login: &user.login,
            password: MASK,
            email: user.email.as_deref(),
            name: &user.name,
        }
    }
}

/// A room.
#[derive(Serialize, ToSchema)]
pub(super) struct Room<'a> {
    #[serde(rename = "room_id")]
    key: RoomKey,
    name: &'a str,
    owner: &'a str,
    /// Only present in archived rooms, where nobody may post, enter for the first time or be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    archived: Option<bool>,
}

impl<'a> From<&'a model::Room> for Room<'a> {
    fn from(room: &'a model::Room) -> Self {
        Self {
            key: room.id.into(),
            name: room.name.as_deref().unwrap_or_default(),
            owner: &room.owner_login,
            archived: room.archived.map(|_| true),
        }
    }
}

/// A server frame.
#[derive(Serialize, ToSchema)]
#[serde(tag = "action", rename_all = "lowercase")]
pub(super) enum Frame<'a> {
    Enter { room_id: RoomKey, user_id: &'a str, name: &'a str, first: bool, users: Vec<Named<'a>> },
    Join(Step<'a>),
    Message { room_id: RoomKey, user_id: &'a str, name: &'a str, message: &'a str, time: Millis },
    Leave(Step<'a>),
    Deleted { room_id: RoomKey, time: Millis },
    Error(Failure),
}

impl<'a> From<&'a model::Message> for Frame<'a> {
    fn from(message: &'a model::Message) -> Self {
        let (room_id, time) = (message.room.into(), message.created.into());
        Self::Message {
            room_id,
            user_id: message.author.login(),
            name: message.author.name(),
            message: &message.text,
            time,
        }
    }
}

/// A user in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Named<'a> {
    user_id: &'a str,
    name: &'a str,
}

impl<'a> From<&'a Participant> for Named<'a> {
    fn from(participant: &'a Participant) -> Self {
        Self { user_id: &participant.login, name: participant.shown_name() }
    }
}

/// A user who was added to or removed from the user list of a room.
#[derive(Serialize, ToSchema)]
pub(super) struct Step<'a> {
    room_id: RoomKey,
    user_id: &'a str,
    name: &'a str,
    time: Millis,
}

impl<'a> Step<'a> {
    /// Builds the frame for this user and time.
    pub(super) fn new(room: RoomId, person: &'a Person, at: Timestamp) -> Self {
        Self { room_id: room.into(), user_id: &person.login, name: &person.name, time: at.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::golden::{self, ANN, NOW};
    use crate::model::{Hash32, Session, SessionId, UserId};

    #[track_caller]
    fn same(name: &str, actual: &impl Serialize) {
        golden::same("rooms", name, actual);
    }

    #[test]
    fn a_login_is_a_session() {
        let session = Session {
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
        };
        let login = LoggedIn {
            session,
            secret: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            user: golden::ann(),
        };
        same("rest.session.json", &Opened::from(&login));
    }

    #[test]
    fn a_user_has_five_keys_and_no_password() {
        same("rest.user.json", &User::from(&golden::ann()));
        same("rest.user-bare.json", &User::from(&golden::petr()));
    }

    #[test]
    fn rooms_are_keys_names_and_owners() {
        let (facts, bare) = (golden::facts(), golden::bare_facts());
        same("rest.room.json", &Room::from(&facts.room));
        same("rest.rooms.json", &[Room::from(&facts.room), Room::from(&bare.room)]);
    }

    #[test]
    fn a_registration_needs_all_four_fields() {
        let whole = r#"{
            "user_id": "ann", "password": "long enough", "email": "ann@example.org",
            "name": "Ann Lee", "more": 1
        }"#;
        let new = Registration::from(serde_json::from_str::<NewUser>(whole).unwrap());
        assert_eq!((new.login.as_str(), new.password.as_str()), ("ann", "long enough"));
        assert_eq!(
            (new.email.as_deref(), new.name.as_deref(), new.birth),
            (Some("ann@example.org"), Some("Ann Lee"), None)
        );
        for missing in ["user_id", "password", "email", "name"] {
            assert!(
                serde_json::from_str::<NewUser>(&whole.replace(missing, "other")).is_err(),
                "{missing}"
            );
        }
    }

    #[test]
    fn a_new_room_is_public_and_its_creators_alone() {
        let plan = RoomPlan::from(
            serde_json::from_str::<NewRoom>(r#"{"name": "Lounge", "users": [2]}"#).unwrap(),
        );
        assert!(matches!(plan.people, People::Ids(ids) if ids == [] as [UserId; 0]));
        assert_eq!(
            (plan.name.as_deref(), plan.visibility, plan.reuse),
            (Some("Lounge"), Visibility::Public, false)
        );
        for bad in ["{}", r#"{"name": null}"#, r#"{"name": 7}"#] {
            assert!(serde_json::from_str::<NewRoom>(bad).is_err(), "{bad}");
        }
    }
}
