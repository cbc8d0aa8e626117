//! Events in the past tense, with everything an encoder needs: dialects look nothing up.
//!
//! Committed events come from the store in commit order; transient ones (typing, presence) through
//! the bus. An event never depends on its reader: personal content is an event of its own.

use std::sync::Arc;

use super::{
    Availability, CustomEmoji, LiveState, Look, MediaId, Message, Participant, Person, Personal,
    Reaction, ReadMark, Rev, Room, RoomChanges, RoomFacts, RoomId, Seq, SessionId, SocketId,
    Status, Timestamp, UserId, Who,
};

/// An event for sockets, live rooms or caches.
#[derive(Clone, Debug)]
pub enum Event {
    /// Committed: one step of a room's `rev`.
    Room(Arc<RoomEvent>),
    /// Committed: a user has become a participant (or created the room); personal, delivered before
    /// the room's own event.
    RoomAdded {
        /// The user who receives it.
        user: UserId,
        /// The room directly after the change, including `rev`.
        facts: Arc<RoomFacts>,
        /// State of the live room: the store sets `closed`, the delivering server the current
        /// state.
        state: LiveState,
        /// Time of the change.
        at: Timestamp,
    },
    /// Committed: a read mark has moved (not sent if posting moved the sender's own mark).
    Marked {
        /// The mark, with the unread count of its user.
        mark: ReadMark,
        /// The reader.
        person: Person,
        /// Author of the message read, who receives the event in large rooms.
        author: UserId,
        /// Number of participants of the room.
        participants: u32,
    },
    /// Committed: something that only this user sees has changed. An answer to a slash command is
    /// transient.
    Personal {
        /// The user who receives it.
        user: UserId,
        /// The change.
        change: Personal,
        /// Time of the change.
        at: Timestamp,
    },
    /// Committed: name, picture, rights or credentials of a user changed; caches remove the user.
    UserChanged {
        /// The user who changed.
        user: UserId,
    },
    /// Transient, after a commit: a user has set or removed their status. Sockets of the user and of
    /// everybody who shares one of the rooms receive it once.
    StatusChanged {
        /// The user.
        person: Person,
        /// The status; None: it was removed.
        status: Option<Status>,
        /// The rooms of the user.
        rooms: Vec<RoomId>,
        /// Time of the change.
        at: Timestamp,
    },
    /// Committed: a custom emoji was added, or removed.
    Emoji {
        /// Its name, without colons.
        name: String,
        /// Its picture, with whoever has added it; None: it was removed.
        picture: Option<EmojiPicture>,
        /// Time of the change.
        at: Timestamp,
    },
    /// Committed: sessions have ended; their sockets close with 4401.
    SessionEnded {
        /// User of the sessions.
        user: UserId,
        /// The ended sessions.
        sessions: Vec<SessionId>,
    },
    /// Committed: administrators have changed how the server presents itself.
    LookChanged {
        /// What they have set now; what is in force once the dispatcher delivers it.
        look: Arc<Look>,
        /// Time of the change.
        at: Timestamp,
    },
    /// Transient: a user's first socket has entered a room.
    Entered {
        /// The room entered.
        room: RoomId,
        /// The user who entered.
        person: Person,
        /// The socket, which does not receive the event.
        socket: SocketId,
        /// Time of the entry.
        at: Timestamp,
    },
    /// Transient: a user's last socket has left a room.
    Left {
        /// The room left.
        room: RoomId,
        /// The user who left.
        person: Person,
        /// Time of the leave.
        at: Timestamp,
    },
    /// Transient: merged entries and leaves of one second, in rooms with many users present.
    Presence {
        /// The room entered and left.
        room: RoomId,
        /// Login names of users who entered.
        joined: Vec<String>,
        /// Login names of users who left.
        left: Vec<String>,
        /// Number of users present now.
        online: u32,
        /// Time of the event.
        at: Timestamp,
    },
    /// Transient: a user is typing.
    Typing {
        /// The room in which the user types.
        room: RoomId,
        /// The user; their own sockets do not receive the event.
        person: Person,
    },
    /// Transient: users whom a socket watches have become more or less available. Only sockets that
    /// watch them receive it, each with those it watches.
    Availability {
        /// Login names, with the availability of each.
        users: Vec<(String, Availability)>,
        /// Time of the event.
        at: Timestamp,
    },
    /// Transient: the availability of these users on other servers may have changed.
    AvailableElsewhere {
        /// The users.
        users: Vec<UserId>,
    },
    /// Changes missed by a room's listeners, created by the dispatcher after a loss: each changed
    /// message in its current version, in rev order.
    CaughtUp {
        /// The messages, and the room if its facts changed.
        changes: Arc<RoomChanges>,
        /// The newest message known to listeners; later ones are new to them.
        known: Seq,
    },
    /// A room has this rev: whoever is behind has missed events. Repeated by the server that made
    /// the commit when its event may not have arrived.
    Head {
        /// The room.
        room: RoomId,
        /// Its newest rev, as far as that server knows.
        rev: Rev,
    },
    /// The bus has lost events of this room (None: of any room); live rooms catch up by `rev`.
    Lost {
        /// The room, if known.
        room: Option<RoomId>,
    },
    /// The bus has lost events of this user (None: of any user), which have no `rev`: the
    /// dispatcher looks for rooms they were added to.
    LostPersonal {
        /// The user, if known.
        user: Option<UserId>,
    },
}

