//! Request bodies. Unknown fields are ignored; null for an optional field counts as absent.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::chat::{self, CreatorRole, People, ProfileChange, Registration, RoomPlan, RoomSettings};
use crate::model::{
    Error, MediaId, MessageRef, NewMessage, Reaction, Result, Role, Timestamp, Visibility,
};

/// Body that only names the caller: read, connect, delete.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Caller {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
}

/// POST /api/users
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewUser {
    #[schema(schema_with = types::new_login)]
    user_id: String,
    #[schema(schema_with = types::new_password)]
    password: String,
    #[schema(schema_with = types::display_name_if_any, required = false)]
    name: Option<String>,
    #[schema(schema_with = types::email_if_any, required = false)]
    email: Option<String>,
    #[schema(schema_with = types::birth_if_any, required = false)]
    birth: Option<String>,
    /// What the link of an invitation ends with: required if `[auth] registration` is `invite`.
    pub(crate) invitation: Option<String>,
}

impl From<NewUser> for Registration {
    fn from(new: NewUser) -> Self {
        Self {
            login: new.user_id,
            password: new.password,
            name: new.name,
            email: new.email,
            birth: new.birth,
        }
    }
}

/// POST /api/login; a missing field is treated like a wrong one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogIn {
    #[schema(schema_with = types::login)]
    pub(crate) user_id: String,
    #[schema(schema_with = types::password)]
    pub(crate) password: String,
    /// Code of the app, or a recovery code, if the account has a second factor.
    pub(crate) code: Option<String>,
}

/// PATCH …/me
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangeMine {
    pub(crate) muted: bool,
}

/// PATCH /api/users/me; null removes `email`, `birth` and `mediaId`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeMe {
    #[schema(schema_with = types::display_name_if_any, required = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::email_if_any, required = false)]
    email: Given<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::birth_if_any, required = false)]
    birth: Given<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    media_id: Given<i64>,
    #[serde(default, deserialize_with = "given")]
    status: Given<NewStatus>,
    #[schema(schema_with = types::new_password, required = false)]
    password: Option<String>,
    current_password: Option<String>,
}

/// A status: an emoji, a text, or both.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewStatus {
    /// One emoji.
    emoji: Option<String>,
    /// At most 100 characters.
    text: Option<String>,
    /// End, in the future; absent: until it is removed.
    #[serde(default, deserialize_with = "time_if_any")]
    #[schema(schema_with = types::timestamp_if_any, required = false)]
    until: Option<Timestamp>,
}

/// Absent, null, or a value.
pub(super) type Given<T> = Option<Option<T>>;

/// Distinguishes null from absent.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Given<T>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// Reads a timestamp, null or nothing.
fn time_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    // Years beyond 9999 cannot be written.
    let last = 253_402_300_799;
    OffsetDateTime::parse(&text, &Rfc3339)
        .ok()
        .filter(|at| (0..=last).contains(&at.unix_timestamp()))
        .map(|at| Some(Timestamp::from(at)))
        .ok_or_else(|| D::Error::custom("must be a timestamp"))
}

impl From<NewStatus> for chat::NewStatus {
    fn from(NewStatus { emoji, text, until }: NewStatus) -> Self {
        Self { emoji, text: text.unwrap_or_default(), until }
    }
}

impl From<ChangeMe> for ProfileChange {
    fn from(change: ChangeMe) -> Self {
        Self {
            name: change.name,
            email: change.email,
            birth: change.birth,
            media: change.media_id.map(|id| id.map(MediaId)),
            status: change.status.map(|status| status.map(Into::into)),
            password: change.password,
            current_password: change.current_password,
        }
    }
}

/// POST /api/chatrooms
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewRoom {
    /// Must be the caller's own.
    pub(crate) creator_id: Option<String>,
    target_user_ids: Vec<String>,
    #[schema(schema_with = types::room_name_if_any, required = false)]
    name: Option<String>,
    #[schema(schema_with = types::visibility_if_any, required = false)]
    visibility: Option<String>,
    direct: Option<bool>,
}

