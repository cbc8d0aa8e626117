//! Server frames.

use serde::Serialize;
use utoipa::ToSchema;

use super::users::Media;
use super::{Changes, Message, Room};
use crate::api::openapi::types;

/// A server frame. Timestamps have whole seconds, except `created_at` and `edited_at`.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Frame<'a> {
    ConnectionEstablished {
        message: &'static str,
        user_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
        heartbeat_s: u64,
        epoch: &'a str,
    },
    Pong {
        user_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    RoomJoined {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        user_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
        rev: i64,
        #[schema(schema_with = types::live_state)]
        state: &'static str,
        online: &'a [String],
        online_count: u32,
        messages: Vec<Message<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        reset: Option<bool>,
    },
    RoomLeft {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        user_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    UserJoined {
        user_id: &'a str,
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    UserLeft {
        user_id: &'a str,
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    Presence {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        joined: &'a [String],
        left: &'a [String],
        online_count: u32,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    UserTyping {
        user_id: &'a str,
        #[schema(schema_with = types::room_key)]
        room_id: String,
    },
    MessageSent {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::message_key)]
        message_id: String,
        seq: i64,
        rev: i64,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        client_id: Option<&'a str>,
    },
    ChatMessage {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::message_key)]
        message_id: String,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        sender_name: &'a str,
        content: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
        #[schema(schema_with = types::millis)]
        created_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        client_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        reply_to: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        media: Vec<Media<'a>>,
    },
    MessageEdited {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::message_key)]
        message_id: String,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        content: &'a str,
        #[schema(schema_with = types::millis)]
        edited_at: String,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    MessageDeleted {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::message_key)]
        message_id: String,
        seq: i64,
        rev: i64,
        user_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    ReactionAdded(Reacted<'a>),
    ReactionRemoved(Reacted<'a>),
    ReadMarked {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::message_key)]
        message_id: String,
        user_id: &'a str,
        last_read_seq: i64,
        unread_count: u32,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    MessageRead {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[schema(schema_with = types::message_key)]
        message_id: String,
        user_id: &'a str,
        last_read_seq: i64,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    Changes {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        #[serde(flatten)]
        changes: Changes<'a>,
    },
    Subscribed {
        rooms: Vec<SubscribedRoom>,
    },
    RoomUpdated {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        rev: i64,
        #[schema(required)]
        name: Option<&'a str>,
        #[schema(schema_with = types::visibility)]
        visibility: &'static str,
        owner_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    RoomAdded {
        room: Room<'a>,
        unread_count: u32,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    ParticipantAdded(ParticipantNow<'a>),
    ParticipantChanged(ParticipantNow<'a>),
    ParticipantRemoved {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        rev: i64,
        user_id: &'a str,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    RoomDeleted {
        #[schema(schema_with = types::room_key)]
        room_id: String,
        rev: i64,
        #[schema(schema_with = types::seconds)]
        timestamp: String,
    },
    /// The only frame without a documented type of its own: see [`Complaint`].
    #[serde(untagged)]
    Error(Complaint<'a>),
}

/// A reaction that was added or removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reacted<'a> {
    #[schema(schema_with = types::room_key)]
    pub(crate) room_id: String,
    #[schema(schema_with = types::message_key)]
    pub(crate) message_id: String,
    pub(crate) seq: i64,
    pub(crate) rev: i64,
    pub(crate) user_id: &'a str,
    pub(crate) reaction_type: &'a str,
    #[schema(schema_with = types::seconds)]
    pub(crate) timestamp: String,
}

/// A participant who was added or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ParticipantNow<'a> {
    #[schema(schema_with = types::room_key)]
    pub(crate) room_id: String,
    pub(crate) rev: i64,
    pub(crate) user_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) edited_name: &'a str,
    #[schema(schema_with = types::role)]
    pub(crate) role: &'static str,
    #[schema(schema_with = types::seconds)]
    pub(crate) timestamp: String,
}

/// A room in `subscribed`.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscribedRoom {
    #[schema(schema_with = types::room_key)]
    pub(crate) room_id: String,
    pub(crate) rev: i64,
    pub(crate) last_seq: i64,
    pub(crate) unread_count: u32,
    pub(crate) mention_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) reset: Option<bool>,
}

/// Reply to a frame that failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Complaint<'a> {
    pub(crate) error: &'static str,
    pub(crate) message: String,
    #[schema(schema_with = types::seconds)]
    pub(crate) timestamp: String,
    /// The type of a frame with an unknown type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) kind: Option<&'a str>,
}

/// A frame with the `ref` of the request it replies to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answer<'a> {
    #[serde(flatten)]
    pub(crate) frame: Frame<'a>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) reference: Option<&'a str>,
}
