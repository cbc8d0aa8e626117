//! Version 1 of the form of events between servers. Released: never change a type here. New
//! variants go to the end of an enum; a changed field is a new version.

use serde::{Deserialize, Serialize};

use crate::model::{
    self, AccountFlags, Event, MediaId, RoomId, Seq, SessionId, SocketId, Timestamp, UserId,
};

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
    Reacted { seq: i64, reaction: String },
    Unreacted { seq: i64, reaction: String },
    Updated(Room),
    ParticipantAdded(Participant),
    ParticipantChanged(Participant),
    ParticipantRemoved(Person),
    RoomDeleted,
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

impl Body {
    /// Returns the form of an event; None for those that stay on their server.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Room(event) => Self::Room((&**event).into()),
            Event::RoomAdded { user, facts, at, .. } => {
                Self::RoomAdded { user: user.0, facts: (&**facts).into(), at: at.0 }
            }
            Event::Marked { mark, person, author, participants } => Self::Marked {
                mark: mark.into(),
                person: person.into(),
                author: author.0,
                participants: *participants,
            },
            Event::UserChanged { user } => Self::UserChanged { user: user.0 },
            Event::SessionEnded { user, sessions } => Self::SessionEnded {
                user: user.0,
                sessions: sessions.iter().map(|session| session.0).collect(),
            },
            Event::Entered { room, person, socket, at } => {
                Self::Entered { room: room.0, person: person.into(), socket: socket.0, at: at.0 }
            }
            Event::Left { room, person, at } => {
                Self::Left { room: room.0, person: person.into(), at: at.0 }
            }
            Event::Typing { room, person } => Self::Typing { room: room.0, person: person.into() },
            Event::Head { room, rev } => Self::Head { room: room.0, rev: rev.0 },
            Event::Presence { .. }
            | Event::CaughtUp { .. }
            | Event::Lost { .. }
            | Event::LostPersonal { .. } => return None,
        })
    }

    /// Returns the event; None for messages that only concern the bus.
    pub(super) fn event(self) -> Option<Event> {
        Some(match self {
            Self::Room(event) => Event::Room(std::sync::Arc::new(event.into())),
            Self::RoomAdded { user, facts, at } => Event::RoomAdded {
                user: UserId(user),
                facts: std::sync::Arc::new(facts.into()),
                state: model::LiveState::Closed,
                at: Timestamp(at),
            },
            Self::Marked { mark, person, author, participants } => Event::Marked {
                mark: mark.into(),
                person: person.into(),
                author: UserId(author),
                participants,
            },
            Self::UserChanged { user } => Event::UserChanged { user: UserId(user) },
            Self::SessionEnded { user, sessions } => Event::SessionEnded {
                user: UserId(user),
                sessions: sessions.into_iter().map(SessionId).collect(),
            },
            Self::Entered { room, person, socket, at } => Event::Entered {
                room: RoomId(room),
                person: person.into(),
                socket: SocketId(socket),
                at: Timestamp(at),
            },
            Self::Left { room, person, at } => {
                Event::Left { room: RoomId(room), person: person.into(), at: Timestamp(at) }
            }
            Self::Typing { room, person } => {
                Event::Typing { room: RoomId(room), person: person.into() }
            }
            Self::Head { room, rev } => Event::Head { room: RoomId(room), rev: model::Rev(rev) },
            Self::Lost => Event::Lost { room: None },
            Self::Beat | Self::Repeat { .. } => return None,
        })
    }
}

impl From<&model::RoomEvent> for RoomEvent {
    fn from(event: &model::RoomEvent) -> Self {
        Self {
            room: event.room.0,
            rev: event.rev.0,
            at: event.at.0,
            by: (&event.by).into(),
            socket: event.socket.map(|socket| socket.0),
            changes: event.changes.iter().map(Into::into).collect(),
        }
    }
}

