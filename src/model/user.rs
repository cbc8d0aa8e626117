//! Users and their accounts.

use super::{Media, Timestamp, UserId};

/// A user as everybody may know them; the dialects decide what of it they show to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own, in any combination")]
pub struct User {
    /// Never reused, not even after deletion.
    pub id: UserId,
    /// Unique without regard to case; as it was registered; never changes.
    pub login: String,
    /// Display name; the login name where none was given.
    pub name: String,
    /// Shown to the user alone (and by `chats`, as its document wants).
    pub email: Option<String>,
    /// `YYYY-MM-DD`; shown like `email`.
    pub birth: Option<String>,
    /// Profile picture.
    pub media: Option<Media>,
    /// May administer the server.
    pub admin: bool,
    /// May not log in.
    pub disabled: bool,
    /// Is a program.
    pub bot: bool,
    /// Sees and enters only the rooms that they take part in, and administers nothing.
    pub guest: bool,
    /// When the account was made.
    pub created: Timestamp,
}

/// What an account is, as far as rules of rooms ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountFlags {
    /// Is a program.
    pub bot: bool,
    /// Is kept to the rooms that they take part in.
    pub guest: bool,
    /// May not log in.
    pub disabled: bool,
}

impl AccountFlags {
    /// Whether it can be trusted with a room that nobody else administers.
    pub fn is_usable(self) -> bool {
        !self.bot && !self.guest && !self.disabled
    }
}

impl User {
    /// What kind of account it is.
    pub fn flags(&self) -> AccountFlags {
        AccountFlags { bot: self.bot, guest: self.guest, disabled: self.disabled }
    }
}

/// A user named in an event, as they were called when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// The user.
    pub id: UserId,
    /// The login name.
    pub login: String,
    /// The name in that room: `edited_name`, else the display name.
    pub name: String,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A user.
    User(Person),
    /// A user whose account has been deleted since.
    Deleted,
    /// The server itself, or the operator at its command line.
    Server,
}

impl Who {
    /// The user, if there is one still.
    pub fn id(&self) -> Option<UserId> {
        match self {
            Self::User(person) => Some(person.id),
            Self::Deleted | Self::Server => None,
        }
    }

    /// The login name; empty if there is no user.
    pub fn login(&self) -> &str {
        match self {
            Self::User(person) => &person.login,
            Self::Deleted | Self::Server => "",
        }
    }

    /// The name to show, the same in every dialect.
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

/// A user with what a log-in is checked against. Never leaves the server.
#[derive(Clone)]
pub struct Account {
    /// Whose it is.
    pub user: User,
    /// Argon2id of the password, PHC string.
    pub password: String,
    /// Argon2id of the hexadecimal MD5 of the password, when digests are kept.
    pub md5: Option<String>,
    /// Argon2id of the hexadecimal SHA-1 of the password, when digests are kept.
    pub sha1: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}
