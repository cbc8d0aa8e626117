//! Parameters and results of [`Store`](super::Store) and [`Sessions`](super::Sessions).

use std::net::IpAddr;
use std::time::Duration;

use crate::model::{
    Change, Follow, Grant, Hash32, Identity, Media, MediaId, Message, Reaction, Rev, Role,
    RoomFacts, RoomId, SavedPlace, SecondFactor, Seq, SessionId, SocketId, Status, Timestamp,
    Unsent, UserId, Visibility,
};

/// The basis of a decision. The store refuses with `Stale` if it has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// This user is a participant, and neither they nor what participants may do here has changed
    /// since that rev.
    Member {
        /// Id of the user.
        user: UserId,
        /// [`crate::model::RoomFacts::basis_of`] the user.
        since: Rev,
    },
    /// Name, participants and roles are those of this `facts_rev`.
    Facts(Rev),
    /// Nothing that can change.
    Nobody,
}

/// Data of a new user.
#[derive(Clone)]
pub struct NewUser {
    /// Login name as written.
    pub login: String,
    /// [`crate::model::fold`] of the login name.
    pub folded: String,
    /// [`crate::model::skeleton`] of the folded name, or the folded name itself if look-alikes are
    /// allowed.
    pub look_alike: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    pub birth: Option<String>,
    /// PHC string of the password.
    pub password: String,
    /// PHC string of the MD5 digest.
    pub md5: Option<String>,
    /// PHC string of the SHA-1 digest.
    pub sha1: Option<String>,
    /// Server administrator.
    pub admin: bool,
    /// The account belongs to a program.
    pub bot: bool,
    /// Guest: limited to their rooms.
    pub guest: bool,
    /// What they log in with instead of a password.
    pub identity: Option<Identity>,
}

/// Data of a new invitation.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Hash of its secret.
    pub secret: Hash32,
    /// The administrator who makes it; None: it is made on the command line.
    pub by: Option<UserId>,
    /// Name of whoever makes it.
    pub maker: String,
    /// Rooms that new users join.
    pub rooms: Vec<RoomId>,
    /// New users are guests.
    pub guest: bool,
    /// Number of accounts that can be created with it; None: any number.
    pub uses: Option<u32>,
    /// Time of its creation.
    pub now: Timestamp,
    /// Time until it ends.
    pub life: Duration,
    /// Address that it was meant to be mailed to.
    pub mailed_to: Option<String>,
}

/// What is known of the device of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The session.
    pub session: SessionId,
    /// What its client called itself.
    pub name: String,
    /// Where it logged in from.
    pub address: Option<IpAddr>,
}

/// Key by which an account is found.
#[derive(Clone, Copy, Debug)]
pub enum UserKey<'a> {
    /// Id of the user.
    Id(UserId),
    /// [`crate::model::fold`] of the login name.
    Folded(&'a str),
    /// E-mail address in any case.
    Email(&'a str),
    /// What the user is in another system.
    Identity(&'a Identity),
}

/// Selects users.
#[derive(Clone, Copy, Debug)]
pub enum UserQuery<'a> {
    /// These users; unknown ones are omitted.
    Ids(&'a [UserId]),
    /// By folded login name; unknown ones are omitted.
    Folded(&'a [String]),
    /// A page of all users above this id, ascending by id.
    After(Option<UserId>, u32),
}

/// Changes of a user; None leaves a field unchanged, `Some(None)` removes it.
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
    /// Status, as checked.
    pub status: Option<Option<Status>>,
    /// New hashes. Ends all sessions of the user except `keep`.
    pub password: Option<NewPassword>,
    /// Disables log-in. Ends all sessions when set.
    pub disabled: Option<bool>,
    /// Server administrator.
    pub admin: Option<bool>,
    /// The account belongs to a program.
    pub bot: Option<bool>,
    /// Guest: limited to their rooms; guests lose their roles there.
    pub guest: Option<bool>,
    /// Second factor, if it still is what the change was decided on.
    pub second_factor: Option<FactorChange>,
    /// Identities to link; those the user has already stay. `Taken` if one is another user's.
    pub link: Vec<Identity>,
    /// Identities to unlink; others than those of the user are ignored. Sessions stay.
    pub unlink: Vec<Identity>,
}

/// A change of a second factor. `Stale` if it is not `before` any more: of two uses of a code at the
/// same time, one is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorChange {
    /// What it was when the change was decided.
    pub before: Option<SecondFactor>,
    /// What it becomes; None: it is removed.
    pub after: Option<SecondFactor>,
    /// The session that is not ended when the factor comes into force.
    pub keep: Option<SessionId>,
}

impl FactorChange {
    /// Returns which sessions end with it: when the factor comes into force, all others.
    pub(super) fn ending(&self) -> Option<Ended> {
        let in_force =
            |factor: &Option<SecondFactor>| factor.as_ref().is_some_and(|factor| factor.confirmed);
        let comes = in_force(&self.after) && !in_force(&self.before);
        comes.then(|| self.keep.map_or(Ended::All, Ended::AllBut))
    }
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
    /// The session that is not ended.
    pub keep: Option<SessionId>,
}

/// Hashes of the digests of an account's existing password.
#[derive(Clone)]
pub struct Digests {
    /// PHC string of that password, as stored.
    pub of: String,
    /// PHC string of its MD5.
    pub md5: String,
    /// PHC string of its SHA-1.
    pub sha1: String,
}

/// Data of a new room.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// Name; None: unnamed.
    pub name: Option<String>,
    /// Visibility.
    pub visibility: Visibility,
    /// Creator of the room.
    pub owner: UserId,
    /// All participants with their role, including the owner, in order, each once. An unknown or
    /// deleted user: `NotFound`.
    pub participants: Vec<(UserId, Role)>,
    /// Return the existing unnamed room of exactly these users, if any.
    pub reuse: bool,
}

