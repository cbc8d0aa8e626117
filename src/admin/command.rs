//! The commands and their JSON form: `{"user.disable":{"name":"bob"}}`, `{"status":{}}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::alerts::LogAlertTest;
use super::audit::AuditList;
use super::backups::{BackupCreate, BackupList, BackupPrune, BackupStore};
use super::bots::{BotCreate, BotDelete, BotList};
use super::database::{DbCheck, DbReindex, DbStats, DbStatus, DbVacuum};
use super::doctor::Doctor;
use super::emoji::{EmojiAdd, EmojiDelete, EmojiList};
use super::erase::UserErase;
use super::identities::{UserEmail, UserLink, UserUnlink};
use super::invitations::{InviteCreate, InviteList, InviteRevoke};
use super::ldap::{LdapSync, LdapTest};
use super::log::{LogRotate, LogTail, SetLogLevel};
use super::look::{ServerReset, ServerSet, ServerShow};
use super::mail::MailTest;
use super::outgoing_webhooks::{
    OutgoingWebhookCreate, OutgoingWebhookDelete, OutgoingWebhookDisable, OutgoingWebhookEnable,
    OutgoingWebhookList, OutgoingWebhookShow, OutgoingWebhookTest,
};
use super::reload::Reload;
use super::removal::UserDelete;
use super::reset_link::UserResetLink;
use super::retention::{RunRetention, SetRoomRetention};
use super::room_messages::{RoomExport, RoomMessages, RoomPurge};
use super::rooms::{
    ChangeRoomSettings, RoomAdd, RoomCreate, RoomDelete, RoomList, RoomMembers, RoomRemove,
    RoomRename, RoomRole, RoomShow,
};
use super::slash_commands::{SlashCommandCreate, SlashCommandDelete, SlashCommandList};
use super::status::Status;
use super::support::Support;
use super::tokens::{TokenCreate, TokenList, TokenRevoke};
use super::transfer::ExportAll;
use super::user_export::UserExport;
use super::users::{
    UserCreate, UserDemote, UserDisable, UserEnable, UserList, UserLogout, UserMark, UserPasswd,
    UserPromote, UserRename, UserResetSecondFactor, UserSessions, UserShow, UserWithoutPassword,
};
use super::webhooks::{WebhookCreate, WebhookDelete, WebhookList};

