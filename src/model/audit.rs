//! The audit log: who administered what, from where, and what changed.

use super::{Timestamp, UserId};

/// Kinds of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A user with the administrator role.
    User,
    /// An operating-system user at the command line.
    Cli,
    /// The holder of the one-time link for the first administrator.
    Setup,
    /// The server itself, at a signal or a migration.
    Server,
}

impl ActorKind {
    /// Returns the name in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Cli => "cli",
            Self::Setup => "setup",
            Self::Server => "server",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Cli, Self::Setup, Self::Server]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Who makes an administrative change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditActor {
    /// Kind of the actor.
    pub kind: ActorKind,
    /// Id of the user, for [`ActorKind::User`].
    pub user: Option<UserId>,
    /// Login name or name of the operating-system user, at that time.
    pub name: String,
    /// Address of the client, or `unix socket`, `socket` (the control socket), `stopped server`,
    /// `signal`, `start`.
    pub from: String,
}

/// To whom, and to which action, changes are attributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// Who makes the changes.
    pub actor: AuditActor,
    /// Stable name of the action, such as `user.disable`.
    pub action: String,
}

/// The object of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditTarget {
    /// `user`, `room`, `message`, `emoji`, `outgoing_webhook`, `slash_command`, `server`, `database`,
    /// `backup`, `config`, `log` or `instance`.
    pub kind: String,
    /// Id of a user, key of a room or message, or name of a file.
    pub id: String,
    /// Name of the object at that time.
    pub name: Option<String>,
}

impl AuditTarget {
    /// An object by its kind and id.
    pub fn new(kind: &str, id: impl Into<String>, name: Option<&str>) -> Self {
        Self { kind: kind.to_owned(), id: id.into(), name: name.map(str::to_owned) }
    }
}

/// What happened to an object. Values are JSON objects of the changed properties; they never
/// contain passwords, tokens or texts of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditNote {
    /// The object.
    pub target: Option<AuditTarget>,
    /// Properties before the change.
    pub before: Option<String>,
    /// Properties after it.
    pub after: Option<String>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Ascending, never reused.
    pub id: i64,
    /// Time of the change.
    pub at: Timestamp,
    /// Who made it, and which action it was part of.
    pub by: Attribution,
    /// What changed.
    pub note: AuditNote,
}