/// A new or existing object.
#[derive(Clone, Debug)]
pub struct Added<T> {
    /// The object.
    pub value: T,
    /// Whether it existed before.
    pub existed: bool,
}

/// Selects room cards.
#[derive(Clone, Copy, Debug)]
pub enum RoomQuery<'a> {
    /// All rooms of a user, most recently active first; cards have at most the first `participants`
    /// participants.
    Of {
        /// User of the rooms.
        user: UserId,
        /// Maximum number of participants per card.
        participants: u32,
    },
    /// Public rooms above this id, oldest first, as seen by this user; the first ten participants.
    /// For rooms the user has not entered, mark, unread and last message are omitted.
    Public {
        /// User whose marks and unread messages are counted.
        user: UserId,
        /// Only ids above this one.
        after: Option<RoomId>,
        /// Maximum number of rooms.
        limit: u32,
    },
    /// Public rooms and those of a user, the newest `limit` of them, ascending by id, as seen by
    /// this user; no participants. For rooms the user has not entered, mark, unread and last
    /// message are omitted.
    Visible {
        /// User who sees the rooms.
        user: UserId,
        /// Maximum number of rooms.
        limit: u32,
    },
    /// These rooms as seen by the user, ascending by id, without those they are not in; the first
    /// ten participants.
    These(UserId, &'a [RoomId]),
    /// A page of the rooms of a user, in the order of their ids; cards have at most the first
    /// `participants` participants.
    Page {
        /// User of the rooms.
        user: UserId,
        /// Descending order of ids, otherwise ascending.
        descending: bool,
        /// Number of rooms to skip.
        offset: u64,
        /// Maximum number of rooms.
        limit: u32,
        /// Maximum number of participants per card.
        participants: u32,
    },
    /// A page of all rooms, ascending by id, for administration; marks are 0 and there is no last
    /// message.
    After(Option<RoomId>, u32),
    /// The first `limit` rooms of exactly this name, ascending by id, for administration; like
    /// `After`.
    Named(&'a str, u32),
}

/// A durable change of a room or message, with its results, so that nothing has to be read again.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Rev of the change, or the current one if nothing had to be done.
    pub rev: Rev,
    /// Seq of the room's newest message at that time.
    pub last_seq: Seq,
    /// Time of the change.
    pub at: Timestamp,
    /// Steps of the change; none if nothing had to be done.
    pub changes: Vec<Change>,
}

impl Committed {
    /// Returns whether anything was stored.
    pub fn changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Returns the room after the change; `facts` are those on which the decision was made.
    pub fn applied_to(&self, mut facts: RoomFacts) -> RoomFacts {
        for change in &self.changes {
            facts.apply(self.rev, change);
        }
        facts.room.rev = facts.room.rev.max(self.rev);
        facts.room.last_seq = facts.room.last_seq.max(self.last_seq);
        facts
    }

    /// Returns the message after an edit or a deletion.
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

/// Whose messages the caller may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Messages of all users.
    Any,
    /// Only their own messages.
    Own,
}

/// Data of a new message.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its author.
    pub author: UserId,
    /// Text of the message.
    pub text: String,
    /// Id given by the client, remembered for at least 30 days.
    pub client_id: Option<String>,
    /// The message it replies to; `NotFound` if unknown or deleted.
    pub reply_to: Option<Seq>,
    /// Attachments; all must be uploads of the author, otherwise `NotFound`.
    pub media: Vec<MediaId>,
    /// The socket that sends it.
    pub socket: Option<SocketId>,
    /// The folded login names that could begin at each `@` of the text, longest first; the first
    /// that belongs to a participant is mentioned.
    pub mentions: Vec<Vec<String>>,
}

/// A durable message.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The stored message; the first one when repeated.
    pub message: Message,
    /// Whether the user had used the client id in this room before.
    pub repeated: bool,
}

/// Data of a new uploaded file.
#[derive(Clone, Debug)]
pub struct NewMedia {
    /// The user who uploads it.
    pub owner: UserId,
    /// SHA-512 of the stored bytes in hexadecimal.
    pub name: String,
    /// [`crate::model::FileKind::ending`].
    pub kind: String,
    /// Whether it can be displayed as a picture.
    pub is_image: bool,
    /// Size in bytes.
    pub size: u64,
    /// Width of a picture in pixels.
    pub width: Option<u32>,
    /// Height of a picture in pixels.
    pub height: Option<u32>,
    /// File name given by the uploader.
    pub file_name: Option<String>,
}

