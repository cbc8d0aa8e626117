//! The commands, as they travel: `{"user.disable":{"name":"bob"}}`, `{"status":{}}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::LogLevel;
use crate::model::{Role, Visibility};

/// A secret that no log shows.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(format = Password)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// One administration command by its name, with its fields. `name` is a login name; `room` a key, a
/// number, or the name of one room.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub enum Command {
    /// All accounts.
    #[serde(rename = "user.list")]
    UserList {},
    /// One account.
    #[serde(rename = "user.show")]
    UserShow { name: String },
    /// A new account.
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
        /// One that is there already is left as it is.
        #[serde(default)]
        if_not_exists: bool,
    },
    /// Another password; ends all sessions.
    #[serde(rename = "user.passwd")]
    UserPasswd { name: String, password: Secret },
    /// Imported accounts that nobody can log in to, since they have had no password yet.
    #[serde(rename = "user.without_password")]
    UserWithoutPassword {},
    /// Another display name.
    #[serde(rename = "user.rename")]
    UserRename { name: String, to: String },
    /// No log-in any more; ends all sessions.
    #[serde(rename = "user.disable")]
    UserDisable { name: String },
    /// Log-in again.
    #[serde(rename = "user.enable")]
    UserEnable { name: String },
    /// The account goes; messages stay, without their author.
    #[serde(rename = "user.delete")]
    UserDelete {
        name: String,
        /// Only says what would go.
        #[serde(default)]
        dry_run: bool,
        /// One that is not there is no failure.
        #[serde(default)]
        if_exists: bool,
    },
    /// May administer the server.
    #[serde(rename = "user.promote")]
    UserPromote { name: String },
    /// May no longer.
    #[serde(rename = "user.demote")]
    UserDemote { name: String },
    /// Whether it is a bot, and whether a guest.
    #[serde(rename = "user.mark")]
    UserMark {
        name: String,
        /// A program; shown as one.
        #[serde(default)]
        bot: Option<bool>,
        /// Kept to the rooms that they take part in; loses the roles that they have there.
        #[serde(default)]
        guest: Option<bool>,
    },
    /// Where they are signed in.
    #[serde(rename = "user.sessions")]
    UserSessions { name: String },
    /// Ends one session, or all.
    #[serde(rename = "user.logout")]
    UserLogout {
        name: String,
        #[serde(default)]
        session: Option<i64>,
    },
    /// All rooms.
    #[serde(rename = "room.list")]
    RoomList {},
    /// One room.
    #[serde(rename = "room.show")]
    RoomShow { room: String },
    /// A new room.
    #[serde(rename = "room.create")]
    RoomCreate {
        name: String,
        owner: String,
        #[serde(default)]
        public: bool,
        #[serde(default)]
        members: Vec<String>,
        /// A public room of that name is left as it is.
        #[serde(default)]
        if_not_exists: bool,
    },
    /// Another name.
    #[serde(rename = "room.rename")]
    RoomRename { room: String, to: String },
    /// Topic, description, visibility, who may write; what is absent stays.
    #[serde(rename = "room.settings")]
    RoomSettings {
        room: String,
        /// Empty: none.
        #[serde(default)]
        topic: Option<String>,
        /// Empty: none.
        #[serde(default)]
        description: Option<String>,
        /// `public` or `private`.
        #[serde(default)]
        visibility: Option<String>,
        /// Only admins and sub-admins post.
        #[serde(default)]
        read_only: Option<bool>,
        /// Nobody writes, joins or is added.
        #[serde(default)]
        archived: Option<bool>,
    },
    /// The room and all in it.
    #[serde(rename = "room.delete")]
    RoomDelete {
        room: String,
        #[serde(default)]
        dry_run: bool,
        #[serde(default)]
        if_exists: bool,
    },
    /// Who is in it.
    #[serde(rename = "room.members")]
    RoomMembers { room: String },
    /// Somebody comes in.
    #[serde(rename = "room.add")]
    RoomAdd {
        room: String,
        name: String,
        #[serde(default)]
        role: Option<String>,
        /// One who is in already is left as they are.
        #[serde(default)]
        if_not_exists: bool,
    },
    /// Somebody goes.
    #[serde(rename = "room.remove")]
    RoomRemove {
        room: String,
        name: String,
        #[serde(default)]
        if_exists: bool,
    },
    /// Another role.
    #[serde(rename = "room.role")]
    RoomRole { room: String, name: String, role: String },
    /// The newest messages; at the command line only. Reading is logged.
    #[serde(rename = "room.messages")]
    RoomMessages {
        room: String,
        #[serde(default)]
        limit: Option<u32>,
        /// Below this seq.
        #[serde(default)]
        before: Option<i64>,
    },
    /// The room with everything in it; at the command line only. Reading is logged.
    #[serde(rename = "room.export")]
    RoomExport { room: String },
    /// Takes the content of old messages away.
    #[serde(rename = "room.purge")]
    RoomPurge {
        room: String,
        /// Those of more than so many days ago.
        older_than_days: u32,
        #[serde(default)]
        dry_run: bool,
    },
    /// Everything there is, as lines; at the command line only.
    #[serde(rename = "export")]
    Export {},
    /// The level from now on, or the level now.
    #[serde(rename = "log.level")]
    LogLevel {
        #[serde(default)]
        level: Option<LogLevel>,
        /// Then back to what it was.
        #[serde(default)]
        for_seconds: Option<u64>,
    },
    /// Lines from now on; at the command line only, elsewhere there is the log itself.
    #[serde(rename = "log.tail")]
    LogTail {
        /// So many of the latest first.
        #[serde(default)]
        lines: Option<u32>,
        /// At least as important.
        #[serde(default)]
        level: Option<LogLevel>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        room: Option<String>,
        /// Ends after so long.
        #[serde(default)]
        for_seconds: Option<u64>,
    },
    /// Goes on in a new file.
    #[serde(rename = "log.rotate")]
    LogRotate {},
    /// The files of the database.
    #[serde(rename = "db.status")]
    DbStatus {},
    /// What is wrong with it.
    #[serde(rename = "db.check")]
    DbCheck {},
    /// Gives free pages back.
    #[serde(rename = "db.vacuum")]
    DbVacuum {},
    /// Makes the search index anew.
    #[serde(rename = "db.reindex")]
    DbReindex {},
    /// How much there is of everything.
    #[serde(rename = "db.stats")]
    DbStats {},
    /// A backup, as bytes of a file, then what it begins with; at the command line only.
    #[serde(rename = "backup.create")]
    BackupCreate {},
    /// How the server is.
    #[serde(rename = "status")]
    Status {},
    /// What is wrong with it.
    #[serde(rename = "doctor")]
    Doctor {
        /// These checks only; none named: all.
        #[serde(default)]
        only: Vec<String>,
        /// Mends what is safe to mend.
        #[serde(default)]
        fix: bool,
    },
    /// What helps to find a fault. Reading is logged.
    #[serde(rename = "support")]
    Support {},
}

