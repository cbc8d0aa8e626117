//! Version 1 of the form of events between servers. Released: never change a type here. New
//! variants go to the end of an enum; a changed field is a new version.

mod body;
mod facts;
mod messages;
mod personal;

use serde::{Deserialize, Serialize};

/// A message between servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Body {
    Room(RoomEvent),
    RoomAdded { user: i64, facts: Facts, at: i64 },
    Marked { mark: Mark, person: Person, author: i64, participants: u32 },
    UserChanged { user: i64 },
    SessionEnded { user: i64, sessions: Vec<i64> },
    Entered { room: i64, person: Person, socket: u64, at: i64 },
    Left { room: i64, person: Person, at: i64 },
    Typing { room: i64, person: Person },
    Head { room: i64, rev: i64 },
    Lost,
    Beat,
    Repeat { seconds: u32 },
    Ask { number: u64, request: Vec<u8> },
    Answer { number: u64, answer: Vec<u8> },
    Personal { user: i64, change: Personal, at: i64 },
    Leaving,
    LookChanged { look: Look, at: i64 },
    StatusChanged { person: Person, status: Option<Status>, rooms: Vec<i64>, at: i64 },
    Emoji { name: String, picture: Option<EmojiPicture>, at: i64 },
    Available { version: u64, whole: bool, users: Vec<(i64, Availability)> },
    AskAvailable,
    RetainedRoomAdded { user: i64, facts: Facts, retention: Retention, at: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::live::bus::wire) enum Availability {
    Offline,
    Away,
    Online,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Look {
    name: Option<String>,
    accent: Option<String>,
    motd: Option<String>,
    icon: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Status {
    emoji: Option<String>,
    text: String,
    until: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EmojiPicture {
    file: String,
    id: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Level {
    All,
    Mentions,
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct QuietHours {
    from: String,
    to: String,
    zone: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Personal {
    Room {
        room: i64,
        notify: Option<Level>,
        favourite: bool,
    },
    Preferences {
        notify: Level,
        keywords: Vec<String>,
        quiet: Option<QuietHours>,
    },
    Saved {
        room: i64,
        seq: i64,
        saved: bool,
    },
    Mark {
        mark: Mark,
        login: String,
    },
    Thread {
        room: i64,
        root: i64,
        following: bool,
        read: i64,
        unread: Option<i64>,
    },
    Draft {
        room: i64,
        thread: Option<i64>,
        text: String,
        reply_to: Option<i64>,
        at: i64,
        socket: Option<u64>,
    },
    Answer {
        room: i64,
        command: String,
        text: String,
    },
    /// Preferences with a language.
    SpokenPreferences {
        notify: Level,
        keywords: Vec<String>,
        quiet: Option<QuietHours>,
        language: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RoomEvent {
    room: i64,
    rev: i64,
    at: i64,
    by: Who,
    socket: Option<u64>,
    changes: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Change {
    Posted(Message),
    Edited(Message),
    Deleted(Message),
    Reacted {
        seq: i64,
        reaction: String,
    },
    Unreacted {
        seq: i64,
        reaction: String,
    },
    Updated(Room),
    ParticipantAdded(Participant),
    ParticipantChanged(Participant),
    ParticipantRemoved(Person),
    RoomDeleted,
    /// A reply was posted in the thread that begins with this message.
    Replied(Message, i64),
    /// A reply of that thread was edited.
    ReplyEdited(Message, i64),
    /// A reply of that thread was deleted.
    ReplyDeleted(Message, i64),
    /// As `Updated`, of a room that has something to say of how long messages are kept.
    RetentionUpdated(Room, Retention),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Person {
    id: i64,
    login: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Who {
    User(Person),
    Deleted,
    Server,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Message {
    room: i64,
    seq: i64,
    rev: i64,
    author: Who,
    text: String,
    created: i64,
    edited: Option<i64>,
    deleted: Option<i64>,
    reply_to: Option<i64>,
    client_id: Option<String>,
    reactions: Vec<(String, Vec<String>)>,
    media: Vec<Media>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Media {
    id: i64,
    name: String,
    kind: String,
    owner: i64,
    is_image: bool,
    size: u64,
    width: Option<u32>,
    height: Option<u32>,
    file_name: Option<String>,
    created: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Room {
    id: i64,
    name: Option<String>,
    topic: Option<String>,
    description: Option<String>,
    public: bool,
    archived: Option<i64>,
    read_only: bool,
    owner: Option<i64>,
    owner_login: String,
    created: i64,
    last_seq: i64,
    rev: i64,
    facts_rev: i64,
    mode_rev: i64,
}

/// How long messages of a room are kept, and the newest one that has expired. Rooms that have
/// nothing to say of it go without it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Retention {
    days: Option<u32>,
    keep_pinned: Option<bool>,
    expired: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Role {
    Member,
    SubAdmin,
    Admin,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Participant {
    user: i64,
    login: String,
    name: String,
    media: Option<Media>,
    edited_name: String,
    role: Role,
    since: i64,
    joined: i64,
    bot: bool,
    guest: bool,
    disabled: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    room: Room,
    participants: Vec<Participant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    room: i64,
    user: i64,
    seq: i64,
    at: i64,
    unread: u32,
}
