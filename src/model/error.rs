//! All errors, typed by what the caller can do about them.
//!
//! Formats are defined by the dialects: each matches this type exhaustively in its `error.rs`.

use std::borrow::Cow;
use std::time::Duration;

use super::UserId;

/// What a taken name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A login name, or one that looks like it.
    Login,
    /// An e-mail address.
    Email,
    /// The name of a public room.
    RoomName,
    /// A participant of the room.
    Participant,
    /// The name of an API token of a user, or of a webhook of a room.
    Token,
    /// The second factor of a user.
    SecondFactor,
    /// The name of a custom emoji.
    Emoji,
    /// An identity of another system, with which a user logs in.
    Identity,
}

/// An object that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A user, or one who may not log in.
    User,
    /// A room.
    Room,
    /// A message; deleted ones count as missing.
    Message,
    /// Returns a file of this user.
    Media,
    /// A participant of the room.
    Participant,
    /// A session.
    Session,
    /// An invitation, or one that is still valid.
    Invitation,
    /// A custom emoji.
    Emoji,
    /// The position in a list at which the next page begins.
    Cursor,
}

/// Reason for refusing a request. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A body or frame that is not JSON.
    #[error("malformed JSON: {0}")]
    Malformed(String),
    /// A field is missing, mistyped or breaks a rule.
    #[error("{field} {why}")]
    Invalid {
        /// Name of the field in its dialect, or the usual one.
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
    /// A list with fewer entries than required.
    #[error("{0} holds too few")]
    TooFew(&'static str),
    /// No credential.
    #[error("no session")]
    NoSession,
    /// A credential that is malformed, expired or revoked.
    #[error("the session is not valid")]
    BadSession,
    /// A failed log-in; only `v1` tells whether the user is known.
    #[error("wrong user name or password")]
    BadCredentials {
        /// Whether the user exists.
        known: bool,
    },
    /// The password is right, and the log-in needs a code as well.
    #[error("a code of the second factor is required")]
    SecondFactorRequired,
    /// The password is right, and this user must set up a second factor before they log in.
    #[error(
        "two-step login is required on this server; set it up by signing in to its web UI, or with \
         POST /api/login/second_factor"
    )]
    SecondFactorMissing(UserId),
    /// Logged in, but not allowed.
    #[error("not allowed")]
    Forbidden,
    /// The room is archived: nobody may post in it or be added to it.
    #[error("the room is archived")]
    Archived,
    /// Only admins and sub-admins may post in the room.
    #[error("the room is read-only")]
    ReadOnly,
    /// A handshake or unsafe request from a foreign origin.
    #[error("foreign origin")]
    ForeignOrigin,
    /// Registration is closed.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Accounts are only created with an invitation.
    #[error("registration needs an invitation")]
    InvitationNeeded,
    /// The server does not permit a second factor.
    #[error("two-step login is turned off on this server")]
    SecondFactorOff,
    /// The server requires the second factor of the user.
    #[error("two-step login is required on this server, so it cannot be turned off")]
    SecondFactorKept,
    /// Nobody logs in with a password of this server, and nobody sets one.
    #[error("log-in with passwords is turned off on this server")]
    LocalLoginOff,
    /// Unknown, or not visible to the caller.
    #[error("no such room")]
    RoomNotFound,
    /// Unknown, deleted or in another room.
    #[error("no such message")]
    MessageNotFound,
    /// Unknown user.
    #[error("no such user")]
    UserNotFound,
    /// Not a participant of the room.
    #[error("no such participant")]
    ParticipantNotFound,
    /// Unknown, or a session of another user.
    #[error("no such session")]
    SessionNotFound,
    /// Unknown, or not readable for the caller.
    #[error("no such file")]
    MediaNotFound,
    /// There is no custom emoji of this name.
    #[error("no such emoji")]
    EmojiNotFound,
    /// There is no slash command of this name in the room.
    #[error("no such command")]
    CommandNotFound,
    /// The caller is not a participant of a room that they can see or that they named.
    #[error("not in this room")]
    NotInRoom,
    /// A socket command that requires a room names none, and the socket has not entered one.
    #[error("no room named")]
    MissingRoom,
    /// The caller's socket has not entered the room it wants to leave.
    #[error("not joined")]
    NotJoined,
    /// A frame of a type unknown to this dialect.
    #[error("unknown message type {0}")]
    UnknownType(String),
    /// The name is taken.
    #[error("already exists")]
    Taken(Claim),
    /// The message has the maximum number of reactions, in total or of this user.
    #[error("the message has too many reactions")]
    TooManyReactions,
    /// The live room is closing.
    #[error("the room is closing")]
    RoomClosing,
    /// A body or frame over its limit.
    #[error("too large")]
    TooLarge,
    /// Too many requests; try again after this time.
    #[error("too many requests")]
    RateLimited(Duration),
    /// Not done, or perhaps done (`StoreError::Unknown`): repeat with the same client id.
    #[error("temporarily unavailable")]
    Unavailable,
    /// An internal error; its cause is in the log.
    #[error("internal error")]
    Internal,
    /// Unknown path.
    #[error("no such path")]
    NotFound,
    /// Known path with another method; the value is the `Allow` header.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// A socket route requested without an upgrade.
    #[error("a WebSocket upgrade is required")]
    UpgradeRequired,
}

impl Error {
    /// Shorthand for [`Error::Invalid`].
    pub fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { field: Cow::Borrowed(field), why: why.into() }
    }
}

/// Result of the functions in `chat`.
pub type Result<T, E = Error> = std::result::Result<T, E>;