impl Command {
    /// `user.disable bob`: what is done to whom, and nothing secret.
    pub fn summary(&self) -> String {
        let Ok(Value::Object(tagged)) = serde_json::to_value(self) else { return String::new() };
        let Some((verb, fields)) = tagged.into_iter().next() else { return String::new() };
        let said =
            ["room", "name", "to", "role", "session", "level", "for_seconds", "older_than_days"];
        let said = said.iter().filter_map(|key| match fields.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        // These say little without their names.
        let switches = ["bot", "guest", "visibility", "read_only", "archived"];
        let flags = switches.iter().filter_map(|key| match fields.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(format!("{key}={text}")),
            other => Some(format!("{key}={other}")),
        });
        std::iter::once(verb).chain(said).chain(flags).collect::<Vec<_>>().join(" ")
    }

    /// Whether it is to be logged: it changes something, or reads what is private.
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

    /// Whether it only reads. Then a stopped server's data are left as they are: what was promised
    /// waits for the next start.
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

    /// Whether a server administrator may give it over HTTP: it touches no files and reads no
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

/// Reads a role as people write it.
pub(super) fn role(text: Option<&str>) -> Result<Role, super::Failure> {
    let text = text.unwrap_or("member");
    Role::parse(text).ok_or_else(|| {
        super::Failure::usage(format!("{text:?} is no role: admin, sub-admin or member"))
    })
}

/// Reads a visibility as people write it.
pub(super) fn visibility(text: &str) -> Result<Visibility, super::Failure> {
    Visibility::parse(text).ok_or_else(|| {
        super::Failure::usage(format!("{text:?} is no visibility: public or private"))
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
    fn no_secret_is_said() {
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
