//! Messages, reactions, read marks, changes.

use serde::Serialize;
use utoipa::ToSchema;

use super::users::{Media, media_of};
use crate::api::wire::{MessageKey, Millis, RoomKey, Seconds};
use crate::chat::{self, Hit, Hits};
use crate::model::{self, Marked, MessageId, Reaction, Seq, Stored};

/// A message; absent values are omitted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    message_id: MessageKey,
    room_id: RoomKey,
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content: Option<&'a str>,
    created_at: Millis,
    seq: i64,
    rev: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    edited_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deleted_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reply_to: Option<MessageKey>,
    /// Of a reply: the message with which its thread begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thread_id: Option<MessageKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reactions<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<Media<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reactions<'a> {
    reaction_type: &'a str,
    user_ids: &'a [String],
}

/// Returns the key of the message replied to, in the same room.
pub(crate) fn reply_key(message: &model::Message) -> Option<MessageKey> {
    message.reply_to.map(|seq| MessageId { room: message.room, seq }.into())
}

/// Returns the key of the message with which the thread of a reply begins, in the same room.
pub(crate) fn thread_key(message: &model::Message) -> Option<MessageKey> {
    message.thread.map(|seq| MessageId { room: message.room, seq }.into())
}

impl<'a> From<&'a model::Message> for Message<'a> {
    fn from(message: &'a model::Message) -> Self {
        Self {
            message_id: message.id().into(),
            room_id: message.room.into(),
            user_id: message.author.login(),
            content: message.deleted.is_none().then_some(message.text.as_str()),
            created_at: message.created.into(),
            seq: message.seq.0,
            rev: message.rev.0,
            edited_at: message.edited.map(Millis),
            deleted_at: message.deleted.map(Millis),
            reply_to: reply_key(message),
            thread_id: thread_key(message),
            client_id: message.client_id.as_deref(),
            reactions: message
                .reactions
                .iter()
                .map(|r| Reactions { reaction_type: r.reaction.as_str(), user_ids: &r.users })
                .collect(),
            media: media_of(message),
        }
    }
}

/// `GET …/messages`
#[derive(Serialize, ToSchema)]
pub(crate) struct History<'a> {
    #[serde(rename = "chatroomId")]
    room_id: RoomKey,
    messages: Vec<Stamped<'a>>,
}

#[derive(Serialize, ToSchema)]
struct Stamped<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    timestamp: Seconds,
}

impl<'a> History<'a> {
    /// Builds a page of a room.
    pub(crate) fn new(room: model::RoomId, messages: &'a [model::Message]) -> Self {
        let messages = messages
            .iter()
            .map(|m| Stamped { message: m.into(), timestamp: m.created.into() })
            .collect();
        Self { room_id: room.into(), messages }
    }
}

/// `GET …/thread`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thread<'a> {
    #[serde(rename = "chatroomId")]
    room_id: RoomKey,
    /// The message with which the thread begins.
    message: Message<'a>,
    reply_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_reply_at: Option<Millis>,
    messages: Vec<Message<'a>>,
}

impl<'a> From<&'a chat::Thread> for Thread<'a> {
    fn from(thread: &'a chat::Thread) -> Self {
        Self {
            room_id: thread.root.room.into(),
            message: (&thread.root).into(),
            reply_count: thread.replies,
            last_reply_at: thread.last.map(Millis),
            messages: thread.messages.iter().map(Message::from).collect(),
        }
    }
}

/// `GET /api/search`
#[derive(Serialize, ToSchema)]
pub(crate) struct Found<'a> {
    messages: Vec<FoundMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cursor: Option<&'a str>,
    /// Present while the index is being built.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    indexing: Option<bool>,
}

/// A match; `highlights` are ranges of code points in the snippet.
#[derive(Serialize, ToSchema)]
struct FoundMessage<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    snippet: &'a str,
    highlights: &'a [(usize, usize)],
}

impl<'a> From<&'a Hits> for Found<'a> {
    fn from(found: &'a Hits) -> Self {
        let message = |hit: &'a Hit| FoundMessage {
            message: (&hit.message).into(),
            snippet: &hit.snippet.text,
            highlights: &hit.snippet.highlights,
        };
        Self {
            messages: found.hits.iter().map(message).collect(),
            cursor: found.cursor.as_deref(),
            indexing: found.indexing.then_some(true),
        }
    }
}

/// `POST …/read`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Read<'a> {
    room_id: RoomKey,
    message_id: MessageKey,
    user_id: &'a str,
    read_at: Seconds,
    unread_count: u32,
}

impl<'a> Read<'a> {
    /// Builds the response to a request that named the message at `seq`.
    pub(crate) fn new(marked: &'a Marked, seq: Seq) -> Self {
        let mark = &marked.mark;
        let message_id = MessageId { room: mark.room, seq }.into();
        Self {
            room_id: mark.room.into(),
            message_id,
            user_id: &marked.login,
            read_at: mark.at.into(),
            unread_count: mark.unread,
        }
    }
}

/// `POST …/reactions`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReactionGiven<'a> {
    message_id: MessageKey,
    user_id: &'a str,
    reaction_type: &'a str,
    created_at: Seconds,
}

impl<'a> ReactionGiven<'a> {
    /// Builds the response to a reaction of this user.
    pub(crate) fn new(stored: &Stored, login: &'a str, reaction: &'a Reaction) -> Self {
        Self {
            message_id: stored.message.into(),
            user_id: login,
            reaction_type: reaction.as_str(),
            created_at: stored.at.into(),
        }
    }
}

/// Readers of a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readers<'a> {
    readers: Vec<Reader<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reader<'a> {
    user_id: &'a str,
    read_at: Seconds,
    last_read_seq: i64,
}

impl<'a> From<&'a [Marked]> for Readers<'a> {
    fn from(marks: &'a [Marked]) -> Self {
        let reader = |marked: &'a Marked| Reader {
            user_id: &marked.login,
            read_at: marked.mark.at.into(),
            last_read_seq: marked.mark.seq.0,
        };
        Self { readers: marks.iter().map(reader).collect() }
    }
}
