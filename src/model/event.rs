//! What has happened, in the past tense, with all that an encoder needs: no dialect looks anything
//! up.
//!
//! Committed events come from the store in commit order; transient ones (typing, presence) through
//! the bus. An event never depends on who reads it: what is personal is an event of its own.

use std::sync::Arc;

use super::{
    LiveState, Message, Participant, Person, Reaction, ReadMark, Rev, Room, RoomChanges, RoomFacts,
    RoomId, Seq, SessionId, SocketId, Timestamp, UserId, Who,
};

/// Something that sockets, live rooms or caches must hear of.
#[derive(Clone, Debug)]
pub enum Event {
    /// Committed: one step of a room's `rev`.
    Room(Arc<RoomEvent>),
    /// Committed: a user has become a participant (or created the room); personal, comes before the
    /// room's own event.
    RoomAdded {
        /// To whom it is said.
        user: UserId,
        /// The room right after the change, `rev` included.
        facts: Arc<RoomFacts>,
        /// The state of its live room: `closed` as the store says it, set by the server that hands
        /// it on.
        state: LiveState,
        /// When.
        at: Timestamp,
    },
    /// Committed: a read mark has moved (not told when a send moved the sender's own).
    Marked {
        /// The mark, with the unread count of its user.
        mark: ReadMark,
        /// Who has read.
        person: Person,
        /// The author of the message read, who hears of it in large rooms.
        author: UserId,
        /// How many participants the room has.
        participants: u32,
    },
    /// Committed: name, picture, rights or credentials of a user; caches forget them.
    UserChanged {
        /// Who.
        user: UserId,
    },
    /// Committed: sessions have ended; their sockets close with 4401.
    SessionEnded {
        /// Whose.
        user: UserId,
        /// Which.
        sessions: Vec<SessionId>,
    },
    /// Transient: a user's first socket has entered a room.
    Entered {
        /// Where.
        room: RoomId,
        /// Who.
        person: Person,
        /// The socket, which is not told.
        socket: SocketId,
        /// When.
        at: Timestamp,
    },
    /// Transient: a user's last socket has left a room.
    Left {
        /// Where.
        room: RoomId,
        /// Who.
        person: Person,
        /// When.
        at: Timestamp,
    },
    /// Transient: entries and leaves of a second, merged, where many are present.
    Presence {
        /// Where.
        room: RoomId,
        /// Login names.
        joined: Vec<String>,
        /// Login names.
        left: Vec<String>,
        /// How many users are present now.
        online: u32,
        /// When.
        at: Timestamp,
    },
    /// Transient: somebody types.
    Typing {
        /// Where.
        room: RoomId,
        /// Who; not told to their own sockets.
        person: Person,
    },
    /// What a room's listeners had missed, made up by the dispatcher after a loss: each changed
    /// message as it is now, in rev order.
    CaughtUp {
        /// The messages, and the room when its facts changed.
        changes: Arc<RoomChanges>,
        /// The newest message that listeners know; those above it are new to them.
        known: Seq,
    },
    /// The bus has lost events of this room (None: of any room); live rooms catch up by `rev`.
    Lost {
        /// Which room, when that is known.
        room: Option<RoomId>,
    },
}

/// One committed step of a room: one `rev`, usually one change.
#[derive(Clone, Debug)]
pub struct RoomEvent {
    /// Where.
    pub room: RoomId,
    /// The room's rev after it; exactly one more than before.
    pub rev: Rev,
    /// When it was stored.
    pub at: Timestamp,
    /// Who did it.
    pub by: Who,
    /// The socket that asked for it, on this server.
    pub socket: Option<SocketId>,
    /// What happened; several only where a whole membership was replaced.
    pub changes: Vec<Change>,
}

/// What happened in a room.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new message.
    Posted(Message),
    /// Its text is another.
    Edited(Message),
    /// Its content is gone; the message is as it is now.
    Deleted(Message),
    /// A reaction was given.
    Reacted {
        /// To which message.
        seq: Seq,
        /// Which.
        reaction: Reaction,
    },
    /// A reaction was taken back.
    Unreacted {
        /// From which message.
        seq: Seq,
        /// Which.
        reaction: Reaction,
    },
    /// Name, visibility or owner.
    Updated(Room),
    /// Somebody became a participant.
    ParticipantAdded(Participant),
    /// Role, `edited_name` or display name.
    ParticipantChanged(Participant),
    /// Somebody is no longer a participant.
    ParticipantRemoved(Person),
    /// The room is gone.
    RoomDeleted,
}

/// The queue into which a store puts the events of a commit, in order, before it answers. It is
/// bounded: an engine with a thread of its own waits with `blocking_send`, an async engine with
/// `send`. An error means that nobody reads any more, because the process is ending.
pub type EventSink = tokio::sync::mpsc::Sender<Event>;
