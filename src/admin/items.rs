//! What commands say, one thing at a time, and of which commands. The keys are a promise.

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::LogLevel;
use crate::model;
use crate::store::engine::upkeep::Status;

pub use super::doctor::Finding;
pub use crate::logging::Entry;
pub use crate::store::engine::upkeep::Stats;

/// An account: `user.list`, `user.without_password`, `user.create`, `user.passwd`, `user.rename`,
/// `user.disable`, `user.enable`, `user.promote`, `user.demote`, `user.mark`.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct User {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) admin: bool,
    pub(super) disabled: bool,
    pub(super) bot: bool,
    /// Kept to the rooms that they take part in.
    pub(super) guest: bool,
    pub(super) created: String,
}

impl From<&model::User> for User {
    fn from(user: &model::User) -> Self {
        Self {
            id: user.id.0,
            name: user.login.clone(),
            display_name: user.name.clone(),
            email: user.email.clone(),
            admin: user.admin,
            disabled: user.disabled,
            bot: user.bot,
            guest: user.guest,
            created: user.created.seconds(),
        }
    }
}

/// One account with more: `user.show`.
#[derive(Serialize, ToSchema)]
pub struct Account {
    #[serde(flatten)]
    pub(super) user: User,
    pub(super) birth: Option<String>,
    pub(super) rooms: usize,
    pub(super) sessions: usize,
    /// Whether those of the passwords that clients of `realtime` send are kept.
    pub(super) digests: bool,
}

/// What goes with an account: `user.delete`.
#[derive(Serialize, ToSchema)]
pub struct Leaving {
    pub(super) name: String,
    pub(super) rooms_left: usize,
    /// Private rooms with nobody else in them.
    pub(super) rooms_deleted: usize,
    pub(super) messages_deleted: i64,
    pub(super) sessions_ended: usize,
    /// False where it was only asked for.
    pub(super) done: bool,
}

/// Where somebody is signed in: `user.sessions`.
#[derive(Serialize, ToSchema)]
pub struct Session {
    pub(super) id: i64,
    pub(super) device: String,
    pub(super) address: Option<String>,
    pub(super) created: String,
    pub(super) last_seen: String,
    pub(super) expires: String,
}

/// How many sessions have ended: `user.logout`.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    pub(super) name: String,
    pub(super) sessions_ended: u32,
}

/// A room: `room.list`, `room.show`, `room.create`, `room.rename`, `room.settings`.
#[derive(Serialize, ToSchema)]
pub struct Card {
    pub(super) room: String,
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) topic: Option<String>,
    pub(super) description: Option<String>,
    pub(super) visibility: &'static str,
    /// `open`, `read-only` or `archived`.
    pub(super) mode: &'static str,
    /// Since when.
    pub(super) archived: Option<String>,
    pub(super) read_only: bool,
    pub(super) owner: Option<String>,
    pub(super) members: u32,
    /// Sent since it was made, deleted ones included.
    pub(super) messages: i64,
    pub(super) created: String,
}

impl Card {
    pub(super) fn new(room: &model::Room, members: u32) -> Self {
        Self {
            room: room.id.key(),
            id: room.id.0,
            name: room.name.clone(),
            topic: room.topic.clone(),
            description: room.description.clone(),
            visibility: room.visibility.as_str(),
            mode: match (room.archived, room.read_only) {
                (Some(_), _) => "archived",
                (None, true) => "read-only",
                (None, false) => "open",
            },
            archived: room.archived.map(model::Timestamp::seconds),
            read_only: room.read_only,
            owner: Some(room.owner_login.clone()).filter(|_| room.owner.is_some()),
            members,
            messages: room.last_seq.0,
            created: room.created.seconds(),
        }
    }

    pub(super) fn of(facts: &model::RoomFacts) -> Self {
        Self::new(&facts.room, u32::try_from(facts.participants.len()).unwrap_or(u32::MAX))
    }
}

/// What goes with a room: `room.delete`.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    pub(super) room: String,
    pub(super) name: Option<String>,
    pub(super) members: usize,
    pub(super) messages: i64,
    /// Uploaded files that hang on its messages.
    pub(super) files: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// False where it was only asked for.
    pub(super) done: bool,
}

/// Somebody in a room: `room.members`, `room.add`, `room.role`.
#[derive(Serialize, ToSchema)]
pub struct Member {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) role: &'static str,
    pub(super) joined: String,
}

impl From<&model::Participant> for Member {
    fn from(participant: &model::Participant) -> Self {
        Self {
            name: participant.login.clone(),
            display_name: participant.shown_name().to_owned(),
            role: participant.role.as_str(),
            joined: participant.joined.seconds(),
        }
    }
}

/// Who is out of which room: `room.remove`.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    pub(super) room: String,
    pub(super) name: String,
}

/// What old messages have lost: `room.purge`.
#[derive(Serialize, ToSchema)]
pub struct Purged {
    pub(super) room: String,
    pub(super) older_than: String,
    pub(super) messages: u64,
    pub(super) media_bytes: u64,
    /// False where it was only asked for.
    pub(super) done: bool,
}

/// The level of the log: `log.level`.
#[derive(Serialize, ToSchema)]
pub struct Level {
    pub(super) level: LogLevel,
    pub(super) for_seconds: Option<u64>,
}

/// The files of the database: `db.status`.
#[derive(Serialize, ToSchema)]
pub struct Database {
    pub(super) path: String,
    #[serde(flatten)]
    pub(super) status: Status,
}

/// Something that is wrong: `db.check`.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    pub(super) problem: String,
}

/// What was free: `db.vacuum`.
#[derive(Serialize, ToSchema)]
pub struct Vacuumed {
    pub(super) pages: u64,
    pub(super) bytes: u64,
}

/// The new search index: `db.reindex`.
#[derive(Serialize, ToSchema)]
pub struct Reindexed {
    pub(super) search_bytes: u64,
}

/// How the server is, or what lies there while none runs: `status`.
#[derive(Serialize, ToSchema)]
pub struct Condition {
    pub(super) running: bool,
    pub(super) version: &'static str,
    pub(super) server_id: String,
    pub(super) epoch: String,
    /// Seconds.
    pub(super) uptime: Option<u64>,
    pub(super) pid: Option<u32>,
    pub(super) addresses: Vec<String>,
    pub(super) users_connected: Option<usize>,
    pub(super) sockets: Option<usize>,
    pub(super) live_rooms: Option<usize>,
    /// Bytes of memory in use.
    pub(super) memory: Option<u64>,
    pub(super) store: &'static str,
    pub(super) data_dir: String,
    /// Bytes of the database, its write-ahead log included.
    pub(super) database_bytes: u64,
    /// Bytes of the write-ahead log.
    pub(super) wal_bytes: u64,
    pub(super) log_level: Option<LogLevel>,
}
