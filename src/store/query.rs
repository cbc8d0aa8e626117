//! The types of the questions that [`Store`](super::Store) and [`Sessions`](super::Sessions)
//! answer.

use std::net::IpAddr;
use std::time::Duration;

use crate::model::{
    Change, Hash32, MediaId, Message, Reaction, Rev, Role, RoomFacts, RoomId, Seq, SessionId,
    SocketId, Timestamp, UserId, Visibility,
};

/// On what a decision rested. The store refuses with `Stale` when that has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// This user is a participant, and neither they nor what participants may do here has changed
    /// since that rev.
    Member {
        /// Who.
        user: UserId,
        /// [`crate::model::RoomFacts::basis_of`] them.
        since: Rev,
    },
    /// Name, participants and roles are those of this `facts_rev`.
    Facts(Rev),
    /// On nothing that can change.
    Nobody,
}

/// A user to be.
#[derive(Clone)]
pub struct NewUser {
    /// As written.
    pub login: String,
    /// [`crate::model::fold`] of it.
    pub folded: String,
    /// [`crate::model::skeleton`] of that, or the folded name where look-alikes are allowed.
    pub look_alike: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth: Option<String>,
    /// PHC string.
    pub password: String,
    /// PHC string of the MD5 digest.
    pub md5: Option<String>,
    /// PHC string of the SHA-1 digest.
    pub sha1: Option<String>,
    /// May administer the server.
    pub admin: bool,
}

/// By what an account is found.
#[derive(Clone, Copy, Debug)]
pub enum UserKey<'a> {
    /// Its number.
    Id(UserId),
    /// [`crate::model::fold`] of its login name.
    Folded(&'a str),
    /// Its e-mail address, any case.
    Email(&'a str),
}

/// Which users are wanted.
#[derive(Clone, Copy, Debug)]
pub enum UserQuery<'a> {
    /// These; unknown ones are left out.
    Ids(&'a [UserId]),
    /// By folded login name; unknown ones are left out.
    Folded(&'a [String]),
    /// A page of all above this id, ascending by id.
    After(Option<UserId>, u32),
}

/// What changes of a user; None stays. `Some(None)` takes away.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<Option<String>>,
    /// Birth date.
    pub birth: Option<Option<String>>,
    /// Profile picture.
    pub media: Option<Option<MediaId>>,
    /// PHC strings of password, MD5 and SHA-1. Ends all sessions of the user but `keep`.
    pub password: Option<NewPassword>,
    /// May not log in. Ends all sessions when set.
    pub disabled: Option<bool>,
    /// May administer.
    pub admin: Option<bool>,
    /// Is a program.
    pub bot: Option<bool>,
    /// Is kept to their rooms; takes the roles away that they have there.
    pub guest: Option<bool>,
}

/// Hashes of a new password.
#[derive(Clone)]
pub struct NewPassword {
    /// PHC string of the password.
    pub password: String,
    /// PHC string of its MD5.
    pub md5: Option<String>,
    /// PHC string of its SHA-1.
    pub sha1: Option<String>,
    /// The session that survives the change.
    pub keep: Option<SessionId>,
}

/// Hashes of the digests of a password that an account has already.
#[derive(Clone)]
pub struct Digests {
    /// PHC string of that password, as it is stored.
    pub of: String,
    /// PHC string of its MD5.
    pub md5: String,
    /// PHC string of its SHA-1.
    pub sha1: String,
}

/// A room to be.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// None: nameless.
    pub name: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Who creates it.
    pub owner: UserId,
    /// Everybody in it with their role, the owner included, in order, each once. An unknown or
    /// deleted user: `NotFound`.
    pub participants: Vec<(UserId, Role)>,
    /// Answer the nameless room of exactly these people when there is one.
    pub reuse: bool,
}

/// What was added, or was there already.
#[derive(Clone, Debug)]
pub struct Added<T> {
    /// The thing.
    pub value: T,
    /// It had been there before.
    pub existed: bool,
}

/// Which room cards are wanted.
#[derive(Clone, Copy, Debug)]
pub enum RoomQuery<'a> {
    /// All rooms of a user, newest activity first; cards hold at most the first `participants`
    /// participants.
    Of {
        /// Whose.
        user: UserId,
        /// How many participants a card holds at most.
        participants: u32,
    },
    /// Public rooms, oldest first, above this id, as this user sees them; the first ten
    /// participants. Of rooms that they have not entered, mark, unread and last message are
    /// left out.
    Public {
        /// For whom marks and unread are counted.
        user: UserId,
        /// Ids above this.
        after: Option<RoomId>,
        /// At most so many.
        limit: u32,
    },
    /// Public rooms and those of a user, the newest `limit` of them, ascending by id, as this user
    /// sees them; no participants. Of rooms that they have not entered, mark, unread and last
    /// message are left out.
    Visible {
        /// For whom.
        user: UserId,
        /// At most so many.
        limit: u32,
    },
    /// These rooms as the user sees them, ascending by id, those they are not in left out; the
    /// first ten participants.
    These(UserId, &'a [RoomId]),
    /// A page of the rooms of a user, in the order of their ids; cards hold at most the first
    /// `participants` participants.
    Page {
        /// Whose.
        user: UserId,
        /// The highest id first, else the lowest.
        descending: bool,
        /// So many are left out first.
        offset: u64,
        /// At most so many.
        limit: u32,
        /// How many participants a card holds at most.
        participants: u32,
    },
    /// A page of all rooms, ascending by id, for administration; marks are 0 and there is no last
    /// message.
    After(Option<RoomId>, u32),
    /// The first `limit` rooms of exactly this name, ascending by id, for administration; like
    /// `After`.
    Named(&'a str, u32),
}

/// A change of a room or message that is durable, and what it changed: nobody needs to read it
/// again.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The room's rev at that change, or as it was when nothing had to be done.
    pub rev: Rev,
    /// The number of the room's newest message then.
    pub last_seq: Seq,
    /// When it was stored.
    pub at: Timestamp,
    /// Its steps; none when everything was as wanted already.
    pub changes: Vec<Change>,
}

