//! Frames that are sent.

use serde::Serialize;

use super::users::Media;
use super::{Changes, Message, Room};

/// What is sent. Times in whole seconds but for `created_at` and `edited_at`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Frame<'a> {
    ConnectionEstablished {
        message: &'static str,
        user_id: &'a str,
        timestamp: String,
        heartbeat_s: u64,
        epoch: &'a str,
    },
    Pong {
        user_id: &'a str,
        timestamp: String,
    },
    RoomJoined {
        room_id: String,
        user_id: &'a str,
        timestamp: String,
        rev: i64,
        state: &'static str,
        online: &'a [String],
        online_count: u32,
        messages: Vec<Message<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reset: Option<bool>,
    },
    RoomLeft {
        room_id: String,
        user_id: &'a str,
        timestamp: String,
    },
    UserJoined {
        user_id: &'a str,
        room_id: String,
        timestamp: String,
    },
    UserLeft {
        user_id: &'a str,
        room_id: String,
        timestamp: String,
    },
    Presence {
        room_id: String,
        joined: &'a [String],
        left: &'a [String],
        online_count: u32,
        timestamp: String,
    },
    UserTyping {
        user_id: &'a str,
        room_id: String,
    },
    MessageSent {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        timestamp: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
    },
    ChatMessage {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        sender_name: &'a str,
        content: &'a str,
        timestamp: String,
        created_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        media: Vec<Media<'a>>,
    },
    MessageEdited {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        content: &'a str,
        edited_at: String,
        timestamp: String,
    },
    MessageDeleted {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        user_id: &'a str,
        timestamp: String,
    },
    ReactionAdded(Reacted<'a>),
    ReactionRemoved(Reacted<'a>),
    ReadMarked {
        room_id: String,
        message_id: String,
        user_id: &'a str,
        last_read_seq: i64,
        unread_count: u32,
        timestamp: String,
    },
    MessageRead {
        room_id: String,
        message_id: String,
        user_id: &'a str,
        last_read_seq: i64,
        timestamp: String,
    },
    Changes {
        room_id: String,
        #[serde(flatten)]
        changes: Changes<'a>,
    },
    Subscribed {
        rooms: Vec<SubscribedRoom>,
    },
    RoomUpdated {
        room_id: String,
        rev: i64,
        name: Option<&'a str>,
        visibility: &'static str,
        owner_id: &'a str,
        timestamp: String,
    },
    RoomAdded {
        room: Room<'a>,
        unread_count: u32,
        timestamp: String,
    },
    ParticipantAdded(ParticipantNow<'a>),
    ParticipantChanged(ParticipantNow<'a>),
    ParticipantRemoved {
        room_id: String,
        rev: i64,
        user_id: &'a str,
        timestamp: String,
    },
    RoomDeleted {
        room_id: String,
        rev: i64,
        timestamp: String,
    },
    /// The one frame without a documented type of its own: see [`Complaint`].
    #[serde(untagged)]
    Error(Complaint<'a>),
}

/// A reaction given or taken back.
#[derive(Serialize)]
pub(crate) struct Reacted<'a> {
    pub(crate) room_id: String,
    pub(crate) message_id: String,
    pub(crate) seq: i64,
    pub(crate) rev: i64,
    pub(crate) user_id: &'a str,
    pub(crate) reaction_type: &'a str,
    pub(crate) timestamp: String,
}

/// A participant added or changed.
#[derive(Serialize)]
pub(crate) struct ParticipantNow<'a> {
    pub(crate) room_id: String,
    pub(crate) rev: i64,
    pub(crate) user_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) edited_name: &'a str,
    pub(crate) role: &'static str,
    pub(crate) timestamp: String,
}

/// A room in `subscribed`.
#[derive(Serialize)]
pub(crate) struct SubscribedRoom {
    pub(crate) room_id: String,
    pub(crate) rev: i64,
    pub(crate) last_seq: i64,
    pub(crate) unread_count: u32,
    pub(crate) mention_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reset: Option<bool>,
}

/// What a frame that failed is answered with.
#[derive(Serialize)]
pub(crate) struct Complaint<'a> {
    pub(crate) error: &'static str,
    pub(crate) message: String,
    pub(crate) timestamp: String,
    /// The type of a frame of unknown type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'a str>,
}

/// A frame and the `ref` of the one that it answers.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    #[serde(flatten)]
    pub(crate) frame: Frame<'a>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<&'a str>,
}