impl From<RoomEvent> for model::RoomEvent {
    fn from(event: RoomEvent) -> Self {
        Self {
            room: RoomId(event.room),
            rev: model::Rev(event.rev),
            at: Timestamp(event.at),
            by: event.by.into(),
            socket: event.socket.map(SocketId),
            changes: event.changes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::Change> for Change {
    fn from(change: &model::Change) -> Self {
        use model::Change as Of;
        match change {
            Of::Posted(message) => Self::Posted(message.into()),
            Of::Edited(message) => Self::Edited(message.into()),
            Of::Deleted(message) => Self::Deleted(message.into()),
            Of::Reacted { seq, reaction } => {
                Self::Reacted { seq: seq.0, reaction: reaction.as_str().to_owned() }
            }
            Of::Unreacted { seq, reaction } => {
                Self::Unreacted { seq: seq.0, reaction: reaction.as_str().to_owned() }
            }
            Of::Updated(room) => Self::Updated(room.into()),
            Of::ParticipantAdded(participant) => Self::ParticipantAdded(participant.into()),
            Of::ParticipantChanged(participant) => Self::ParticipantChanged(participant.into()),
            Of::ParticipantRemoved(person) => Self::ParticipantRemoved(person.into()),
            Of::RoomDeleted => Self::RoomDeleted,
        }
    }
}

impl From<Change> for model::Change {
    fn from(change: Change) -> Self {
        let reaction = model::Reaction::stored;
        match change {
            Change::Posted(message) => Self::Posted(message.into()),
            Change::Edited(message) => Self::Edited(message.into()),
            Change::Deleted(message) => Self::Deleted(message.into()),
            Change::Reacted { seq, reaction: text } => {
                Self::Reacted { seq: Seq(seq), reaction: reaction(text) }
            }
            Change::Unreacted { seq, reaction: text } => {
                Self::Unreacted { seq: Seq(seq), reaction: reaction(text) }
            }
            Change::Updated(room) => Self::Updated(room.into()),
            Change::ParticipantAdded(participant) => Self::ParticipantAdded(participant.into()),
            Change::ParticipantChanged(participant) => Self::ParticipantChanged(participant.into()),
            Change::ParticipantRemoved(person) => Self::ParticipantRemoved(person.into()),
            Change::RoomDeleted => Self::RoomDeleted,
        }
    }
}

impl From<&model::Person> for Person {
    fn from(person: &model::Person) -> Self {
        Self { id: person.id.0, login: person.login.clone(), name: person.name.clone() }
    }
}

impl From<Person> for model::Person {
    fn from(person: Person) -> Self {
        Self { id: UserId(person.id), login: person.login, name: person.name }
    }
}

impl From<&model::Who> for Who {
    fn from(who: &model::Who) -> Self {
        match who {
            model::Who::User(person) => Self::User(person.into()),
            model::Who::Deleted => Self::Deleted,
            model::Who::Server => Self::Server,
        }
    }
}

impl From<Who> for model::Who {
    fn from(who: Who) -> Self {
        match who {
            Who::User(person) => Self::User(person.into()),
            Who::Deleted => Self::Deleted,
            Who::Server => Self::Server,
        }
    }
}

impl From<&model::Message> for Message {
    fn from(message: &model::Message) -> Self {
        Self {
            room: message.room.0,
            seq: message.seq.0,
            rev: message.rev.0,
            author: (&message.author).into(),
            text: message.text.clone(),
            created: message.created.0,
            edited: message.edited.map(|at| at.0),
            deleted: message.deleted.map(|at| at.0),
            reply_to: message.reply_to.map(|seq| seq.0),
            client_id: message.client_id.clone(),
            reactions: message
                .reactions
                .iter()
                .map(|count| (count.reaction.as_str().to_owned(), count.users.clone()))
                .collect(),
            media: message.media.iter().map(Into::into).collect(),
        }
    }
}

impl From<Message> for model::Message {
    fn from(message: Message) -> Self {
        Self {
            room: RoomId(message.room),
            seq: Seq(message.seq),
            rev: model::Rev(message.rev),
            author: message.author.into(),
            text: message.text,
            created: Timestamp(message.created),
            edited: message.edited.map(Timestamp),
            deleted: message.deleted.map(Timestamp),
            reply_to: message.reply_to.map(Seq),
            client_id: message.client_id,
            reactions: message
                .reactions
                .into_iter()
                .map(|(reaction, users)| model::ReactionCount {
                    reaction: model::Reaction::stored(reaction),
                    users,
                })
                .collect(),
            media: message.media.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::Media> for Media {
    fn from(media: &model::Media) -> Self {
        Self {
            id: media.id.0,
            name: media.name.clone(),
            kind: media.kind.clone(),
            owner: media.owner.0,
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name.clone(),
            created: media.created.0,
        }
    }
}

impl From<Media> for model::Media {
    fn from(media: Media) -> Self {
        Self {
            id: MediaId(media.id),
            name: media.name,
            kind: media.kind,
            owner: UserId(media.owner),
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name,
            created: Timestamp(media.created),
        }
    }
}

impl From<&model::Room> for Room {
    fn from(room: &model::Room) -> Self {
        Self {
            id: room.id.0,
            name: room.name.clone(),
            topic: room.topic.clone(),
            description: room.description.clone(),
            public: room.visibility == model::Visibility::Public,
            archived: room.archived.map(|at| at.0),
            read_only: room.read_only,
            owner: room.owner.map(|user| user.0),
            owner_login: room.owner_login.clone(),
            created: room.created.0,
            last_seq: room.last_seq.0,
            rev: room.rev.0,
            facts_rev: room.facts_rev.0,
            mode_rev: room.mode_rev.0,
        }
    }
}

impl From<Room> for model::Room {
    fn from(room: Room) -> Self {
        Self {
            id: RoomId(room.id),
            name: room.name,
            topic: room.topic,
            description: room.description,
            visibility: if room.public {
                model::Visibility::Public
            } else {
                model::Visibility::Private
            },
            archived: room.archived.map(Timestamp),
            read_only: room.read_only,
            owner: room.owner.map(UserId),
            owner_login: room.owner_login,
            created: Timestamp(room.created),
            last_seq: Seq(room.last_seq),
            rev: model::Rev(room.rev),
            facts_rev: model::Rev(room.facts_rev),
            mode_rev: model::Rev(room.mode_rev),
        }
    }
}

impl From<&model::Participant> for Participant {
    fn from(participant: &model::Participant) -> Self {
        Self {
            user: participant.user.0,
            login: participant.login.clone(),
            name: participant.name.clone(),
            media: participant.media.as_ref().map(Into::into),
            edited_name: participant.edited_name.clone(),
            role: match participant.role {
                model::Role::Member => Role::Member,
                model::Role::SubAdmin => Role::SubAdmin,
                model::Role::Admin => Role::Admin,
            },
            since: participant.since.0,
            joined: participant.joined.0,
            bot: participant.account.bot,
            guest: participant.account.guest,
            disabled: participant.account.disabled,
        }
    }
}

impl From<Participant> for model::Participant {
    fn from(participant: Participant) -> Self {
        Self {
            user: UserId(participant.user),
            login: participant.login,
            name: participant.name,
            media: participant.media.map(Into::into),
            edited_name: participant.edited_name,
            role: match participant.role {
                Role::Member => model::Role::Member,
                Role::SubAdmin => model::Role::SubAdmin,
                Role::Admin => model::Role::Admin,
            },
            since: model::Rev(participant.since),
            joined: Timestamp(participant.joined),
            account: AccountFlags {
                bot: participant.bot,
                guest: participant.guest,
                disabled: participant.disabled,
            },
        }
    }
}

impl From<&model::RoomFacts> for Facts {
    fn from(facts: &model::RoomFacts) -> Self {
        Self {
            room: (&facts.room).into(),
            participants: facts.participants.iter().map(Into::into).collect(),
        }
    }
}

impl From<Facts> for model::RoomFacts {
    fn from(facts: Facts) -> Self {
        Self {
            room: facts.room.into(),
            participants: facts.participants.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::ReadMark> for Mark {
    fn from(mark: &model::ReadMark) -> Self {
        Self {
            room: mark.room.0,
            user: mark.user.0,
            seq: mark.seq.0,
            at: mark.at.0,
            unread: mark.unread,
        }
    }
}

impl From<Mark> for model::ReadMark {
    fn from(mark: Mark) -> Self {
        Self {
            room: RoomId(mark.room),
            user: UserId(mark.user),
            seq: Seq(mark.seq),
            at: Timestamp(mark.at),
            unread: mark.unread,
        }
    }
}
