//! Request bodies. Unknown keys are ignored; null in place of something optional counts as absent.

use serde::{Deserialize, Deserializer};

use crate::chat::{CreatorRole, NewMessage, People, ProfileChange, Registration, RoomPlan};
use crate::model::{Error, MediaId, MessageId, Reaction, Result, Role, Visibility};

/// A body that may only say who calls: read, connect, delete.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Caller {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
}

/// POST /api/users
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewUser {
    user_id: String,
    password: String,
    name: Option<String>,
    email: Option<String>,
    birth: Option<String>,
}

impl From<NewUser> for Registration {
    fn from(new: NewUser) -> Self {
        Self { login: new.user_id, password: new.password, name: new.name, email: new.email, birth: new.birth }
    }
}

/// POST /api/login; what is missing is as wrong as what is wrong.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogIn {
    pub(crate) user_id: String,
    pub(crate) password: String,
}

/// PATCH …/me
#[derive(Deserialize)]
pub(crate) struct ChangeMine {
    pub(crate) muted: bool,
}

/// PATCH /api/users/me; null takes `email`, `birth` and `mediaId` away.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeMe {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    email: Given<String>,
    #[serde(default, deserialize_with = "given")]
    birth: Given<String>,
    #[serde(default, deserialize_with = "given")]
    media_id: Given<i64>,
    password: Option<String>,
    current_password: Option<String>,
}

/// Absent, null, or there.
type Given<T> = Option<Option<T>>;

/// Tells null from absent.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Given<T>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

impl From<ChangeMe> for ProfileChange {
    fn from(change: ChangeMe) -> Self {
        Self {
            name: change.name,
            email: change.email,
            birth: change.birth,
            media: change.media_id.map(|id| id.map(MediaId)),
            password: change.password,
            current_password: change.current_password,
        }
    }
}

/// POST /api/chatrooms
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewRoom {
    /// Must be the caller's own.
    pub(crate) creator_id: Option<String>,
    target_user_ids: Vec<String>,
    name: Option<String>,
    visibility: Option<String>,
    direct: Option<bool>,
}

impl TryFrom<NewRoom> for RoomPlan {
    type Error = Error;

    fn try_from(new: NewRoom) -> Result<Self> {
        let visibility = match new.visibility {
            None => Visibility::Private,
            Some(word) => Visibility::parse(&word).ok_or_else(|| Error::invalid("visibility", "must be public or private"))?,
        };
        let people = People::Logins(new.target_user_ids);
        Ok(Self { name: new.name, visibility, people, creator: CreatorRole::ByCount, reuse: new.direct.unwrap_or_default() })
    }
}

/// PATCH …/name
#[derive(Deserialize)]
pub(crate) struct Rename {
    /// The new one.
    pub(crate) name: String,
}

/// POST …/participants
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewParticipant {
    /// Whom to add.
    pub(crate) user_id: String,
    role: Option<String>,
}

impl NewParticipant {
    /// As what; `member` when the body says nothing.
    pub(crate) fn role(&self) -> Result<Role> {
        self.role.as_deref().map_or(Ok(Role::Member), parse_role)
    }
}

/// PATCH …/role
#[derive(Deserialize)]
pub(crate) struct SetRole {
    role: String,
}

impl SetRole {
    /// The new one.
    pub(crate) fn role(&self) -> Result<Role> {
        parse_role(&self.role)
    }
}

fn parse_role(word: &str) -> Result<Role> {
    Role::parse(word).ok_or_else(|| Error::invalid("role", "must be admin, sub-admin or member"))
}

/// PATCH …/participants/{userId}/name
#[derive(Deserialize)]
pub(crate) struct SetEditedName {
    /// Empty: back to the display name.
    pub(crate) edited_name: String,
}

/// POST …/messages
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Post {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
    content: String,
    reply_to: Option<String>,
    client_id: Option<String>,
    media_ids: Option<Vec<i64>>,
}

impl From<Post> for NewMessage {
    fn from(post: Post) -> Self {
        Self {
            text: post.content,
            client_id: post.client_id,
            reply_to: post.reply_to.map(|key| MessageId::parse(&key)),
            media: post.media_ids.unwrap_or_default().into_iter().map(MediaId).collect(),
        }
    }
}

/// PATCH …/messages/{messageId}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edit {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
    /// The text.
    pub(crate) new_content: String,
}

/// POST …/reactions
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewReaction {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
    reaction_type: String,
}

impl NewReaction {
    /// Which.
    pub(crate) fn reaction(&self) -> Result<Reaction> {
        Reaction::parse(&self.reaction_type)
    }
}
