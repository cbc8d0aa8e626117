//! Commands of sockets in any dialect, and their outcomes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{
    Availability, LiveState, MediaId, Message, MessageId, Reaction, ReadMark, Rev, RoomFacts,
    RoomId, Seq, Timestamp, Unsent,
};

/// A request of a WebSocket client. A missing room is the one its socket entered last; an
/// unreadable room key is [`RoomId::UNKNOWN`].
#[derive(Clone, Debug)]
pub enum Command {
    /// Keep-alive.
    Ping,
    /// Enter a room.
    Enter {
        /// The room; None is an error.
        room: Option<RoomId>,
        /// Newest rev known to the client.
        since: Option<Rev>,
        /// The database that `since` belongs to.
        epoch: Option<String>,
    },
    /// Leave a room, staying a participant.
    Leave {
        /// The room to leave.
        room: Option<RoomId>,
    },
    /// Leave a room for good, as a participant.
    Quit,
    /// Post a message.
    Post {
        /// The room to post in.
        room: Option<RoomId>,
        /// The message.
        message: NewMessage,
    },
    /// Change the text of one's own message.
    Edit {
        /// The message to edit.
        message: MessageRef,
        /// The new text.
        text: String,
    },
    /// Delete the content of a message.
    Delete {
        /// The message to delete.
        message: MessageRef,
    },
    /// Add or remove a reaction.
    React {
        /// The message to react to.
        message: MessageRef,
        /// The reaction to add or remove.
        reaction: Reaction,
        /// True adds, false removes.
        give: bool,
    },
    /// Mark a room as read up to a message.
    MarkRead {
        /// The room to mark.
        room: Option<RoomId>,
        /// The last message read.
        message: MessageRef,
    },
    /// The user is typing.
    Typing {
        /// The room in which the user types.
        room: Option<RoomId>,
    },
    /// Replace the draft of a room or thread, or remove it.
    SaveDraft {
        /// The room of the draft.
        room: Option<RoomId>,
        /// The draft.
        draft: NewDraft,
    },
    /// Tell whether the person at this device is idle.
    SetIdle {
        /// True: nobody has used the device for some time.
        idle: bool,
    },
    /// Receive the availability of these users, now and whenever it changes, instead of those named
    /// before.
    Watch {
        /// Login names, at most [`MAX_WATCHED`](super::MAX_WATCHED).
        users: Vec<String>,
    },
    /// Receive the events of all rooms of the user, after missed changes.
    Subscribe {
        /// Newest rev of each room known to the client.
        since: HashMap<RoomId, Rev>,
        /// The database that `since` belongs to.
        epoch: Option<String>,
    },
}

impl Command {
    /// Returns whether it writes something that others see or that stays. Entering a room decides
    /// by itself: it joins public rooms.
    pub fn changes(&self) -> bool {
        match self {
            Self::Ping
            | Self::Enter { .. }
            | Self::Leave { .. }
            | Self::Subscribe { .. }
            | Self::Watch { .. } => false,
            Self::Quit
            | Self::Post { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. }
            | Self::MarkRead { .. }
            | Self::Typing { .. }
            | Self::SetIdle { .. }
            | Self::SaveDraft { .. } => true,
        }
    }
}

/// A message that a client wants to post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// Text of the message.
    pub text: String,
    /// Id given by the client, which makes repeating a post harmless.
    pub client_id: Option<String>,
    /// The message it replies to.
    pub reply_to: Option<MessageRef>,
    /// Attachments.
    pub media: Vec<MediaId>,
}

/// What a user has begun to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDraft {
    /// A message of the thread; None: it belongs to the room itself.
    pub thread: Option<MessageRef>,
    /// The text; a blank one removes the draft.
    pub text: String,
    /// The message it replies to.
    pub reply_to: Option<MessageRef>,
}

impl NewMessage {
    /// A message with only a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A message as named by clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRef {
    /// A key, which includes the room.
    Id(MessageId),
    /// Not a key; there is no such message.
    Unreadable,
}

impl MessageRef {
    /// Parses the key of a message.
    pub fn parse(key: &str) -> Self {
        MessageId::parse(key).map_or(Self::Unreadable, Self::Id)
    }

    /// Returns the id, if it is a key.
    pub fn id(self) -> Option<MessageId> {
        match self {
            Self::Id(id) => Some(id),
            Self::Unreadable => None,
        }
    }
}

/// Outcome of a [`Command`].
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No reply is necessary.
    Silent,
    /// Reply to [`Command::Ping`].
    Pong,
    /// Reply to [`Command::Enter`].
    Entered(Box<Entered>),
    /// Reply to [`Command::Leave`] and [`Command::Quit`].
    Left(RoomId),
    /// Reply to a change of a message; durable.
    Stored(Stored),
    /// Reply to [`Command::MarkRead`].
    Marked(Marked),
    /// Reply to [`Command::SaveDraft`]: the draft as it is stored.
    Draft(Unsent),
    /// Reply to [`Command::Watch`]: login names with the availability of each, without users that the
    /// caller may not see.
    Watched(Vec<(String, Availability)>),
    /// A page of changes missed by a subscriber.
    Changes(Box<RoomChanges>),
    /// Reply to [`Command::Subscribe`], after the pages.
    Subscribed(Vec<Subscription>),
}

/// State of a room on entry.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The room and its participants.
    pub facts: Arc<RoomFacts>,
    /// State of the live room, `active` unless it has just been left.
    pub state: LiveState,
    /// Rev from which to continue.
    pub rev: Rev,
    /// Login names of users present, at most 200.
    pub online: Vec<String>,
    /// Number of users present.
    pub online_count: u32,
    /// The latest messages in ascending order of seq, or changed messages by rev.
    pub messages: Vec<Message>,
    /// `since` was too old: `messages` are the latest instead.
    pub reset: bool,
    /// Whether the user became a participant.
    pub first: bool,
}

