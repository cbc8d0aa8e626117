//! The REST objects, exactly; frames hold the same ones. Keys are camelCase, `edited_name` excepted.

use serde::Serialize;

use crate::model::{self, LiveState, RoomId};

/// Participants that a room shows in lists.
pub(super) const LISTED_PARTICIPANTS: u32 = 10;

/// A user; e-mail and birth only to themselves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    id: i64,
    user_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Media>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<bool>,
}

impl User {
    /// As others see them.
    pub(super) fn public(user: &model::User) -> Self {
        Self {
            id: user.id.0,
            user_id: user.login.clone(),
            name: user.name.clone(),
            email: None,
            birth: None,
            media: user.media.as_ref().map(Media::from),
            created_at: user.created.seconds(),
            admin: None,
        }
    }

    /// As they see themselves.
    pub(super) fn own(user: &model::User) -> Self {
        Self { email: user.email.clone(), birth: user.birth.clone(), admin: Some(user.admin), ..Self::public(user) }
    }
}

/// An uploaded file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Media {
    id: i64,
    name: String,
    r#type: String,
    is_image: bool,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
}

impl From<&model::Media> for Media {
    fn from(media: &model::Media) -> Self {
        Self {
            id: media.id.0,
            name: media.name.clone(),
            r#type: media.kind.clone(),
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name.clone(),
        }
    }
}

/// A user in a room.
#[derive(Serialize)]
pub(super) struct Participant {
    #[serde(rename = "userId")]
    user_id: String,
    edited_name: String,
    role: &'static str,
    name: String,
}

impl From<&model::Participant> for Participant {
    fn from(p: &model::Participant) -> Self {
        Self { user_id: p.login.clone(), edited_name: p.edited_name.clone(), role: p.role.as_str(), name: p.name.clone() }
    }
}

/// A room.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Room {
    room_id: String,
    name: Option<String>,
    created_at: String,
    participants: Vec<Participant>,
    user_count: u32,
    owner_id: String,
    visibility: &'static str,
    state: &'static str,
    rev: i64,
    last_seq: i64,
}

impl Room {
    /// With all its participants.
    pub(super) fn whole(facts: &model::RoomFacts, state: LiveState) -> Self {
        Self::new(facts, u32::try_from(facts.participants.len()).unwrap_or(u32::MAX), state)
    }

    fn new(facts: &model::RoomFacts, user_count: u32, state: LiveState) -> Self {
        let room = &facts.room;
        Self {
            room_id: room.id.key(),
            name: room.name.clone(),
            created_at: room.created.seconds(),
            participants: facts.participants.iter().map(Participant::from).collect(),
            user_count,
            owner_id: room.owner_login.clone(),
            visibility: room.visibility.as_str(),
            state: state.as_str(),
            rev: room.rev.0,
            last_seq: room.last_seq.0,
        }
    }
}

/// A room in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Card {
    #[serde(flatten)]
    room: Room,
    unread_count: u32,
    mention_count: u32,
    muted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<Message>,
}

impl Card {
    /// One's own room.
    pub(super) fn new(card: &model::RoomCard, state: LiveState) -> Self {
        Self {
            room: Room::new(&card.facts, card.user_count, state),
            unread_count: card.unread,
            mention_count: card.mentions,
            muted: card.muted,
            last_message: card.last_message.as_ref().map(Message::from),
        }
    }

    /// A public room: its messages are for participants.
    pub(super) fn public(card: &model::RoomCard, state: LiveState) -> Room {
        Room::new(&card.facts, card.user_count, state)
    }
}

/// A message; what is absent is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    message_id: String,
    room_id: String,
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    created_at: String,
    seq: i64,
    rev: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reaction>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<Media>,
}

/// A kind of reaction and who gave it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reaction {
    reaction_type: String,
    user_ids: Vec<String>,
}

impl From<&model::Message> for Message {
    fn from(message: &model::Message) -> Self {
        Self {
            message_id: message.id().key(),
            room_id: message.room.key(),
            user_id: message.author.login.clone(),
            content: message.deleted.is_none().then(|| message.text.clone()),
            created_at: message.created.millis(),
            seq: message.seq.0,
            rev: message.rev.0,
            edited_at: message.edited.map(model::Timestamp::millis),
            deleted_at: message.deleted.map(model::Timestamp::millis),
            reply_to: message.reply_to.map(|seq| key(message.room, seq)),
            client_id: message.client_id.clone(),
            reactions: message.reactions.iter().map(|r| Reaction { reaction_type: r.reaction.as_str().to_owned(), user_ids: r.users.clone() }).collect(),
            media: message.media.iter().map(Media::from).collect(),
        }
    }
}

/// A message of the history: also with `timestamp` in whole seconds.
#[derive(Serialize)]
pub(super) struct Dated {
    #[serde(flatten)]
    message: Message,
    timestamp: String,
}

impl From<&model::Message> for Dated {
    fn from(message: &model::Message) -> Self {
        Self { message: Message::from(message), timestamp: message.created.seconds() }
    }
}

/// What changed, on REST; the frame adds its own keys.
#[derive(Serialize)]
pub(super) struct Changes {
    epoch: String,
    rev: i64,
    more: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Room>,
    messages: Vec<Message>,
}

impl From<&model::RoomChanges> for Changes {
    fn from(changes: &model::RoomChanges) -> Self {
        let model::RoomChanges { changes, state, .. } = changes;
        Self {
            epoch: changes.epoch.clone(),
            rev: changes.rev.0,
            more: changes.more,
            reset: changes.reset,
            room: changes.room.as_ref().map(|facts| Room::whole(facts, *state)),
            messages: changes.messages.iter().map(Message::from).collect(),
        }
    }
}

/// The key of a message of this room.
pub(super) fn key(room: RoomId, seq: model::Seq) -> String {
    model::MessageId { room, seq }.key()
}
