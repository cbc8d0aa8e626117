//! Dispatches administration commands to their handlers.

use tracing::info;

use super::outcome::{Failure, Output};
use super::recorded::Recorded;
use super::{Admin, Call, Command, Operator, log};

impl Admin {
    /// Runs a command and sends its replies to `output`. When the reader is gone, long work ends
    /// early in a consistent state.
    pub async fn run(
        &self,
        operator: &Operator,
        command: Command,
        output: &Output,
    ) -> Result<(), Failure> {
        let operator = &operator.doing(&command.action());
        let noted = command.is_noted().then(|| command.summary());
        if let Some(summary) = &noted {
            info!(user = operator.name(), "Command: {summary}");
        }
        let call = Call { admin: self, operator, output };
        if let Recorded::Before(note) = command.recorded() {
            call.record(*note).await;
        }
        let done = command.run(call).await;
        if let (Some(summary), Err(failure)) = (noted, &done) {
            info!(user = operator.name(), "Command failed: {summary}: {failure}");
        }
        done
    }
}

impl Command {
    #[expect(clippy::too_many_lines, reason = "one line for each command")]
    async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        match self {
            Self::UserList(command) => command.run(call).await,
            Self::UserShow(command) => command.run(call).await,
            Self::UserCreate(command) => command.run(call).await,
            Self::UserPasswd(command) => command.run(call).await,
            Self::UserResetLink(command) => command.run(call).await,
            Self::UserResetSecondFactor(command) => command.run(call).await,
            Self::UserWithoutPassword(command) => command.run(call).await,
            Self::UserRename(command) => command.run(call).await,
            Self::UserEmail(command) => command.run(call).await,
            Self::UserLink(command) => command.run(call).await,
            Self::UserUnlink(command) => command.run(call).await,
            Self::UserDisable(command) => command.run(call).await,
            Self::UserEnable(command) => command.run(call).await,
            Self::UserDelete(command) => command.run(call).await,
            Self::UserErase(command) => command.run(call).await,
            Self::UserExport(command) => command.run(call).await,
            Self::UserPromote(command) => command.run(call).await,
            Self::UserDemote(command) => command.run(call).await,
            Self::UserMark(command) => command.run(call).await,
            Self::UserSessions(command) => command.run(call).await,
            Self::UserLogout(command) => command.run(call).await,
            Self::BotCreate(command) => command.run(call).await,
            Self::BotList(command) => command.run(call).await,
            Self::BotDelete(command) => command.run(call).await,
            Self::TokenCreate(command) => command.run(call).await,
            Self::TokenList(command) => command.run(call).await,
            Self::TokenRevoke(command) => command.run(call).await,
            Self::WebhookCreate(command) => command.run(call).await,
            Self::WebhookList(command) => command.run(call).await,
            Self::WebhookDelete(command) => command.run(call).await,
            Self::InviteCreate(command) => command.run(call).await,
            Self::InviteList(command) => command.run(call).await,
            Self::InviteRevoke(command) => command.run(call).await,
            Self::OutgoingWebhookCreate(command) => command.run(call).await,
            Self::OutgoingWebhookList(command) => command.run(call).await,
            Self::OutgoingWebhookShow(command) => command.run(call).await,
            Self::OutgoingWebhookTest(command) => command.run(call).await,
            Self::OutgoingWebhookEnable(command) => command.run(call).await,
            Self::OutgoingWebhookDisable(command) => command.run(call).await,
            Self::OutgoingWebhookDelete(command) => command.run(call).await,
            Self::SlashCommandCreate(command) => command.run(call).await,
            Self::SlashCommandList(command) => command.run(call).await,
            Self::SlashCommandDelete(command) => command.run(call).await,
            Self::ServerShow(command) => command.run(call).await,
            Self::ServerSet(command) => command.run(call).await,
            Self::ServerReset(command) => command.run(call).await,
            Self::EmojiList(command) => command.run(call).await,
            Self::EmojiAdd(command) => command.run(call).await,
            Self::EmojiDelete(command) => command.run(call).await,
            Self::LdapTest(command) => command.run(call).await,
            Self::LdapSync(command) => command.run(call).await,
            Self::MailTest(command) => command.run(call).await,
            Self::RoomList(command) => command.run(call).await,
            Self::RoomShow(command) => command.run(call).await,
            Self::RoomCreate(command) => command.run(call).await,
            Self::RoomRename(command) => command.run(call).await,
            Self::RoomSettings(command) => command.run(call).await,
            Self::RoomDelete(command) => command.run(call).await,
            Self::RoomMembers(command) => command.run(call).await,
            Self::RoomAdd(command) => command.run(call).await,
            Self::RoomRemove(command) => command.run(call).await,
            Self::RoomRole(command) => command.run(call).await,
            Self::RoomMessages(command) => command.run(call).await,
            Self::RoomExport(command) => command.run(call).await,
            Self::RoomPurge(command) => command.run(call).await,
            Self::RoomRetention(command) => command.run(call).await,
            Self::RetentionRun(command) => command.run(call).await,
            Self::Export(command) => command.run(call).await,
            Self::LogLevel(command) => command.run(call).await,
            Self::LogTail(command) => command.run(call).await,
            Self::LogRotate(_) => log::rotate(&call),
            Self::LogAlertTest(command) => command.run(call).await,
            Self::DbStatus(command) => command.run(call).await,
            Self::DbCheck(command) => command.run(call).await,
            Self::DbVacuum(command) => command.run(call).await,
            Self::DbReindex(command) => command.run(call).await,
            Self::DbStats(command) => command.run(call).await,
            Self::BackupCreate(command) => command.run(call).await,
            Self::BackupStore(command) => command.run(call).await,
            Self::BackupList(command) => command.run(call).await,
            Self::BackupPrune(command) => command.run(call).await,
            Self::AuditList(command) => command.run(call).await,
            Self::Reload(command) => command.run(call).await,
            Self::Status(command) => command.run(call).await,
            Self::Doctor(command) => command.run(call).await,
            Self::Support(command) => command.run(call).await,
        }
    }
}
