//! The commands and their JSON form: `{"user.disable":{"name":"bob"}}`, `{"status":{}}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::LogLevel;
use crate::model::{Role, Visibility};

/// A secret whose `Debug` output is blanked.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(format = Password)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// One administration command by its name, with its fields. `name` is a login name; `room` is a
/// key, a number or a unique room name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub enum Command {
    /// List all accounts.
    #[serde(rename = "user.list")]
    UserList {},
    /// Show an account.
    #[serde(rename = "user.show")]
    UserShow { name: String },
    /// Create an account.
    #[serde(rename = "user.create")]
    UserCreate {
        name: String,
        password: Secret,
        #[serde(default)]
        display_name: Option<String>,
        #[serde(default)]
        email: Option<String>,
        #[serde(default)]
        admin: bool,
        /// Succeed if it exists, and leave it unchanged.
        #[serde(default)]
        if_not_exists: bool,
    },
    /// Set the password; ends all sessions.
    #[serde(rename = "user.passwd")]
    UserPasswd { name: String, password: Secret },
    /// List imported accounts that have no password yet.
    #[serde(rename = "user.without_password")]
    UserWithoutPassword {},
    /// Change the display name.
    #[serde(rename = "user.rename")]
    UserRename { name: String, to: String },
    /// Disable an account and end its sessions.
    #[serde(rename = "user.disable")]
    UserDisable { name: String },
    /// Enable a disabled account.
    #[serde(rename = "user.enable")]
    UserEnable { name: String },
    /// Delete an account; its messages stay, without an author.
    #[serde(rename = "user.delete")]
    UserDelete {
        name: String,
        /// Only report what would be deleted.
        #[serde(default)]
        dry_run: bool,
        /// Succeed if it does not exist.
        #[serde(default)]
        if_exists: bool,
    },
    /// Grant the administrator role.
    #[serde(rename = "user.promote")]
    UserPromote { name: String },
    /// Remove the administrator role.
    #[serde(rename = "user.demote")]
    UserDemote { name: String },
    /// Set or remove the bot and guest marks.
    #[serde(rename = "user.mark")]
    UserMark {
        name: String,
        /// Marks the account as a program.
        #[serde(default)]
        bot: Option<bool>,
        /// Restricts the account to its rooms, as a plain member.
        #[serde(default)]
        guest: Option<bool>,
    },
    /// List the sessions of an account.
    #[serde(rename = "user.sessions")]
    UserSessions { name: String },
    /// End one session, or all.
    #[serde(rename = "user.logout")]
    UserLogout {
        name: String,
        #[serde(default)]
        session: Option<i64>,
    },
    /// List all rooms.
    #[serde(rename = "room.list")]
    RoomList {},
    /// Show a room.
    #[serde(rename = "room.show")]
    RoomShow { room: String },
    /// Create a room.
    #[serde(rename = "room.create")]
    RoomCreate {
        name: String,
        owner: String,
        #[serde(default)]
        public: bool,
        #[serde(default)]
        members: Vec<String>,
        /// Succeed if a public room of this name exists, and leave it unchanged.
        #[serde(default)]
        if_not_exists: bool,
    },
    /// Rename a room.
    #[serde(rename = "room.rename")]
    RoomRename { room: String, to: String },
    /// Change topic, description, visibility, read-only mode or archive state; absent fields stay
    /// unchanged.
    #[serde(rename = "room.settings")]
    RoomSettings {
        room: String,
        /// Empty removes it.
        #[serde(default)]
        topic: Option<String>,
        /// Empty removes it.
        #[serde(default)]
        description: Option<String>,
        /// `public` or `private`.
        #[serde(default)]
        visibility: Option<String>,
        /// Only admins and sub-admins may post.
        #[serde(default)]
        read_only: Option<bool>,
        /// Nobody can post, join or be added.
        #[serde(default)]
        archived: Option<bool>,
    },
    /// Delete a room with its messages and files.
    #[serde(rename = "room.delete")]
    RoomDelete {
        room: String,
        #[serde(default)]
        dry_run: bool,
        #[serde(default)]
        if_exists: bool,
    },
    /// List the members of a room.
    #[serde(rename = "room.members")]
    RoomMembers { room: String },
    /// Add a member.
    #[serde(rename = "room.add")]
    RoomAdd {
        room: String,
        name: String,
        #[serde(default)]
        role: Option<String>,
        /// Succeed if the account is a member already, and keep its role.
        #[serde(default)]
        if_not_exists: bool,
    },
    /// Remove a member.
    #[serde(rename = "room.remove")]
    RoomRemove {
        room: String,
        name: String,
        #[serde(default)]
        if_exists: bool,
    },
    /// Change the role of a member.
    #[serde(rename = "room.role")]
    RoomRole { room: String, name: String, role: String },
    /// Read the newest messages; command line only. The access is logged.
    #[serde(rename = "room.messages")]
    RoomMessages {
        room: String,
        #[serde(default)]
        limit: Option<u32>,
        /// Only messages below this seq.
        #[serde(default)]
        before: Option<i64>,
    },
    /// Export a room with its messages; command line only. The access is logged.
    #[serde(rename = "room.export")]
    RoomExport { room: String },
    /// Delete the content of old messages.
    #[serde(rename = "room.purge")]
    RoomPurge {
        room: String,
        /// Minimum age in days.
        older_than_days: u32,
        #[serde(default)]
        dry_run: bool,
    },
    /// Export all data as JSON Lines; command line only.
    #[serde(rename = "export")]
    Export {},
    /// Show or set the log level.
    #[serde(rename = "log.level")]
    LogLevel {
        #[serde(default)]
        level: Option<LogLevel>,
        /// Seconds until the configured level is restored.
        #[serde(default)]
        for_seconds: Option<u64>,
    },
    /// Follow the log; command line only.
    #[serde(rename = "log.tail")]
    LogTail {
        /// Number of recent lines to send first.
        #[serde(default)]
        lines: Option<u32>,
        /// Minimum log level.
        #[serde(default)]
        level: Option<LogLevel>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        room: Option<String>,
        /// Seconds after which to stop.
        #[serde(default)]
        for_seconds: Option<u64>,
    },
    /// Continue in a new log file.
    #[serde(rename = "log.rotate")]
    LogRotate {},
    /// Show the database files.
    #[serde(rename = "db.status")]
    DbStatus {},
    /// Check the database and the uploaded files.
    #[serde(rename = "db.check")]
    DbCheck {},
    /// Return free pages to the file system.
    #[serde(rename = "db.vacuum")]
    DbVacuum {},
    /// Rebuild the search index.
    #[serde(rename = "db.reindex")]
    DbReindex {},
    /// Show the number of accounts, rooms, messages and files.
    #[serde(rename = "db.stats")]
    DbStats {},
    /// Create a backup, sent as the bytes of the file, then its header; command line only.
    #[serde(rename = "backup.create")]
    BackupCreate {},
    /// Show the state of the server.
    #[serde(rename = "status")]
    Status {},
    /// Run checks and suggest remedies.
    #[serde(rename = "doctor")]
    Doctor {
        /// Names of the checks; empty runs all.
        #[serde(default)]
        only: Vec<String>,
        /// Repair what is safe to repair.
        #[serde(default)]
        fix: bool,
    },
    /// Collect diagnostics. The access is logged.
    #[serde(rename = "support")]
    Support {},
}

