//! Users and their accounts.

use super::{Media, SecondFactor, Status, Timestamp, UserId};

/// A user without secrets; the dialects decide which fields they show to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags, in any combination")]
pub struct User {
    /// Never reused, not even after deletion.
    pub id: UserId,
    /// Unique regardless of case; as registered; never changes.
    pub login: String,
    /// Display name; the login name if none was given.
    pub name: String,
    /// Only shown to the user (and by `chats`, as its document requires).
    pub email: Option<String>,
    /// `YYYY-MM-DD`; shown like `email`.
    pub birth: Option<String>,
    /// Profile picture.
    pub media: Option<Media>,
    /// As set last, even if it has ended; see [`User::status_at`].
    pub status: Option<Status>,
    /// Server administrator.
    pub admin: bool,
    /// Log-in is disabled.
    pub disabled: bool,
    /// The account belongs to a program.
    pub bot: bool,
    /// Only sees and enters the rooms they participate in, and administers nothing.
    pub guest: bool,
    /// A log-in needs a code besides the password, if the server asks for it.
    pub second_factor: bool,
    /// Time of creation.
    pub created: Timestamp,
}

/// Properties of an account used by the rules of rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountFlags {
    /// The account belongs to a program.
    pub bot: bool,
    /// Limited to the rooms they participate in.
    pub guest: bool,
    /// Log-in is disabled.
    pub disabled: bool,
}

impl AccountFlags {
    /// Returns whether it may be the only admin of a room.
    pub fn is_usable(self) -> bool {
        !self.bot && !self.guest && !self.disabled
    }
}

impl User {
    /// Returns the status, unless it has ended. Who is disabled shows none: they can neither change
    /// nor remove it.
    pub fn status_at(&self, now: Timestamp) -> Option<&Status> {
        self.status.as_ref().filter(|status| !self.disabled && status.lasts(now))
    }

    /// Returns the flags of the account.
    pub fn flags(&self) -> AccountFlags {
        AccountFlags { bot: self.bot, guest: self.guest, disabled: self.disabled }
    }
}

/// A user in an event, with the names they had when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// Id of the user.
    pub id: UserId,
    /// The login name.
    pub login: String,
    /// Name in that room: `edited_name`, otherwise the display name.
    pub name: String,
}

/// Author of a message or a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A user.
    User(Person),
    /// A user whose account was deleted.
    Deleted,
    /// The server itself, or its operator.
    Server,
}

impl Who {
    /// Returns the id of an existing user.
    pub fn id(&self) -> Option<UserId> {
        match self {
            Self::User(person) => Some(person.id),
            Self::Deleted | Self::Server => None,
        }
    }

    /// Returns the login name; empty without a user.
    pub fn login(&self) -> &str {
        match self {
            Self::User(person) => &person.login,
            Self::Deleted | Self::Server => "",
        }
    }

    /// Returns the name to display, the same in every dialect.
    pub fn name(&self) -> &str {
        match self {
            Self::User(person) => &person.name,
            Self::Deleted => "deleted user",
            Self::Server => "server",
        }
    }
}

impl From<Person> for Who {
    fn from(person: Person) -> Self {
        Self::User(person)
    }
}

/// A user with the hashes checked at log-in. Never leaves the server.
#[derive(Clone)]
pub struct Account {
    /// The user of the account.
    pub user: User,
    /// Argon2id of the password, as a PHC string.
    pub password: String,
    /// Argon2id of the hexadecimal MD5 of the password, if digests are stored.
    pub md5: Option<String>,
    /// Argon2id of the hexadecimal SHA-1 of the password, if digests are stored.
    pub sha1: Option<String>,
    /// What codes are checked with, in force or only set up.
    pub second_factor: Option<SecondFactor>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}