/// One administration command by its name, with its fields. `name` is a login name; `room` is a
/// key, a number or a unique room name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub enum Command {
    /// List all accounts.
    #[serde(rename = "user.list")]
    UserList(#[schema(inline)] UserList),
    /// Show an account.
    #[serde(rename = "user.show")]
    UserShow(#[schema(inline)] UserShow),
    /// Create an account.
    #[serde(rename = "user.create")]
    UserCreate(#[schema(inline)] UserCreate),
    /// Set the password; ends all sessions.
    #[serde(rename = "user.passwd")]
    UserPasswd(#[schema(inline)] UserPasswd),
    /// Create a link with which the user sets a new password, once; it ends earlier links.
    #[serde(rename = "user.reset_link")]
    UserResetLink(#[schema(inline)] UserResetLink),
    /// Remove the second factor of an account; log-ins need the password only.
    #[serde(rename = "user.reset_second_factor")]
    UserResetSecondFactor(#[schema(inline)] UserResetSecondFactor),
    /// List imported accounts that have no password yet.
    #[serde(rename = "user.without_password")]
    UserWithoutPassword(#[schema(inline)] UserWithoutPassword),
    /// Change the display name.
    #[serde(rename = "user.rename")]
    UserRename(#[schema(inline)] UserRename),
    #[serde(rename = "user.email")]
    UserEmail(#[schema(inline)] UserEmail),
    #[serde(rename = "user.link")]
    UserLink(#[schema(inline)] UserLink),
    #[serde(rename = "user.unlink")]
    UserUnlink(#[schema(inline)] UserUnlink),
    /// Disable an account and end its sessions.
    #[serde(rename = "user.disable")]
    UserDisable(#[schema(inline)] UserDisable),
    /// Enable a disabled account.
    #[serde(rename = "user.enable")]
    UserEnable(#[schema(inline)] UserEnable),
    /// Delete an account; its messages stay, without an author.
    #[serde(rename = "user.delete")]
    UserDelete(#[schema(inline)] UserDelete),
    /// Erase a person: delete the account with the content of its messages, its reactions and files.
    #[serde(rename = "user.erase")]
    UserErase(#[schema(inline)] UserErase),
    /// Export everything of one person, sent as the bytes of a ZIP file, then what it contains;
    /// command line only. The access is logged.
    #[serde(rename = "user.export")]
    UserExport(#[schema(inline)] UserExport),
    /// Grant the administrator role.
    #[serde(rename = "user.promote")]
    UserPromote(#[schema(inline)] UserPromote),
    /// Remove the administrator role.
    #[serde(rename = "user.demote")]
    UserDemote(#[schema(inline)] UserDemote),
    /// Set or remove the bot and guest marks.
    #[serde(rename = "user.mark")]
    UserMark(#[schema(inline)] UserMark),
    /// List the sessions of an account.
    #[serde(rename = "user.sessions")]
    UserSessions(#[schema(inline)] UserSessions),
    /// End one session, or all.
    #[serde(rename = "user.logout")]
    UserLogout(#[schema(inline)] UserLogout),
    /// Create an account for a program; nobody can log in to it.
    #[serde(rename = "bot.create")]
    BotCreate(#[schema(inline)] BotCreate),
    /// List the bots.
    #[serde(rename = "bot.list")]
    BotList(#[schema(inline)] BotList),
    /// Delete a bot; its messages stay, without an author.
    #[serde(rename = "bot.delete")]
    BotDelete(#[schema(inline)] BotDelete),
    /// Create an API token; the output contains its secret, this once.
    #[serde(rename = "token.create")]
    TokenCreate(#[schema(inline)] TokenCreate),
    /// List the API tokens and webhooks of an account, or all.
    #[serde(rename = "token.list")]
    TokenList(#[schema(inline)] TokenList),
    /// Revoke an API token.
    #[serde(rename = "token.revoke")]
    TokenRevoke(#[schema(inline)] TokenRevoke),
    /// Create a webhook that posts to a room; the output contains its address, this once.
    #[serde(rename = "webhook.create")]
    WebhookCreate(#[schema(inline)] WebhookCreate),
    /// List the webhooks of a room, or all.
    #[serde(rename = "webhook.list")]
    WebhookList(#[schema(inline)] WebhookList),
    /// Revoke a webhook and disable its bot; its messages stay.
    #[serde(rename = "webhook.delete")]
    WebhookDelete(#[schema(inline)] WebhookDelete),
    /// Create an invitation; the output contains its link, this once.
    #[serde(rename = "invite.create")]
    InviteCreate(#[schema(inline)] InviteCreate),
    /// List the invitations.
    #[serde(rename = "invite.list")]
    InviteList(#[schema(inline)] InviteList),
    /// Revoke an invitation; accounts that were created with it stay.
    #[serde(rename = "invite.revoke")]
    InviteRevoke(#[schema(inline)] InviteRevoke),
    /// Create a webhook that sends events of rooms to an address; the output contains the secret of
    /// its signatures, this once.
    #[serde(rename = "outgoing_webhook.create")]
    OutgoingWebhookCreate(#[schema(inline)] OutgoingWebhookCreate),
    /// List the outgoing webhooks.
    #[serde(rename = "outgoing_webhook.list")]
    OutgoingWebhookList(#[schema(inline)] OutgoingWebhookList),
    /// Show an outgoing webhook, and how many changes of its rooms it has not sent yet.
    #[serde(rename = "outgoing_webhook.show")]
    OutgoingWebhookShow(#[schema(inline)] OutgoingWebhookShow),
    /// Send a signed test to the receiver of an outgoing webhook.
    #[serde(rename = "outgoing_webhook.test")]
    OutgoingWebhookTest(#[schema(inline)] OutgoingWebhookTest),
    /// Make an outgoing webhook that was disabled, or whose requests fail, send again at once.
    #[serde(rename = "outgoing_webhook.enable")]
    OutgoingWebhookEnable(#[schema(inline)] OutgoingWebhookEnable),
    /// Make an outgoing webhook send nothing until it is enabled.
    #[serde(rename = "outgoing_webhook.disable")]
    OutgoingWebhookDisable(#[schema(inline)] OutgoingWebhookDisable),
    /// Delete an outgoing webhook.
    #[serde(rename = "outgoing_webhook.delete")]
    OutgoingWebhookDelete(#[schema(inline)] OutgoingWebhookDelete),
    /// Create a slash command; the output contains the secret of its signatures, this once.
    #[serde(rename = "slash_command.create")]
    SlashCommandCreate(#[schema(inline)] SlashCommandCreate),
    /// List the slash commands.
    #[serde(rename = "slash_command.list")]
    SlashCommandList(#[schema(inline)] SlashCommandList),
    /// Delete a slash command.
    #[serde(rename = "slash_command.delete")]
    SlashCommandDelete(#[schema(inline)] SlashCommandDelete),
    /// Show the name, accent colour, message of the day and icon of the server.
    #[serde(rename = "server.show")]
    ServerShow(#[schema(inline)] ServerShow),
    /// Set the name, accent colour, message of the day or icon of the server.
    #[serde(rename = "server.set")]
    ServerSet(#[schema(inline)] ServerSet),
    /// Leave parts of the look of the server to the configuration again.
    #[serde(rename = "server.reset")]
    ServerReset(#[schema(inline)] ServerReset),
    /// List the custom emoji.
    #[serde(rename = "emoji.list")]
    EmojiList(#[schema(inline)] EmojiList),
    /// Add a custom emoji.
    #[serde(rename = "emoji.add")]
    EmojiAdd(#[schema(inline)] EmojiAdd),
    /// Delete a custom emoji; messages and reactions with its name stay, as text.
    #[serde(rename = "emoji.delete")]
    EmojiDelete(#[schema(inline)] EmojiDelete),
    /// Try the configured LDAP directory out, step by step.
    #[serde(rename = "ldap.test")]
    LdapTest(#[schema(inline)] LdapTest),
    /// Compare the accounts that are linked to the LDAP directory with their entries.
    #[serde(rename = "ldap.sync")]
    LdapSync(#[schema(inline)] LdapSync),
    /// Send a test letter through the configured mail server.
    #[serde(rename = "mail.test")]
    MailTest(#[schema(inline)] MailTest),
    /// List all rooms.
    #[serde(rename = "room.list")]
    RoomList(#[schema(inline)] RoomList),
    /// Show a room.
    #[serde(rename = "room.show")]
    RoomShow(#[schema(inline)] RoomShow),
    /// Create a room.
    #[serde(rename = "room.create")]
    RoomCreate(#[schema(inline)] RoomCreate),
    /// Rename a room.
    #[serde(rename = "room.rename")]
    RoomRename(#[schema(inline)] RoomRename),
    /// Change topic, description, visibility, read-only mode or archive state; absent fields stay
    /// unchanged.
    #[serde(rename = "room.settings")]
    RoomSettings(#[schema(inline)] ChangeRoomSettings),
    /// Delete a room with its messages and files.
    #[serde(rename = "room.delete")]
    RoomDelete(#[schema(inline)] RoomDelete),
    /// List the members of a room.
    #[serde(rename = "room.members")]
    RoomMembers(#[schema(inline)] RoomMembers),
    /// Add a member.
    #[serde(rename = "room.add")]
    RoomAdd(#[schema(inline)] RoomAdd),
    /// Remove a member.
    #[serde(rename = "room.remove")]
    RoomRemove(#[schema(inline)] RoomRemove),
    /// Change the role of a member.
    #[serde(rename = "room.role")]
    RoomRole(#[schema(inline)] RoomRole),
    /// Read the newest messages; command line only. The access is logged.
    #[serde(rename = "room.messages")]
    RoomMessages(#[schema(inline)] RoomMessages),
    /// Export a room with its messages; command line only. The access is logged.
    #[serde(rename = "room.export")]
    RoomExport(#[schema(inline)] RoomExport),
    /// Delete the content of old messages.
    #[serde(rename = "room.purge")]
    RoomPurge(#[schema(inline)] RoomPurge),
    /// Show or set how long the messages of a room are kept.
    #[serde(rename = "room.retention")]
    RoomRetention(#[schema(inline)] SetRoomRetention),
    /// Delete messages that have expired now, without waiting for the daily run.
    #[serde(rename = "retention.run")]
    RetentionRun(#[schema(inline)] RunRetention),
    /// Export all data as JSON Lines; command line only.
    #[serde(rename = "export")]
    Export(#[schema(inline)] ExportAll),
    /// Show or set the log level.
    #[serde(rename = "log.level")]
    LogLevel(#[schema(inline)] SetLogLevel),
    /// Follow the log; command line only.
    #[serde(rename = "log.tail")]
    LogTail(#[schema(inline)] LogTail),
    /// Continue in a new log file.
    #[serde(rename = "log.rotate")]
    LogRotate(#[schema(inline)] LogRotate),
    /// Send a test alert to each target; command line only.
    #[serde(rename = "log.alert-test")]
    LogAlertTest(#[schema(inline)] LogAlertTest),
    /// Show the database files.
    #[serde(rename = "db.status")]
    DbStatus(#[schema(inline)] DbStatus),
    /// Check the database and the uploaded files.
    #[serde(rename = "db.check")]
    DbCheck(#[schema(inline)] DbCheck),
    /// Return free pages to the file system.
    #[serde(rename = "db.vacuum")]
    DbVacuum(#[schema(inline)] DbVacuum),
    /// Rebuild the search index.
    #[serde(rename = "db.reindex")]
    DbReindex(#[schema(inline)] DbReindex),
    /// Show the number of accounts, rooms, messages and files.
    #[serde(rename = "db.stats")]
    DbStats(#[schema(inline)] DbStats),
    /// Create a backup, sent as the bytes of the file, then its header; command line only.
    #[serde(rename = "backup.create")]
    BackupCreate(#[schema(inline)] BackupCreate),
    /// Create a backup in the configured directory; command line only.
    #[serde(rename = "backup.store")]
    BackupStore(#[schema(inline)] BackupStore),
    /// List the backups in the configured directory; command line only.
    #[serde(rename = "backup.list")]
    BackupList(#[schema(inline)] BackupList),
    /// Delete old backups of this instance in the configured directory; command line only.
    #[serde(rename = "backup.prune")]
    BackupPrune(#[schema(inline)] BackupPrune),
    /// Read the audit log, newest entries first.
    #[serde(rename = "audit.list")]
    AuditList(#[schema(inline)] AuditList),
    /// Load the configuration and the TLS certificate again; command line only.
    #[serde(rename = "reload")]
    Reload(#[schema(inline)] Reload),
    /// Show the state of the server.
    #[serde(rename = "status")]
    Status(#[schema(inline)] Status),
    /// Run checks and suggest remedies.
    #[serde(rename = "doctor")]
    Doctor(#[schema(inline)] Doctor),
    /// Collect diagnostics. The access is logged.
    #[serde(rename = "support")]
    Support(#[schema(inline)] Support),
}

impl Command {
    /// The name of the command: `user.disable`.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::Object(tagged)) => tagged.into_iter().next().map(|(name, _)| name),
            _ => None,
        }
        .unwrap_or_default()
    }

    /// The command for the log, without secrets: `user.disable bob`.
    pub fn summary(&self) -> String {
        let Ok(Value::Object(tagged)) = serde_json::to_value(self) else { return String::new() };
        let Some((verb, fields)) = tagged.into_iter().next() else { return String::new() };
        let shown = [
            "room",
            "name",
            "id",
            "token",
            "scope",
            "to",
            "accent",
            "role",
            "session",
            "level",
            "for_seconds",
            "older_than_days",
            "retention",
        ];
        let shown = shown.iter().filter_map(|key| match fields.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        // These values are unclear without their keys.
        let switches = ["bot", "guest", "visibility", "read_only", "archived", "keep_pinned"];
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
            Self::UserDelete(UserDelete { dry_run, .. })
            | Self::UserErase(UserErase { dry_run, .. })
            | Self::BotDelete(BotDelete { dry_run, .. })
            | Self::RoomDelete(RoomDelete { dry_run, .. })
            | Self::RoomPurge(RoomPurge { dry_run, .. })
            | Self::RetentionRun(RunRetention { dry_run })
            | Self::BackupPrune(BackupPrune { dry_run, .. }) => !dry_run,
            Self::LogLevel(SetLogLevel { level, .. }) => level.is_some(),
            Self::Doctor(Doctor { fix, .. }) => *fix,
            Self::RoomRetention(SetRoomRetention { retention, keep_pinned, .. }) => {
                retention.is_some() || keep_pinned.is_some()
            }
            Self::UserList(_)
            | Self::UserShow(_)
            | Self::UserSessions(_)
            | Self::UserWithoutPassword(_)
            | Self::BotList(_)
            | Self::TokenList(_)
            | Self::WebhookList(_)
            | Self::InviteList(_)
            | Self::OutgoingWebhookList(_)
            | Self::OutgoingWebhookShow(_)
            | Self::SlashCommandList(_)
            | Self::ServerShow(_)
            | Self::EmojiList(_)
            | Self::LdapTest(_)
            | Self::RoomList(_)
            | Self::RoomShow(_)
            | Self::RoomMembers(_)
            | Self::LogTail(_)
            | Self::DbStatus(_)
            | Self::DbCheck(_)
            | Self::DbStats(_)
            | Self::BackupList(_)
            | Self::AuditList(_)
            | Self::Status(_) => false,
            _ => true,
        }
    }

    /// Whether the command only reads. Then pending work on the data of a stopped server is left
    /// for the next start.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::UserDelete(UserDelete { dry_run, .. })
            | Self::UserErase(UserErase { dry_run, .. })
            | Self::BotDelete(BotDelete { dry_run, .. })
            | Self::RoomDelete(RoomDelete { dry_run, .. })
            | Self::RoomPurge(RoomPurge { dry_run, .. })
            | Self::RetentionRun(RunRetention { dry_run })
            | Self::BackupPrune(BackupPrune { dry_run, .. }) => *dry_run,
            Self::Doctor(Doctor { fix, .. }) => !fix,
            Self::RoomRetention(SetRoomRetention { retention, keep_pinned, .. }) => {
                retention.is_none() && keep_pinned.is_none()
            }
            Self::UserList(_)
            | Self::UserShow(_)
            | Self::UserSessions(_)
            | Self::UserWithoutPassword(_)
            | Self::UserExport(_)
            | Self::BotList(_)
            | Self::TokenList(_)
            | Self::WebhookList(_)
            | Self::InviteList(_)
            | Self::OutgoingWebhookList(_)
            | Self::OutgoingWebhookShow(_)
            | Self::OutgoingWebhookTest(_)
            | Self::SlashCommandList(_)
            | Self::ServerShow(_)
            | Self::EmojiList(_)
            | Self::LdapTest(_)
            | Self::RoomList(_)
            | Self::RoomShow(_)
            | Self::RoomMembers(_)
            | Self::RoomMessages(_)
            | Self::RoomExport(_)
            | Self::Export(_)
            | Self::LogTail(_)
            | Self::LogAlertTest(_)
            | Self::DbStatus(_)
            | Self::DbCheck(_)
            | Self::DbStats(_)
            | Self::BackupCreate(_)
            | Self::BackupStore(_)
            | Self::BackupList(_)
            | Self::AuditList(_)
            | Self::Status(_)
            | Self::Support(_) => true,
            _ => false,
        }
    }

    /// Whether a server administrator may run it over HTTP: it accesses no files and reads no
    /// messages.
    pub fn is_remote(&self) -> bool {
        !matches!(
            self,
            Self::UserExport(_)
                | Self::RoomMessages(_)
                | Self::RoomExport(_)
                | Self::Export(_)
                | Self::LogTail(_)
                | Self::LogAlertTest(_)
                | Self::BackupCreate(_)
                | Self::BackupStore(_)
                | Self::BackupList(_)
                | Self::BackupPrune(_)
                | Self::Reload(_)
                | Self::Support(_)
                | Self::Doctor(Doctor { fix: true, .. })
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::secret::Secret;

    #[test]
    fn commands_travel_as_they_are_documented() {
        let disable: Command = serde_json::from_str(r#"{"user.disable":{"name":"bob"}}"#).unwrap();
        assert!(matches!(&disable, Command::UserDisable(UserDisable { name }) if name == "bob"));
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
        let create = Command::UserPasswd(UserPasswd {
            name: "bob".to_owned(),
            password: Secret("hidden".to_owned()),
        });
        assert_eq!(create.summary(), "user.passwd bob");
        assert!(!format!("{create:?}").contains("hidden"));
        let settings: Command = serde_json::from_str(
            r#"{"room.settings":{"room":"hall","topic":"hidden","archived":true}}"#,
        )
        .unwrap();
        assert_eq!(settings.summary(), "room.settings hall archived=true");
    }
}