impl Command {
    /// The command for the log, without secrets: `user.disable bob`.
    pub fn summary(&self) -> String {
        let Ok(Value::Object(tagged)) = serde_json::to_value(self) else { return String::new() };
        let Some((verb, fields)) = tagged.into_iter().next() else { return String::new() };
        let shown =
            ["room", "name", "to", "role", "session", "level", "for_seconds", "older_than_days"];
        let shown = shown.iter().filter_map(|key| match fields.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        // These values are unclear without their keys.
        let switches = ["bot", "guest", "visibility", "read_only", "archived"];
        let flags = switches.iter().filter_map(|key| match fields.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(format!("{key}={text}")),
            other => Some(format!("{key}={other}")),
        });
        std::iter::once(verb).chain(shown).chain(flags).collect::<Vec<_>>().join(" ")
    }

    /// Whether the command is logged: it changes something or reads private data.
    pub fn is_noted(&self) -> bool {
        match self {
            Self::UserDelete { dry_run, .. }
            | Self::RoomDelete { dry_run, .. }
            | Self::RoomPurge { dry_run, .. } => !dry_run,
            Self::LogLevel { level, .. } => level.is_some(),
            Self::Doctor { fix, .. } => *fix,
            Self::UserList {}
            | Self::UserShow { .. }
            | Self::UserSessions { .. }
            | Self::UserWithoutPassword {}
            | Self::RoomList {}
            | Self::RoomShow { .. }
            | Self::RoomMembers { .. }
            | Self::LogTail { .. }
            | Self::DbStatus {}
            | Self::DbCheck {}
            | Self::DbStats {}
            | Self::Status {} => false,
            _ => true,
        }
    }