impl Committed {
    /// Whether anything was stored.
    pub fn changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The room as it is after the change; `facts` are those that the decision rested on.
    pub fn applied_to(&self, mut facts: RoomFacts) -> RoomFacts {
        for change in &self.changes {
            facts.apply(self.rev, change);
        }
        facts.room.rev = facts.room.rev.max(self.rev);
        facts.room.last_seq = facts.room.last_seq.max(self.last_seq);
        facts
    }

    /// The message as it is after an edit or a deletion.
    pub fn message(&self) -> Option<&Message> {
        self.changes.iter().find_map(|change| match change {
            Change::Posted(message) | Change::Edited(message) | Change::Deleted(message) => {
                Some(message)
            }
            Change::Reacted { .. }
            | Change::Unreacted { .. }
            | Change::Updated(_)
            | Change::ParticipantAdded(_)
            | Change::ParticipantChanged(_)
            | Change::ParticipantRemoved(_)
            | Change::RoomDeleted => None,
        })
    }
}

/// Whose messages a caller may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    Any,
    /// Their own.
    Own,
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its author.
    pub author: UserId,
    /// Its text.
    pub text: String,
    /// The client's own name for it, remembered for at least 30 days.
    pub client_id: Option<String>,
    /// The message it answers; `NotFound` when unknown or deleted.
    pub reply_to: Option<Seq>,
    /// Attachments; all must be the author's own uploads, else `NotFound`.
    pub media: Vec<MediaId>,
    /// The socket that sends it.
    pub socket: Option<SocketId>,
    /// For each `@` of the text the folded login names that could stand there, longest first; the
    /// first that is a participant's counts as mentioned.
    pub mentions: Vec<Vec<String>>,
}

/// A message that is durable.
#[derive(Clone, Debug)]
pub struct Posted {
    /// As it is stored; the first one when repeated.
    pub message: Message,
    /// The client id had been used before by this user in this room.
    pub repeated: bool,
}

/// An uploaded file to be.
#[derive(Clone, Debug)]
pub struct NewMedia {
    /// Who uploads it.
    pub owner: UserId,
    /// SHA-512 of the stored bytes, hexadecimal.
    pub name: String,
    /// [`crate::model::FileKind::ending`].
    pub kind: String,
    /// Whether it can be shown as a picture.
    pub is_image: bool,
    /// Bytes.
    pub size: u64,
    /// Pixels, of pictures.
    pub width: Option<u32>,
    /// Pixels, of pictures.
    pub height: Option<u32>,
    /// What its uploader calls it.
    pub file_name: Option<String>,
}

/// Messages that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// As they are now, newest first.
    pub messages: Vec<Message>,
    /// What to ask for next; None: there is no more.
    pub cursor: Option<String>,
    /// The index is being made; what is old may be missing.
    pub behind: bool,
}

/// One change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageChange {
    /// Another text, with the names that it mentions as in [`Draft::mentions`].
    Edit {
        /// The text.
        text: String,
        /// Mentioned names.
        mentions: Vec<Vec<String>>,
    },
    /// Its content goes.
    Delete,
    /// A reaction of `by`.
    React(Reaction),
    /// Takes a reaction of `by` back.
    Unreact(Reaction),
}

/// What the server keeps about itself.
#[derive(Clone)]
pub struct Settings {
    /// Key of the JSON web tokens, 32 bytes of the operating system's generator.
    pub signing_key: [u8; 32],
    /// Changes when the database is restored.
    pub epoch: String,
    /// Names this instance for good: a restored copy keeps it. 32 hexadecimal digits.
    pub instance: String,
}

/// A session to be.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose.
    pub user: UserId,
    /// SHA-256 of its secret.
    pub token: Hash32,
    /// User-Agent, cut.
    pub device: String,
    /// Address of the log-in.
    pub address: Option<IpAddr>,
    /// When it begins.
    pub now: Timestamp,
    /// How long it lives without being used.
    pub life: Duration,
}

/// Which sessions of a user end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// This one.
    One(SessionId),
    /// All but this one.
    AllBut(SessionId),
    /// All.
    All,
}

/// What a one-time ticket stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whose.
    pub user: UserId,
    /// The session that it dies with.
    pub session: SessionId,
    /// The room it opens.
    pub room: RoomId,
}

/// Wait this long before trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);
