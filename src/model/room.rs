//! Rooms and participants.

use super::rules::shown_name;
use super::{AccountFlags, Media, Message, Person, Rev, RoomId, Seq, Timestamp, UserId, Who};

/// Who may see and enter a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Every signed-in user sees and may enter it; entering makes them a participant.
    Public,
    /// For participants only; to anyone else it does not exist.
    Private,
}

impl Visibility {
    /// The word of the documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Reads the word of the documents.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

/// What a participant may do in a room (contract, rules of management).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Takes part.
    Member,
    /// Renames, adds, and removes members.
    SubAdmin,
    /// Does all of it.
    Admin,
}

impl Role {
    /// The word of the documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::SubAdmin => "sub-admin",
            Self::Member => "member",
        }
    }

    /// Reads the word of the documents.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "sub-admin" => Some(Self::SubAdmin),
            "member" => Some(Self::Member),
            _ => None,
        }
    }
}

/// A user in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub user: UserId,
    /// Their login name.
    pub login: String,
    /// Their display name.
    pub name: String,
    /// Their profile picture.
    pub media: Option<Media>,
    /// The name used inside this room only; empty: use the display name.
    pub edited_name: String,
    /// What they may do.
    pub role: Role,
    /// The room's rev at this participant's last change; what a decision about them rests on.
    pub since: Rev,
    /// When they came in.
    pub joined: Timestamp,
    /// Their account.
    pub account: AccountFlags,
}

impl Participant {
    /// The name others see in this room.
    pub fn shown_name(&self) -> &str {
        shown_name(&self.edited_name, &self.name)
    }

    /// As named in events.
    pub fn person(&self) -> Person {
        Person { id: self.user, login: self.login.clone(), name: self.shown_name().to_owned() }
    }
}

/// The stored thing, without its participants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its number; [`RoomId::key`] is its textual form.
    pub id: RoomId,
    /// None: nameless; each dialect says how it shows that.
    pub name: Option<String>,
    /// What it is about at the moment; one line.
    pub topic: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Since when nobody may write in it or be added to it.
    pub archived: Option<Timestamp>,
    /// Only admins and sub-admins post.
    pub read_only: bool,
    /// Who created it, or to whom it passed; None when that account is gone and nobody has entered
    /// since.
    pub owner: Option<UserId>,
    /// The owner's login name; empty without an owner.
    pub owner_login: String,
    /// When it was created.
    pub created: Timestamp,
    /// The number of its newest message, 0 when there is none.
    pub last_seq: Seq,
    /// Its newest change.
    pub rev: Rev,
    /// The newest change of the room's facts (name, topic, visibility, owner, participants, roles,
    /// pins …); what decisions on the room rest on.
    pub facts_rev: Rev,
    /// The newest change of what participants may do here; with [`Participant::since`] what a
    /// decision about a message rests on.
    pub mode_rev: Rev,
}

impl Room {
    /// Takes a step that changes its facts. In a read-only room each may change who posts: the
    /// first admin takes the right from the others.
    pub fn step(&mut self, rev: Rev) {
        self.rev = rev;
        self.facts_rev = rev;
        if self.read_only {
            self.mode_rev = rev;
        }
    }
}

/// A message that is pinned to its room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// As it is now.
    pub message: Message,
    /// Who has pinned it, where that is known.
    pub by: Option<Who>,
    /// When.
    pub at: Timestamp,
}

/// A room and its participants at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomFacts {
    /// The room.
    pub room: Room,
    /// Everybody in it, in the order in which they came.
    pub participants: Vec<Participant>,
}

impl RoomFacts {
    /// This user's entry.
    pub fn participant(&self, user: UserId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.user == user)
    }

    /// What a decision about this participant's messages rests on: the newest change of them or of
    /// what participants may do here.
    pub fn basis_of(&self, participant: &Participant) -> Rev {
        participant.since.max(self.room.mode_rev)
    }

    /// Whether anybody is an admin here; a room without one is managed by all its participants
    /// alike.
    pub fn has_admin(&self) -> bool {
        self.participants.iter().any(|p| p.role == Role::Admin)
    }
}

/// Where a live room stands in its life (contract, live rooms).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveState {
    /// The first socket enters; facts are being read.
    Creating,
    /// Somebody is present.
    Active,
    /// Nobody is present; the idle timer runs.
    Idle,
    /// The timer ended; nobody enters.
    Closing,
    /// There is no live room.
    Closed,
}

impl LiveState {
    /// The word of the documents.
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

/// A room as it stands in one user's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomCard {
    /// The room with, in lists, only the first ten participants; all of them where the query says
    /// so.
    pub facts: RoomFacts,
    /// How many participants it has.
    pub user_count: u32,
    /// The newest message that is not deleted.
    pub last_message: Option<Message>,
    /// Up to which message the user has read.
    pub mark: Seq,
    /// Messages above the mark that are not deleted.
    pub unread: u32,
    /// Of those, messages of others that name the user.
    pub mentions: u32,
    /// The user wants no notifications from it.
    pub muted: bool,
}