    /// Whether the command only reads. Then pending work on the data of a stopped server is left
    /// for the next start.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::UserDelete { dry_run, .. }
            | Self::RoomDelete { dry_run, .. }
            | Self::RoomPurge { dry_run, .. } => *dry_run,
            Self::Doctor { fix, .. } => !fix,
            Self::UserList {}
            | Self::UserShow { .. }
            | Self::UserSessions { .. }
            | Self::UserWithoutPassword {}
            | Self::RoomList {}
            | Self::RoomShow { .. }
            | Self::RoomMembers { .. }
            | Self::RoomMessages { .. }
            | Self::RoomExport { .. }
            | Self::Export {}
            | Self::LogTail { .. }
            | Self::DbStatus {}
            | Self::DbCheck {}
            | Self::DbStats {}
            | Self::BackupCreate {}
            | Self::Status {}
            | Self::Support {} => true,
            _ => false,
        }
    }

    /// Whether a server administrator may run it over HTTP: it accesses no files and reads no
    /// messages.
    pub fn is_remote(&self) -> bool {
        !matches!(
            self,
            Self::RoomMessages { .. }
                | Self::RoomExport { .. }
                | Self::Export {}
                | Self::LogTail { .. }
                | Self::BackupCreate {}
                | Self::Support {}
                | Self::Doctor { fix: true, .. }
        )
    }
}

/// Parses a role.
pub(super) fn role(text: Option<&str>) -> Result<Role, super::Failure> {
    let text = text.unwrap_or("member");
    Role::parse(text).ok_or_else(|| {
        super::Failure::usage(format!("the role {text:?} must be admin, sub-admin or member"))
    })
}

/// Parses a visibility.
pub(super) fn visibility(text: &str) -> Result<Visibility, super::Failure> {
    Visibility::parse(text).ok_or_else(|| {
        super::Failure::usage(format!("the visibility {text:?} must be public or private"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_travel_as_they_are_documented() {
        let disable: Command = serde_json::from_str(r#"{"user.disable":{"name":"bob"}}"#).unwrap();
        assert!(matches!(&disable, Command::UserDisable { name } if name == "bob"));
        assert_eq!(serde_json::to_string(&disable).unwrap(), r#"{"user.disable":{"name":"bob"}}"#);
        assert!(serde_json::from_str::<Command>(r#"{"status":{}}"#).is_ok());
        for bad in [
            "{}",
            r#"{"user.fly":{}}"#,
            r#"{"user.disable":{}}"#,
            r#"{"user.disable":{"name":"bob","x":1}}"#,
            r#"{"status":{},"db.check":{}}"#,
        ] {
            assert!(serde_json::from_str::<Command>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_summary_has_no_secret() {
        let create =
            Command::UserPasswd { name: "bob".to_owned(), password: Secret("hidden".to_owned()) };
        assert_eq!(create.summary(), "user.passwd bob");
        assert!(!format!("{create:?}").contains("hidden"));
        let settings: Command = serde_json::from_str(
            r#"{"room.settings":{"room":"hall","topic":"hidden","archived":true}}"#,
        )
        .unwrap();
        assert_eq!(settings.summary(), "room.settings hall archived=true");
    }
}
