//! Rooms and participants.

use super::rules::shown_name;
use super::{
    AccountFlags, Media, Message, OwnSettings, Person, Rev, RoomId, RoomRetention, Seq, Timestamp,
    UserId, Who,
};

/// Visibility of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Every logged-in user can see and enter it; entering makes them a participant.
    Public,
    /// For participants only; for all others it does not exist.
    Private,
}

impl Visibility {
    /// Returns the name used in the documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Parses the name used in the documents.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

/// Role of a participant (contract, rules of management).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Takes part.
    Member,
    /// Renames the room, adds participants, and removes members.
    SubAdmin,
    /// Manages everything in the room.
    Admin,
}

impl Role {
    /// Returns the name used in the documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::SubAdmin => "sub-admin",
            Self::Member => "member",
        }
    }

    /// Parses the name used in the documents.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "sub-admin" => Some(Self::SubAdmin),
            "member" => Some(Self::Member),
            _ => None,
        }
    }
}

/// A participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Id of the user.
    pub user: UserId,
    /// Login name of the user.
    pub login: String,
    /// Display name of the user.
    pub name: String,
    /// Profile picture of the user.
    pub media: Option<Media>,
    /// The name used inside this room only; empty: use the display name.
    pub edited_name: String,
    /// Role in this room.
    pub role: Role,
    /// Rev of this participant's last change; the basis of decisions about them.
    pub since: Rev,
    /// Time of joining.
    pub joined: Timestamp,
    /// Flags of the account.
    pub account: AccountFlags,
}

impl Participant {
    /// Returns the name shown to others in this room.
    pub fn shown_name(&self) -> &str {
        shown_name(&self.edited_name, &self.name)
    }

    /// Returns the participant as named in events.
    pub fn person(&self) -> Person {
        Person { id: self.user, login: self.login.clone(), name: self.shown_name().to_owned() }
    }
}

/// A stored room, without its participants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Id; [`RoomId::key`] is its textual form.
    pub id: RoomId,
    /// None: unnamed; each dialect decides how to show that.
    pub name: Option<String>,
    /// Current topic, one line.
    pub topic: Option<String>,
    /// Purpose of the room.
    pub description: Option<String>,
    /// Visibility.
    pub visibility: Visibility,
    /// Time of archiving; nobody may post in an archived room or be added to it.
    pub archived: Option<Timestamp>,
    /// Only admins and sub-admins may post.
    pub read_only: bool,
    /// The user who created it, or to whom it passed; None if that account was deleted and nobody
    /// has entered since.
    pub owner: Option<UserId>,
    /// Login name of the owner; empty without an owner.
    pub owner_login: String,
    /// Time of creation.
    pub created: Timestamp,
    /// Seq of its newest message, 0 if there is none.
    pub last_seq: Seq,
    /// Rev of its newest change.
    pub rev: Rev,
    /// Rev of the newest change of the room's facts (name, topic, visibility, owner, participants,
    /// roles, pins …); the basis of decisions on the room.
    pub facts_rev: Rev,
    /// Rev of the newest change of what participants may do here; with [`Participant::since`] the
    /// basis of decisions on messages.
    pub mode_rev: Rev,
    /// How long its messages are kept.
    pub retention: RoomRetention,
    /// Seq of the newest expired message, 0 if there is none. History begins after it; only pinned
    /// messages up to here may still have their content.
    pub expired: Seq,
}

impl Room {
    /// Returns whether everybody may join it: public and not archived.
    pub fn is_open(&self) -> bool {
        self.visibility == Visibility::Public && self.archived.is_none()
    }

    /// Advances to a step that changes the facts. In a read-only room each step may change who may
    /// post: the first admin takes the right from the others.
    pub fn step(&mut self, rev: Rev) {
        self.rev = rev;
        self.facts_rev = rev;
        if self.read_only {
            self.mode_rev = rev;
        }
    }
}

/// A pinned message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The message in its current version.
    pub message: Message,
    /// The user who pinned it, if known.
    pub by: Option<Who>,
    /// Time of pinning.
    pub at: Timestamp,
}

/// A room and its participants at one point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomFacts {
    /// The room.
    pub room: Room,
    /// All participants, in the order of joining.
    pub participants: Vec<Participant>,
}

impl RoomFacts {
    /// Returns the entry of this user.
    pub fn participant(&self, user: UserId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.user == user)
    }

    /// Returns the basis of decisions on this participant's messages: the newest change of the
    /// participant or of what participants may do here.
    pub fn basis_of(&self, participant: &Participant) -> Rev {
        participant.since.max(self.room.mode_rev)
    }

    /// Returns whether the room has an admin; a room without one is managed by all its
    /// participants.
    pub fn has_admin(&self) -> bool {
        self.participants.iter().any(|p| p.role == Role::Admin)
    }
}

/// State of a live room (contract, live rooms).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveState {
    /// The first socket enters; facts are being read.
    Creating,
    /// At least one user is present.
    Active,
    /// Nobody is present; the idle timer runs.
    Idle,
    /// The timer has ended; nobody can enter.
    Closing,
    /// There is no live room.
    Closed,
}

impl LiveState {
    /// Returns the name used in the documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::Idle => "idle",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }
}

/// A room in one user's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomCard {
    /// The room; lists only have the first ten participants unless the query asks for all.
    pub facts: RoomFacts,
    /// Number of participants.
    pub user_count: u32,
    /// The newest message that is not deleted.
    pub last_message: Option<Message>,
    /// The user's read mark.
    pub mark: Seq,
    /// Number of messages above the mark that are not deleted.
    pub unread: u32,
    /// Number of those by other users that mention the user.
    pub mentions: u32,
    /// The user's own settings.
    pub own: OwnSettings,
}