impl Event {
    /// Returns the number of new messages in it.
    pub fn posted(&self) -> u64 {
        let Self::Room(step) = self else { return 0 };
        let posted = step.changes.iter().filter(|change| matches!(change, Change::Posted(_)));
        posted.count() as u64
    }
}

/// The picture of a custom emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmojiPicture {
    /// Name of the file.
    pub file: String,
    /// Id of the file.
    pub id: MediaId,
}

impl EmojiPicture {
    /// Returns the picture of an emoji.
    pub fn of(emoji: &CustomEmoji) -> Self {
        Self { file: emoji.media.name.clone(), id: emoji.media.id }
    }
}

/// One committed step of a room: one `rev`, usually one change.
#[derive(Clone, Debug)]
pub struct RoomEvent {
    /// The room that changed.
    pub room: RoomId,
    /// Rev of the room afterwards; exactly one more than before.
    pub rev: Rev,
    /// Time of the commit.
    pub at: Timestamp,
    /// The user who made the change.
    pub by: Who,
    /// The socket that requested it, on this server.
    pub socket: Option<SocketId>,
    /// The changes; several only if the complete membership was replaced.
    pub changes: Vec<Change>,
}

/// A change of a room.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new message.
    Posted(Message),
    /// The text of a message was edited.
    Edited(Message),
    /// The content of a message was deleted; the message in its current version.
    Deleted(Message),
    /// A reaction was added.
    Reacted {
        /// The message reacted to.
        seq: Seq,
        /// The added reaction.
        reaction: Reaction,
    },
    /// A reaction was removed.
    Unreacted {
        /// The message reacted to.
        seq: Seq,
        /// The removed reaction.
        reaction: Reaction,
    },
    /// Name, settings, pins or owner changed.
    Updated(Room),
    /// A participant was added.
    ParticipantAdded(Participant),
    /// Role, `edited_name`, display name or picture of a participant changed.
    ParticipantChanged(Participant),
    /// A participant was removed or left.
    ParticipantRemoved(Person),
    /// The room was deleted.
    RoomDeleted,
}

/// The queue that receives the events of a commit from a store, in order, before the store answers.
/// It is bounded: an engine with its own thread waits with `blocking_send`, an async engine with
/// `send`. An error means that the receiver was dropped, because the process is ending.
pub type EventSink = tokio::sync::mpsc::Sender<Event>;
