//! Threads: what the conversation shows of them, and those that a user follows.

use serde::Serialize;
use utoipa::ToSchema;

use super::Message;
use crate::api::wire::{MessageKey, Millis, RoomKey};
use crate::model::{self, MessageId};

/// `GET …/threads`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadSummaries<'a> {
    room_id: RoomKey,
    threads: Vec<ThreadSummary<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ThreadSummary<'a> {
    /// The message with which the thread begins.
    message_id: MessageKey,
    /// Number of replies that are not deleted.
    reply_count: u32,
    /// Time of the newest of them.
    last_reply_at: Millis,
    /// `seq` of the newest of them.
    last_reply_seq: i64,
    /// Authors of the newest replies, each once, at most three.
    repliers: Vec<Replier<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Replier<'a> {
    user_id: &'a str,
    /// Name in the room.
    name: &'a str,
}

impl<'a> ThreadSummaries<'a> {
    /// Builds the summaries of a room.
    pub(crate) fn new(room: model::RoomId, found: &'a [model::ThreadSummary]) -> Self {
        let threads = found.iter().map(|thread| ThreadSummary {
            message_id: MessageId { room, seq: thread.root }.into(),
            reply_count: thread.replies,
            last_reply_at: thread.last.into(),
            last_reply_seq: thread.last_seq.0,
            repliers: thread
                .repliers
                .iter()
                .map(|person| Replier { user_id: &person.login, name: &person.name })
                .collect(),
        });
        Self { room_id: room.into(), threads: threads.collect() }
    }
}

/// `GET /api/users/me/threads/followed`
#[derive(Serialize, ToSchema)]
pub(crate) struct Follows {
    threads: Vec<Follow>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Follow {
    room_id: RoomKey,
    /// The message with which the thread begins.
    message_id: MessageKey,
    /// `seq` of the newest unread reply; absent: everything is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unread_seq: Option<i64>,
}

impl From<&[model::Follow]> for Follows {
    fn from(follows: &[model::Follow]) -> Self {
        let threads = follows.iter().map(|follow| Follow {
            room_id: follow.root.room.into(),
            message_id: follow.root.into(),
            unread_seq: follow.unread.map(|seq| seq.0),
        });
        Self { threads: threads.collect() }
    }
}

/// `GET /api/users/me/threads`
#[derive(Serialize, ToSchema)]
pub(crate) struct FollowedThreads<'a> {
    threads: Vec<FollowedThread<'a>>,
    /// `before` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FollowedThread<'a> {
    room_id: RoomKey,
    /// The message with which the thread begins; may be deleted.
    message: Named<'a>,
    /// The newest reply that is not deleted.
    last_reply: Named<'a>,
    /// Number of replies that are not deleted.
    reply_count: u32,
    /// Number of those that are unread, without own ones.
    unread_count: u32,
}

/// A message with the name of its author in the room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    sender_name: &'a str,
}

impl<'a> From<&'a model::Message> for Named<'a> {
    fn from(message: &'a model::Message) -> Self {
        Self { message: message.into(), sender_name: message.author.name() }
    }
}

impl<'a> FollowedThreads<'a> {
    /// Builds a page of at most `limit` threads.
    pub(crate) fn new(threads: &'a [model::FollowedThread], limit: u32) -> Self {
        let full = threads.len() >= limit as usize;
        Self {
            threads: threads
                .iter()
                .map(|thread| FollowedThread {
                    room_id: thread.root.room.into(),
                    message: (&thread.root).into(),
                    last_reply: (&thread.last).into(),
                    reply_count: thread.replies,
                    unread_count: thread.unread,
                })
                .collect(),
            cursor: threads.last().filter(|_| full).map(|last| last.place().to_string()),
        }
    }
}
