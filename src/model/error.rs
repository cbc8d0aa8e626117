//! Everything that can be answered instead of success, typed by what the caller can do about it.
//!
//! Formats live in the dialects: each matches this exhaustively in its `error.rs`.

use std::borrow::Cow;
use std::time::Duration;

/// What a name that is already taken was meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A login name, or one that looks like it.
    Login,
    /// An e-mail address.
    Email,
    /// The name of a public room.
    RoomName,
    /// A place in a room.
    Participant,
}

/// What was named and does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A user, or one who may not log in.
    User,
    /// A room.
    Room,
    /// A message; deleted ones count as missing.
    Message,
    /// A file of this user.
    Media,
    /// A participant of the room.
    Participant,
    /// A session.
    Session,
    /// The position in a list where the next page begins.
    Cursor,
}

/// Why something was not done. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A body or frame that is no JSON.
    #[error("malformed JSON: {0}")]
    Malformed(String),
    /// A field is missing, mistyped or breaks a rule.
    #[error("{field} {why}")]
    Invalid {
        /// Its name in the field's own dialect, or the usual one.
        field: Cow<'static, str>,
        /// What is wrong with it.
        why: String,
    },
    /// A text that must not be empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// A text over its limit, in code points.
    #[error("{0} is longer than {1} characters")]
    TooLong(&'static str, usize),
    /// A list with fewer entries than it must have.
    #[error("{0} holds too few")]
    TooFew(&'static str),
    /// No credential at all.
    #[error("no session")]
    NoSession,
    /// A credential that is malformed, expired or revoked.
    #[error("the session is not valid")]
    BadSession,
    /// A log-in that failed; only `v1` says whether the user is known.
    #[error("wrong user name or password")]
    BadCredentials {
        /// Whether there is such a user.
        known: bool,
    },
    /// Signed in, but not allowed.
    #[error("not allowed")]
    Forbidden,
    /// The room is archived: nobody writes in it or is added to it.
    #[error("the room is archived")]
    Archived,
    /// Only admins and sub-admins post in the room.
    #[error("the room is read-only")]
    ReadOnly,
    /// A handshake or unsafe request from a foreign origin.
    #[error("foreign origin")]
    ForeignOrigin,
    /// Registration is closed.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Unknown, or not to be seen by the caller.
    #[error("no such room")]
    RoomNotFound,
    /// Unknown, deleted or of another room.
    #[error("no such message")]
    MessageNotFound,
    /// Unknown.
    #[error("no such user")]
    UserNotFound,
    /// Not in the room.
    #[error("no such participant")]
    ParticipantNotFound,
    /// Unknown, or somebody else's.
    #[error("no such session")]
    SessionNotFound,
    /// Unknown, or not to be seen by the caller.
    #[error("no such file")]
    MediaNotFound,
    /// The caller takes no part in a room that they can see or named.
    #[error("not in this room")]
    NotInRoom,
    /// A socket command that needs a room names none and has joined none.
    #[error("no room named")]
    MissingRoom,
    /// The caller's socket has not joined the room it wants to leave.
    #[error("not joined")]
    NotJoined,
    /// A frame whose type this dialect does not know.
    #[error("unknown message type {0}")]
    UnknownType(String),
    /// The name is taken.
    #[error("already exists")]
    Taken(Claim),
    /// The message has all the reactions that it may have, or all that it may have of this user.
    #[error("the message has too many reactions")]
    TooManyReactions,
    /// The live room is closing.
    #[error("the room is closing")]
    RoomClosing,
    /// A body or frame over its limit.
    #[error("too large")]
    TooLarge,
    /// Too often; try again after this long.
    #[error("too many requests")]
    RateLimited(Duration),
    /// Not done, or perhaps done (`StoreError::Unknown`): repeat with the same client id.
    #[error("temporarily unavailable")]
    Unavailable,
    /// A fault of the server; its cause is in the log.
    #[error("internal error")]
    Internal,
    /// No such path.
    #[error("no such path")]
    NotFound,
    /// A known path with another method; the value is the `Allow` header.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// A socket route asked without an upgrade.
    #[error("a WebSocket upgrade is required")]
    UpgradeRequired,
}

impl Error {
    /// [`Error::Invalid`] in short.
    pub fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { field: Cow::Borrowed(field), why: why.into() }
    }
}

/// What everything in `chat` answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
