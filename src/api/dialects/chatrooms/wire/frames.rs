//! Server frames.

use serde::Serialize;
use utoipa::ToSchema;

use super::users::{Media, Status};
use super::{Changes, Message, Preferences, Room};
use crate::api::openapi::types;
use crate::api::wire::{MessageKey, Millis, RoomKey, Seconds};

/// A server frame. Timestamps have whole seconds, except `created_at` and `edited_at`.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Frame<'a> {
    ConnectionEstablished {
        message: &'static str,
        user_id: &'a str,
        timestamp: Seconds,
        heartbeat_s: u64,
        epoch: &'a str,
    },
    Pong {
        user_id: &'a str,
        timestamp: Seconds,
    },
    RoomJoined {
        room_id: RoomKey,
        user_id: &'a str,
        timestamp: Seconds,
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
        room_id: RoomKey,
        user_id: &'a str,
        timestamp: Seconds,
    },
    UserJoined {
        user_id: &'a str,
        room_id: RoomKey,
        timestamp: Seconds,
    },
    UserLeft {
        user_id: &'a str,
        room_id: RoomKey,
        timestamp: Seconds,
    },
    Presence {
        room_id: RoomKey,
        joined: &'a [String],
        left: &'a [String],
        online_count: u32,
        timestamp: Seconds,
    },
    UserTyping {
        user_id: &'a str,
        room_id: RoomKey,
    },
    MessageSent {
        room_id: RoomKey,
        message_id: MessageKey,
        seq: i64,
        rev: i64,
        timestamp: Seconds,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        client_id: Option<&'a str>,
    },
    ChatMessage {
        room_id: RoomKey,
        message_id: MessageKey,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        sender_name: &'a str,
        content: &'a str,
        timestamp: Seconds,
        created_at: Millis,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        client_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        reply_to: Option<MessageKey>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        media: Vec<Media<'a>>,
    },
    MessageEdited {
        room_id: RoomKey,
        message_id: MessageKey,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        content: &'a str,
        edited_at: Millis,
        timestamp: Seconds,
    },
    MessageDeleted {
        room_id: RoomKey,
        message_id: MessageKey,
        seq: i64,
        rev: i64,
        user_id: &'a str,
        timestamp: Seconds,
    },
    ReactionAdded(Reacted<'a>),
    ReactionRemoved(Reacted<'a>),
    ReadMarked {
        room_id: RoomKey,
        message_id: MessageKey,
        user_id: &'a str,
        last_read_seq: i64,
        unread_count: u32,
        timestamp: Seconds,
    },
    MessageRead {
        room_id: RoomKey,
        message_id: MessageKey,
        user_id: &'a str,
        last_read_seq: i64,
        timestamp: Seconds,
    },
    Changes {
        room_id: RoomKey,
        #[serde(flatten)]
        changes: Changes<'a>,
    },
    Subscribed {
        rooms: Vec<SubscribedRoom>,
    },
    RoomSettings {
        room_id: RoomKey,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(schema_with = types::notify_level, required = false)]
        notify: Option<&'static str>,
        favourite: bool,
        muted: bool,
        timestamp: Seconds,
    },
    MySettings {
        #[serde(flatten)]
        settings: Preferences,
        timestamp: Seconds,
    },
    MessageSaved {
        room_id: RoomKey,
        message_id: MessageKey,
        timestamp: Seconds,
    },
    MessageUnsaved {
        room_id: RoomKey,
        message_id: MessageKey,
        timestamp: Seconds,
    },
    ServerUpdated {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        accent: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        motd: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        icon: Option<&'a str>,
        timestamp: Seconds,
    },
    /// A reply of a thread was posted, or deleted.
    ThreadUpdated {
        room_id: RoomKey,
        /// The message with which the thread begins.
        message_id: MessageKey,
        reply_id: MessageKey,
        /// That of the reply.
        seq: i64,
        /// Author of the reply.
        sender_id: &'a str,
        created_at: Millis,
        /// Whether the reply was deleted.
        deleted: bool,
        timestamp: Seconds,
    },
    ThreadChanged {
        room_id: RoomKey,
        /// The message with which the thread begins.
        message_id: MessageKey,
        following: bool,
        /// Replies up to here are read.
        last_read_seq: i64,
        /// `seq` of the newest unread reply; absent: everything is read.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        unread_seq: Option<i64>,
        timestamp: Seconds,
    },
    DraftSaved {
        room_id: RoomKey,
        /// A message of the thread; absent: the draft belongs to the room itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        thread: Option<MessageKey>,
        /// Empty: the draft was removed.
        content: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        reply_to: Option<MessageKey>,
        saved_at: Millis,
        timestamp: Seconds,
    },
    StatusChanged {
        user_id: &'a str,
        /// Absent: the user has removed it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        status: Option<Status<'a>>,
        timestamp: Seconds,
    },
    /// Users named with `watch_presence`: in reply to it all of them, later those who have changed.
    UserPresence {
        online: Vec<&'a str>,
        /// All of their connected devices are idle.
        away: Vec<&'a str>,
        offline: Vec<&'a str>,
        timestamp: Seconds,
    },
    /// A program has answered later to a slash command that I have sent; not stored.
    CommandResponse {
        room_id: RoomKey,
        /// Name of the command, without the slash.
        command: &'a str,
        content: &'a str,
        timestamp: Seconds,
    },
    EmojiAdded {
        name: &'a str,
        media_name: &'a str,
        media_id: i64,
        timestamp: Seconds,
    },
    EmojiRemoved {
        name: &'a str,
        timestamp: Seconds,
    },
    RoomUpdated {
        room_id: RoomKey,
        rev: i64,
        #[schema(required)]
        name: Option<&'a str>,
        #[schema(schema_with = types::visibility)]
        visibility: &'static str,
        owner_id: &'a str,
        /// Seq of the newest message that has expired; absent: none has.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        expired_seq: Option<i64>,
        timestamp: Seconds,
    },
    RoomAdded {
        room: Room<'a>,
        unread_count: u32,
        timestamp: Seconds,
    },
    ParticipantAdded(ParticipantNow<'a>),
    ParticipantChanged(ParticipantNow<'a>),
    ParticipantRemoved {
        room_id: RoomKey,
        rev: i64,
        user_id: &'a str,
        timestamp: Seconds,
    },
    RoomDeleted {
        room_id: RoomKey,
        rev: i64,
        timestamp: Seconds,
    },
    /// The only frame without a documented type of its own: see [`Complaint`].
    #[serde(untagged)]
    Error(Complaint<'a>),
}

/// A reaction that was added or removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reacted<'a> {
    pub(crate) room_id: RoomKey,
    pub(crate) message_id: MessageKey,
    pub(crate) seq: i64,
    pub(crate) rev: i64,
    pub(crate) user_id: &'a str,
    pub(crate) reaction_type: &'a str,
    pub(crate) timestamp: Seconds,
}

/// A participant who was added or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ParticipantNow<'a> {
    pub(crate) room_id: RoomKey,
    pub(crate) rev: i64,
    pub(crate) user_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) edited_name: &'a str,
    #[schema(schema_with = types::role)]
    pub(crate) role: &'static str,
    pub(crate) timestamp: Seconds,
}

/// A room in `subscribed`.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscribedRoom {
    pub(crate) room_id: RoomKey,
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
    pub(crate) timestamp: Seconds,
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
