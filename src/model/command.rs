//! What a socket may ask, whatever its dialect, and what comes of it.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    LiveState, MediaId, Message, MessageId, Reaction, ReadMark, Rev, RoomFacts, RoomId, Seq,
    Timestamp,
};

/// A request of a WebSocket client. A room that a client left out is the one its socket entered
/// last; a room key that cannot be read is [`RoomId::UNKNOWN`].
#[derive(Clone, Debug)]
pub enum Command {
    /// Keep-alive.
    Ping,
    /// Be present in a room.
    Enter {
        /// Where; None is an error.
        room: Option<RoomId>,
        /// What the client has seen already.
        since: Option<Rev>,
        /// The database that `since` belongs to.
        epoch: Option<String>,
    },
    /// No longer be present.
    Leave {
        /// Where.
        room: Option<RoomId>,
    },
    /// Really leave: out of the user list.
    Quit,
    /// Post a message.
    Post {
        /// Where.
        room: Option<RoomId>,
        /// The message.
        message: NewMessage,
    },
    /// Change the text of one's own message.
    Edit {
        /// Which.
        message: MessageRef,
        /// The new text.
        text: String,
    },
    /// Take the content of a message away.
    Delete {
        /// Which.
        message: MessageRef,
    },
    /// Give or take back a reaction.
    React {
        /// To which message.
        message: MessageRef,
        /// Which.
        reaction: Reaction,
        /// Give, or take back.
        give: bool,
    },
    /// Everything up to this message is read.
    MarkRead {
        /// Where.
        room: Option<RoomId>,
        /// Up to where.
        message: MessageRef,
    },
    /// The user types.
    Typing {
        /// Where.
        room: Option<RoomId>,
    },
    /// Receive the events of all my rooms, after what was missed.
    Subscribe {
        /// What the client has of each room.
        since: HashMap<RoomId, Rev>,
        /// The database that `since` belongs to.
        epoch: Option<String>,
    },
}

/// A message that a client wants to post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// Its text.
    pub text: String,
    /// The client's own name for it; makes repeating harmless.
    pub client_id: Option<String>,
    /// The message it answers.
    pub reply_to: Option<MessageRef>,
    /// Attachments.
    pub media: Vec<MediaId>,
}

impl NewMessage {
    /// A message of nothing but text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A message as clients name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRef {
    /// By a key, which holds its room.
    Id(MessageId),
    /// By something that is not a key; there is no such message.
    Unreadable,
}

impl MessageRef {
    /// Reads the key of a message.
    pub fn parse(key: &str) -> Self {
        MessageId::parse(key).map_or(Self::Unreadable, Self::Id)
    }

    /// The key, where it is one.
    pub fn id(self) -> Option<MessageId> {
        match self {
            Self::Id(id) => Some(id),
            Self::Unreadable => None,
        }
    }
}

/// What came of a [`Command`].
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing that must be said.
    Silent,
    /// Answer to [`Command::Ping`].
    Pong,
    /// Answer to [`Command::Enter`].
    Entered(Box<Entered>),
    /// Answer to [`Command::Leave`] and [`Command::Quit`].
    Left(RoomId),
    /// Answer to whatever changed a message; durable.
    Stored(Stored),
    /// Answer to [`Command::MarkRead`].
    Marked(Marked),
    /// A page of what a subscriber missed.
    Changes(Box<RoomChanges>),
    /// Answer to [`Command::Subscribe`], after the pages.
    Subscribed(Vec<Subscription>),
}

/// How a room was found on entry.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The room and its participants.
    pub facts: Arc<RoomFacts>,
    /// Its state, `active` unless it has just been left.
    pub state: LiveState,
    /// What to ask for next.
    pub rev: Rev,
    /// Login names of those present, at most 200.
    pub online: Vec<String>,
    /// How many are present.
    pub online_count: u32,
    /// The latest messages ascending by seq, or what changed since by rev.
    pub messages: Vec<Message>,
    /// `since` lay too far back: `messages` are the latest instead.
    pub reset: bool,
    /// The user was not a participant before.
    pub first: bool,
}

/// A change of a message that is durable now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which message.
    pub message: MessageId,
    /// The room's rev at this change (or at the first time, when it was repeated).
    pub rev: Rev,
    /// When it was stored.
    pub at: Timestamp,
    /// As the client gave it.
    pub client_id: Option<String>,
    /// It had been done before; nothing was stored now.
    pub repeated: bool,
}

/// A read mark that is stored now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The mark.
    pub mark: ReadMark,
    /// The login name of its user.
    pub login: String,
}

/// What changed in a room after a rev.
#[derive(Clone, Debug)]
pub struct Changes {
    /// What the database calls itself; differs after a restore.
    pub epoch: String,
    /// What to ask for next.
    pub rev: Rev,
    /// There is more above `rev`.
    pub more: bool,
    /// The question can't be answered from there; `messages` is empty and the client starts anew
    /// from `rev`.
    pub reset: bool,
    /// The room, when its facts changed after the rev asked for.
    pub room: Option<RoomFacts>,
    /// Each changed message once, as it is now, in rev order.
    pub messages: Vec<Message>,
}

/// What a subscriber missed of one room, one page of it.
#[derive(Clone, Debug)]
pub struct RoomChanges {
    /// Which room.
    pub room: RoomId,
    /// What changed.
    pub changes: Changes,
    /// State of the live room, for the room object.
    pub state: LiveState,
}

/// One room of a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Which.
    pub room: RoomId,
    /// Events after this rev follow.
    pub rev: Rev,
    /// Number of its newest message.
    pub last_seq: Seq,
    /// Unread messages.
    pub unread: u32,
    /// Unread messages that name the user.
    pub mentions: u32,
    /// What was missed is too much or no longer known; fetch the room anew.
    pub reset: bool,
}

/// A room as one user sees it now.
#[derive(Clone, Debug)]
pub struct RoomState {
    /// Room and participants.
    pub facts: Arc<RoomFacts>,
    /// State of its live room.
    pub state: LiveState,
}
