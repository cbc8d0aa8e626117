//! Which commands are recorded in the audit log, and how.

use serde_json::{Value, json};
use tracing::error;

use super::backups::BackupPrune;
use super::bots::BotDelete;
use super::doctor::Doctor;
use super::erase::UserErase;
use super::log::SetLogLevel;
use super::removal::UserDelete;
use super::retention::{RunRetention, SetRoomRetention};
use super::room_messages::RoomPurge;
use super::rooms::RoomDelete;
use super::{Call, Command, reload};
use crate::model::{AuditNote, AuditTarget};

/// How a command is recorded in the audit log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Recorded {
    /// Not at all: it changes nothing, and reads no messages and no complete data.
    Not,
    /// By the store, in the transaction of each change.
    WithChange,
    /// By the command, which knows the details.
    ByItself,
    /// Before it runs: it changes nothing in the database, but something outside of it, or hands
    /// out private data.
    Before(Box<AuditNote>),
}

impl Command {
    /// The action under which it is recorded in the audit log.
    pub(super) fn action(&self) -> String {
        let name = self.name();
        match &*name {
            "export" => "instance.export".to_owned(),
            "reload" => reload::ACTION.to_owned(),
            "support" => "support.bundle".to_owned(),
            "doctor" => "doctor.fix".to_owned(),
            _ => name,
        }
    }

    /// Every command is named here, so that a new one cannot be forgotten.
    #[expect(clippy::too_many_lines, reason = "one line for each command")]
    pub(super) fn recorded(&self) -> Recorded {
        match self {
            Self::UserDelete(UserDelete { dry_run: true, .. })
            | Self::UserErase(UserErase { dry_run: true, .. })
            | Self::BotDelete(BotDelete { dry_run: true, .. })
            | Self::RoomDelete(RoomDelete { dry_run: true, .. })
            | Self::RoomPurge(RoomPurge { dry_run: true, .. })
            | Self::RetentionRun(RunRetention { dry_run: true })
            | Self::RoomRetention(SetRoomRetention { retention: None, keep_pinned: None, .. })
            | Self::BackupPrune(BackupPrune { dry_run: true, .. })
            | Self::LogLevel(SetLogLevel { level: None, .. })
            | Self::Doctor(Doctor { fix: false, .. })
            | Self::UserList(_)
            | Self::UserShow(_)
            | Self::UserSessions(_)
            | Self::UserWithoutPassword(_)
            | Self::BotList(_)
            | Self::TokenList(_)
            | Self::WebhookList(_)
            | Self::InviteList(_)
            | Self::OutgoingWebhookList(_)
            | Self::SlashCommandList(_)
            | Self::OutgoingWebhookShow(_)
            | Self::OutgoingWebhookTest(_)
            | Self::ServerShow(_)
            | Self::EmojiList(_)
            | Self::LdapTest(_)
            | Self::RoomList(_)
            | Self::RoomShow(_)
            | Self::RoomMembers(_)
            | Self::LogTail(_)
            // Log files are exchanged every day, and no line is lost with it.
            | Self::LogRotate(_)
            | Self::LogAlertTest(_)
            | Self::DbStatus(_)
            | Self::DbCheck(_)
            | Self::DbStats(_)
            | Self::BackupList(_)
            | Self::AuditList(_)
            | Self::Status(_) => Recorded::Not,
            Self::UserCreate(_)
            | Self::UserPasswd(_)
            | Self::UserResetLink(_)
            | Self::UserResetSecondFactor(_)
            | Self::UserRename(_)
            | Self::UserEmail(_)
            | Self::UserLink(_)
            | Self::UserUnlink(_)
            | Self::UserDisable(_)
            | Self::UserEnable(_)
            | Self::UserDelete(_)
            | Self::UserPromote(_)
            | Self::UserDemote(_)
            | Self::UserMark(_)
            | Self::UserLogout(_)
            | Self::BotCreate(_)
            | Self::BotDelete(_)
            | Self::TokenCreate(_)
            | Self::TokenRevoke(_)
            | Self::WebhookCreate(_)
            | Self::WebhookDelete(_)
            | Self::InviteCreate(_)
            | Self::InviteRevoke(_)
            | Self::OutgoingWebhookCreate(_)
            | Self::OutgoingWebhookEnable(_)
            | Self::OutgoingWebhookDisable(_)
            | Self::OutgoingWebhookDelete(_)
            | Self::SlashCommandCreate(_)
            | Self::SlashCommandDelete(_)
            | Self::ServerSet(_)
            | Self::ServerReset(_)
            | Self::EmojiAdd(_)
            | Self::EmojiDelete(_)
            | Self::LdapSync(_)
            | Self::RoomCreate(_)
            | Self::RoomRename(_)
            | Self::RoomSettings(_)
            | Self::RoomRetention(_)
            | Self::RoomDelete(_)
            | Self::RoomAdd(_)
            | Self::RoomRemove(_)
            | Self::RoomRole(_) => Recorded::WithChange,
            Self::UserErase(_)
            | Self::UserExport(_)
            | Self::RoomMessages(_)
            | Self::RoomExport(_)
            | Self::RoomPurge(_)
            | Self::RetentionRun(_)
            | Self::BackupPrune(_)
            | Self::MailTest(_)
            | Self::Reload(_) => Recorded::ByItself,
            Self::LogLevel(SetLogLevel { level, for_seconds }) => {
                before("log", "level", &json!({"level": level, "for_seconds": for_seconds}))
            }
            Self::DbVacuum(_) | Self::DbReindex(_) => before("database", "chat.db", &Value::Null),
            Self::BackupCreate(_) | Self::BackupStore(_) => {
                before("instance", "all", &Value::Null)
            }
            Self::Export(_) | Self::Support(_) => before("instance", "all", &Value::Null),
            Self::Doctor(Doctor { only, .. }) => {
                before("instance", "all", &json!({"only": only}))
            }
        }
    }
}

fn before(kind: &str, id: &str, after: &Value) -> Recorded {
    Recorded::Before(Box::new(AuditNote {
        target: Some(AuditTarget::new(kind, id, None)),
        before: None,
        after: (!after.is_null()).then(|| after.to_string()),
    }))
}

impl Call<'_> {
    /// Records something that is no change of the database. If the entry cannot be stored, as on a
    /// full disk, that is logged and the command goes on: a backup or an export may be what is
    /// needed then.
    pub(super) async fn record(&self, note: AuditNote) {
        if let Err(failure) = self.admin.chat().record(self.operator, note).await {
            error!(
                user = self.operator.name(),
                "The audit log has no entry of a command, since it cannot be written: {failure}"
            );
        }
    }
}
