//! Client frames.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::model::{
    Command, MediaId, MessageRef, NewDraft, NewMessage, Reaction, Result, Rev, RoomId,
};

/// A frame of a known type.
pub(crate) trait Incoming: DeserializeOwned {
    /// Returns the command of the frame.
    fn command(self) -> Result<Command>;
}

/// `leave_room`, `typing`
#[derive(Deserialize, ToSchema)]
pub(crate) struct RoomOnly {
    room_id: Option<String>,
}

impl RoomOnly {
    /// Returns the room named in the frame.
    pub(crate) fn room(&self) -> Option<RoomId> {
        self.room_id.as_deref().map(room)
    }
}

/// `join_room`
#[derive(Deserialize, ToSchema)]
pub(crate) struct Join {
    room_id: Option<String>,
    since_rev: Option<u64>,
    epoch: Option<String>,
}

impl Incoming for Join {
    fn command(self) -> Result<Command> {
        Ok(Command::Enter {
            room: self.room_id.as_deref().map(room),
            since: self.since_rev.map(rev),
            epoch: self.epoch,
        })
    }
}

/// `chat_message`
#[derive(Deserialize, ToSchema)]
pub(crate) struct Say {
    #[schema(schema_with = types::content)]
    content: String,
    room_id: Option<String>,
    #[schema(schema_with = types::client_id, required = false)]
    client_id: Option<String>,
    reply_to: Option<String>,
    #[schema(schema_with = types::media_ids, required = false)]
    media_ids: Option<Vec<i64>>,
}

impl Incoming for Say {
    fn command(self) -> Result<Command> {
        Ok(Command::Post {
            room: self.room_id.as_deref().map(room),
            message: NewMessage {
                text: self.content,
                client_id: self.client_id,
                reply_to: self.reply_to.as_deref().map(MessageRef::parse),
                media: self.media_ids.unwrap_or_default().into_iter().map(MediaId).collect(),
            },
        })
    }
}

/// `edit_message`
#[derive(Deserialize, ToSchema)]
pub(crate) struct Rewrite {
    #[schema(schema_with = types::message_key)]
    message_id: String,
    #[schema(schema_with = types::content)]
    content: String,
}

impl Incoming for Rewrite {
    fn command(self) -> Result<Command> {
        Ok(Command::Edit { message: MessageRef::parse(&self.message_id), text: self.content })
    }
}

/// `delete_message`
#[derive(Deserialize, ToSchema)]
pub(crate) struct Erase {
    #[schema(schema_with = types::message_key)]
    message_id: String,
}

impl Incoming for Erase {
    fn command(self) -> Result<Command> {
        Ok(Command::Delete { message: MessageRef::parse(&self.message_id) })
    }
}

/// `add_reaction`, `remove_reaction`
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReactTo {
    #[schema(schema_with = types::message_key)]
    message_id: String,
    #[schema(schema_with = types::reaction)]
    reaction_type: String,
}

impl ReactTo {
    /// Returns the message and the reaction.
    pub(crate) fn reaction(&self) -> Result<(MessageRef, Reaction)> {
        Ok((MessageRef::parse(&self.message_id), Reaction::parse(&self.reaction_type)?))
    }
}

/// `mark_read`
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReadUpTo {
    room_id: Option<String>,
    #[schema(schema_with = types::message_key)]
    message_id: String,
}

impl Incoming for ReadUpTo {
    fn command(self) -> Result<Command> {
        Ok(Command::MarkRead {
            room: self.room_id.as_deref().map(room),
            message: MessageRef::parse(&self.message_id),
        })
    }
}

/// `save_draft`
#[derive(Deserialize, ToSchema)]
pub(crate) struct KeepDraft {
    room_id: Option<String>,
    /// The first message of the thread; absent: the draft belongs to the room itself.
    thread: Option<String>,
    /// At most 8,000 characters; a blank text removes the draft.
    content: String,
    reply_to: Option<String>,
}

impl Incoming for KeepDraft {
    fn command(self) -> Result<Command> {
        let message = |key: Option<String>| key.as_deref().map(MessageRef::parse);
        Ok(Command::SaveDraft {
            room: self.room_id.as_deref().map(room),
            draft: NewDraft {
                thread: message(self.thread),
                text: self.content,
                reply_to: message(self.reply_to),
            },
        })
    }
}

/// `set_idle`
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetIdle {
    /// Whether nobody has used the device for some time.
    idle: bool,
}

impl Incoming for SetIdle {
    fn command(self) -> Result<Command> {
        Ok(Command::SetIdle { idle: self.idle })
    }
}

/// `watch_presence`
#[derive(Deserialize, ToSchema)]
pub(crate) struct WatchPresence {
    /// Replaces those named before.
    #[schema(max_items = 500)]
    user_ids: Vec<String>,
}

impl Incoming for WatchPresence {
    fn command(self) -> Result<Command> {
        Ok(Command::Watch { users: self.user_ids })
    }
}

/// `subscribe`
#[derive(Deserialize, ToSchema)]
pub(crate) struct Since {
    since: Option<HashMap<String, u64>>,
    epoch: Option<String>,
}

impl Incoming for Since {
    /// Unreadable room keys are omitted: `subscribed` does not list them either.
    fn command(self) -> Result<Command> {
        let since = self
            .since
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(key, n)| Some((RoomId::parse(&key)?, rev(n))))
            .collect();
        Ok(Command::Subscribe { since, epoch: self.epoch })
    }
}

/// Parses a room key; an unreadable one becomes a room that never exists.
fn room(key: &str) -> RoomId {
    RoomId::parse(key).unwrap_or(RoomId::UNKNOWN)
}

/// Converts a rev; a number out of range becomes greater than that of any room.
fn rev(number: u64) -> Rev {
    Rev(i64::try_from(number).unwrap_or(i64::MAX))
}