/// A durable change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The message that was changed.
    pub message: MessageId,
    /// Rev of this change (of the first one, if it was repeated).
    pub rev: Rev,
    /// Time of the change.
    pub at: Timestamp,
    /// Id given by the client.
    pub client_id: Option<String>,
    /// The change had been made before; nothing was stored now.
    pub repeated: bool,
}

/// A stored read mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The mark.
    pub mark: ReadMark,
    /// Login name of its user.
    pub login: String,
}

/// Changes of a room after a rev.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Id of the database; differs after a restore.
    pub epoch: String,
    /// Rev from which to continue.
    pub rev: Rev,
    /// There are more changes above `rev`.
    pub more: bool,
    /// Changes since the requested rev are unknown; `messages` is empty and the client must fetch
    /// the room again, from `rev`.
    pub reset: bool,
    /// The room, if its facts changed after the requested rev.
    pub room: Option<RoomFacts>,
    /// Each changed message once, in its current version, in rev order.
    pub messages: Vec<Message>,
}

impl Changes {
    /// Returns the messages after this one, in the order in which they were posted; those that were
    /// edited since come later among the changes.
    pub fn new_messages(&self, known: Seq) -> Vec<&Message> {
        let is_new = |message: &&Message| message.seq > known && message.deleted.is_none();
        let mut new: Vec<_> = self.messages.iter().filter(is_new).collect();
        new.sort_by_key(|message| message.seq);
        new
    }

    /// Returns whether some messages after `known` come on later pages, but newer ones are here.
    pub fn has_gap_after(&self, known: Seq) -> bool {
        let new = || self.messages.iter().map(|message| message.seq).filter(|seq| *seq > known);
        let reach = new().max().map_or(0, |newest| newest.0 - known.0);
        usize::try_from(reach).is_ok_and(|reach| reach != new().count())
    }

    /// Joins two pages of which the other one follows.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        if next.reset {
            return next;
        }
        let again: BTreeSet<_> = next.messages.iter().map(|message| message.seq).collect();
        self.messages.retain(|message| !again.contains(&message.seq));
        self.messages.extend(next.messages);
        Self { messages: self.messages, room: next.room.or(self.room), ..next }
    }
}

/// A page of changes of one room missed by a subscriber.
#[derive(Clone, Debug)]
pub struct RoomChanges {
    /// The room that changed.
    pub room: RoomId,
    /// The changes on this page.
    pub changes: Changes,
    /// State of the live room, for the room object.
    pub state: LiveState,
}

/// One room of a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The room of the state below.
    pub room: RoomId,
    /// Events after this rev follow.
    pub rev: Rev,
    /// Seq of its newest message.
    pub last_seq: Seq,
    /// Unread messages.
    pub unread: u32,
    /// Unread messages that mention the user.
    pub mentions: u32,
    /// Too many changes were missed, or they are no longer known; fetch the room again.
    pub reset: bool,
}

/// A room as one user sees it.
#[derive(Clone, Debug)]
pub struct RoomState {
    /// Room and participants.
    pub facts: Arc<RoomFacts>,
    /// State of its live room.
    pub state: LiveState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Who;

    fn page(rev: i64, more: bool, messages: &[(i64, i64)]) -> Changes {
        let message = |(seq, rev): &(i64, i64)| Message {
            room: RoomId(1),
            seq: Seq(*seq),
            rev: Rev(*rev),
            author: Who::Server,
            text: String::new(),
            created: Timestamp(1),
            edited: None,
            deleted: None,
            reply_to: None,
            thread: None,
            client_id: None,
            reactions: Vec::new(),
            media: Vec::new(),
        };
        Changes {
            epoch: String::new(),
            rev: Rev(rev),
            more,
            reset: false,
            room: None,
            messages: messages.iter().map(message).collect(),
        }
    }

    fn seqs(messages: &[&Message]) -> Vec<i64> {
        messages.iter().map(|message| message.seq.0).collect()
    }

    #[test]
    fn new_messages_come_in_their_order_even_if_edited_since() {
        let mut changes = page(9, false, &[(5, 5), (7, 7), (2, 8), (6, 9)]);
        assert_eq!(seqs(&changes.new_messages(Seq(4))), [5, 6, 7]);
        changes.messages[0].deleted = Some(Timestamp(2));
        assert_eq!(seqs(&changes.new_messages(Seq(4))), [6, 7]);
        assert!(!changes.has_gap_after(Seq(4)), "a deleted message is there, too");
    }

    #[test]
    fn pages_are_joined_until_no_message_is_missing() {
        let first = page(7, true, &[(5, 5), (7, 7)]);
        assert!(first.has_gap_after(Seq(4)));
        assert!(!page(6, true, &[(5, 5), (6, 6)]).has_gap_after(Seq(4)));
        assert!(!page(6, true, &[(3, 5), (4, 6)]).has_gap_after(Seq(4)), "only old ones");
        // The other page also has a message that was changed again in between.
        let both = first.followed_by(page(9, false, &[(6, 8), (5, 9)]));
        assert_eq!(seqs(&both.messages.iter().collect::<Vec<_>>()), [7, 6, 5]);
        assert_eq!((both.rev, both.more), (Rev(9), false));
        assert!(!both.has_gap_after(Seq(4)));
        let reset = Changes { reset: true, ..page(12, false, &[]) };
        assert!(both.followed_by(reset).messages.is_empty());
    }
}