/// An uploaded file of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFile {
    /// The file.
    pub media: Media,
    /// Whether its bytes are needed: a message, profile or emoji has them, or another user has
    /// uploaded the same.
    pub needed: bool,
    /// Whether it stays when everything of its owner is erased: it is the picture of a custom emoji.
    pub stays: bool,
    /// Whether its bytes stay even then: an emoji has them, or another user has uploaded the same.
    pub bytes_stay: bool,
}

/// What a user has left in a part of the history of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Their messages that are not deleted, ascending.
    pub written: Vec<Seq>,
    /// Their reactions to messages that are not deleted, with the time, ascending by message.
    pub reactions: Vec<(Seq, Reaction, Timestamp)>,
    /// The last message that was examined; None: the room has no more.
    pub next: Option<Seq>,
}

/// What a user has of their own in rooms in which they do not take part any more. What is deleted is
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftBehind {
    /// Their drafts, ascending by place.
    pub drafts: Vec<Unsent>,
    /// Threads that they follow, ascending; nothing in them is unread.
    pub follows: Vec<Follow>,
    /// Messages that they have saved, ascending.
    pub saved: Vec<SavedPlace>,
}

/// What a step of the removal of expired messages has removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Number of messages.
    pub messages: u64,
    /// Files that were attached to them, which other messages may use.
    pub media: Vec<MediaId>,
    /// Whether there are more.
    pub more: bool,
}

/// A page of matching messages.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The messages in their current version, newest first.
    pub messages: Vec<Message>,
    /// Cursor of the next page; None: this is the last one.
    pub cursor: Option<String>,
    /// The index is being built; old messages may be missing.
    pub behind: bool,
}

/// A change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageChange {
    /// A new text, with its mentions as in [`Draft::mentions`].
    Edit {
        /// The new text.
        text: String,
        /// Possible names of mentioned users.
        mentions: Vec<Vec<String>>,
    },
    /// Deletes the content.
    Delete,
    /// Adds a reaction of `by`.
    React(Reaction),
    /// Removes a reaction of `by`.
    Unreact(Reaction),
}

/// Settings of the server, kept in its database.
#[derive(Clone)]
pub struct Settings {
    /// Signing key of the JSON web tokens, 32 bytes of the operating system's generator.
    pub signing_key: [u8; 32],
    /// Key of the signatures for push services (VAPID): ECDSA on P-256, PKCS#8.
    pub push_key: Vec<u8>,
    /// Changes when the database is restored.
    pub epoch: String,
    /// Permanent id of this instance, which a restored copy keeps. 32 hexadecimal digits.
    pub instance: String,
}

/// Selects a page of the audit log; None selects all.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// An action such as `user.disable`, or a noun such as `user` for all its actions.
    pub action: Option<String>,
    /// Name of a person, in any case: what they did, and what was done to their account.
    pub person: Option<String>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Id of the last entry of the previous page.
    pub cursor: Option<i64>,
    /// Ascending by id, otherwise descending.
    pub oldest_first: bool,
    /// Maximum number of entries.
    pub limit: u32,
}

/// Data of a new session.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// User of the session.
    pub user: UserId,
    /// SHA-256 of its secret.
    pub token: Hash32,
    /// User-Agent, truncated.
    pub device: String,
    /// Address of the log-in.
    pub address: Option<IpAddr>,
    /// Time of the log-in.
    pub now: Timestamp,
    /// Lifetime without use.
    pub life: Duration,
    /// What it may do, if it is an API token or a webhook.
    pub grant: Option<Grant>,
    /// Another system, which decides on a second factor, has proven the log-in.
    pub vouched: bool,
}

/// Messages of a room and the rev of its facts, at one point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePage {
    /// [`crate::model::Room::facts_rev`].
    pub facts_rev: Rev,
    /// The messages, ascending by seq.
    pub messages: Vec<Message>,
}

/// A message with the replies to it, and the replies to those, at one point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// [`crate::model::Room::facts_rev`].
    pub facts_rev: Rev,
    /// The message with which it begins; may be deleted.
    pub root: Message,
    /// Number of replies that are not deleted.
    pub replies: u32,
    /// Time of the newest of them.
    pub last: Option<Timestamp>,
    /// A page of replies, deleted ones too, ascending by seq.
    pub messages: Vec<Message>,
}

/// A version of a room; see [`Store::version`](super::Store::version).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub(super) [u64; 2]);

#[cfg(test)]
impl Version {
    /// A version for tests that need no store.
    pub(crate) const TEST: Self = Self([0, 0]);
}

/// Sessions of a user to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Only this one.
    One(SessionId),
    /// All except this one.
    AllBut(SessionId),
    /// All sessions.
    All,
}

/// Content of a one-time ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// User of the ticket.
    pub user: UserId,
    /// The session with which it expires.
    pub session: SessionId,
    /// The room it admits to.
    pub room: RoomId,
}

/// Wait this long before trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);