impl TryFrom<NewRoom> for RoomPlan {
    type Error = Error;

    fn try_from(new: NewRoom) -> Result<Self> {
        let visibility = match new.visibility {
            None => Visibility::Private,
            Some(word) => parse_visibility(&word)?,
        };
        let people = People::Logins(new.target_user_ids);
        Ok(Self {
            name: new.name,
            visibility,
            people,
            creator: CreatorRole::ByCount,
            reuse: new.direct.unwrap_or_default(),
        })
    }
}

/// PATCH /api/chatrooms/{roomId}; null removes `topic` and `description`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeSettings {
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::topic_if_any, required = false)]
    topic: Given<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::description_if_any, required = false)]
    description: Given<String>,
    #[schema(schema_with = types::visibility_if_changed, required = false)]
    visibility: Option<String>,
    read_only: Option<bool>,
    archived: Option<bool>,
}

impl TryFrom<ChangeSettings> for RoomSettings {
    type Error = Error;

    fn try_from(new: ChangeSettings) -> Result<Self> {
        // An empty text counts as null.
        let text = |given: Given<String>| given.map(|text| text.filter(|text| !text.is_empty()));
        let ChangeSettings { topic, description, visibility, read_only, archived } = new;
        let visibility = visibility.as_deref().map(parse_visibility).transpose()?;
        Ok(Self {
            topic: text(topic),
            description: text(description),
            visibility,
            read_only,
            archived,
            retention: None,
        })
    }
}

fn parse_visibility(word: &str) -> Result<Visibility> {
    Visibility::parse(word).ok_or_else(|| Error::invalid("visibility", "must be public or private"))
}

/// PATCH …/name
#[derive(Deserialize, ToSchema)]
pub(crate) struct Rename {
    /// New name.
    #[schema(schema_with = types::room_name)]
    pub(crate) name: String,
}

/// POST …/participants
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewParticipant {
    /// User to add.
    #[schema(schema_with = types::login)]
    pub(crate) user_id: String,
    #[schema(schema_with = types::role_if_any, required = false)]
    role: Option<String>,
}

impl NewParticipant {
    /// Returns the role; `member` when absent.
    pub(crate) fn role(&self) -> Result<Role> {
        self.role.as_deref().map_or(Ok(Role::Member), parse_role)
    }
}

/// PATCH …/role
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetRole {
    #[schema(schema_with = types::role)]
    role: String,
}

impl SetRole {
    /// Returns the new role.
    pub(crate) fn role(&self) -> Result<Role> {
        parse_role(&self.role)
    }
}

fn parse_role(word: &str) -> Result<Role> {
    Role::parse(word).ok_or_else(|| Error::invalid("role", "must be admin, sub-admin or member"))
}

/// PATCH …/participants/{userId}/name
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetEditedName {
    /// New name; empty: use the display name.
    #[schema(schema_with = types::edited_name)]
    pub(crate) edited_name: String,
}

/// POST …/messages
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Post {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
    #[schema(schema_with = types::content)]
    content: String,
    reply_to: Option<String>,
    #[schema(schema_with = types::client_id, required = false)]
    client_id: Option<String>,
    #[schema(schema_with = types::media_ids, required = false)]
    media_ids: Option<Vec<i64>>,
}

impl From<Post> for NewMessage {
    fn from(post: Post) -> Self {
        Self {
            text: post.content,
            client_id: post.client_id,
            reply_to: post.reply_to.as_deref().map(MessageRef::parse),
            media: post.media_ids.unwrap_or_default().into_iter().map(MediaId).collect(),
        }
    }
}

/// PATCH …/messages/{messageId}
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edit {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
    /// New text.
    #[schema(schema_with = types::content)]
    pub(crate) new_content: String,
}

/// POST …/reactions
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewReaction {
    /// Must be the caller's own.
    pub(crate) user_id: Option<String>,
    #[schema(schema_with = types::reaction)]
    reaction_type: String,
}

impl NewReaction {
    /// Returns the reaction.
    pub(crate) fn reaction(&self) -> Result<Reaction> {
        Reaction::parse(&self.reaction_type)
    }
}
