//! Dispatches administration commands to their handlers.

use tracing::info;

use super::command::visibility as visibility_of;
use super::outcome::{Failure, Output};
use super::{Admin, Command, Operator};
use crate::chat::{AccountChange, Registration, RoomSettings};

impl Admin {
    /// Runs a command and sends its replies to `output`. When the reader is gone, long work ends
    /// early in a consistent state.
    pub async fn run(
        &self,
        operator: &Operator,
        command: Command,
        output: &Output,
    ) -> Result<(), Failure> {
        let noted = command.is_noted().then(|| command.summary());
        if let Some(summary) = &noted {
            info!(user = operator.name(), "Command: {summary}");
        }
        let done = self.carry_out(operator, command, output).await;
        if let (Some(summary), Err(failure)) = (noted, &done) {
            info!(user = operator.name(), "Command failed: {summary}: {failure}");
        }
        done
    }

    #[expect(clippy::too_many_lines, reason = "one row for each command")]
    async fn carry_out(
        &self,
        operator: &Operator,
        command: Command,
        output: &Output,
    ) -> Result<(), Failure> {
        let acting = operator;
        match command {
            Command::UserList {} => self.user_list(acting, output).await,
            Command::UserShow { name } => self.user_show(acting, &name, output).await,
            Command::UserCreate { name, password, display_name, email, admin, if_not_exists } => {
                let new = Registration {
                    login: name,
                    password: password.0,
                    name: display_name,
                    email,
                    birth: None,
                };
                self.user_create(acting, new, admin, if_not_exists, output).await
            }
            Command::UserPasswd { name, password } => {
                let change =
                    AccountChange { password: Some(password.0), ..AccountChange::default() };
                self.user_change(acting, &name, change, output).await
            }
            Command::UserWithoutPassword {} => self.user_without_password(acting, output).await,
            Command::UserRename { name, to } => {
                self.user_change(
                    acting,
                    &name,
                    AccountChange { name: Some(to), ..AccountChange::default() },
                    output,
                )
                .await
            }
            Command::UserDisable { name } => {
                self.user_change(acting, &name, disabled(true), output).await
            }
            Command::UserEnable { name } => {
                self.user_change(acting, &name, disabled(false), output).await
            }
            Command::UserDelete { name, dry_run, if_exists } => {
                self.user_delete(acting, &name, dry_run, if_exists, output).await
            }
            Command::UserPromote { name } => {
                self.user_change(acting, &name, admin(true), output).await
            }
            Command::UserDemote { name } => {
                self.user_change(acting, &name, admin(false), output).await
            }
            Command::UserMark { name, bot, guest } => {
                self.user_change(
                    acting,
                    &name,
                    AccountChange { bot, guest, ..AccountChange::default() },
                    output,
                )
                .await
            }
            Command::UserSessions { name } => self.user_sessions(acting, &name, output).await,
            Command::UserLogout { name, session } => {
                self.user_logout(acting, &name, session, output).await
            }
            Command::RoomList {} => self.room_list(acting, output).await,
            Command::RoomShow { room } => self.room_show(acting, &room, output).await,
            Command::RoomCreate { name, owner, public, members, if_not_exists } => {
                self.room_create(acting, &owner, (name, public, members), if_not_exists, output)
                    .await
            }
            Command::RoomRename { room, to } => self.room_rename(acting, &room, to, output).await,
            Command::RoomSettings { room, topic, description, visibility, read_only, archived } => {
                let text = |text: Option<String>| {
                    text.map(|text| Some(text).filter(|text| !text.is_empty()))
                };
                let visibility = visibility.as_deref().map(visibility_of).transpose()?;
                let new = RoomSettings {
                    topic: text(topic),
                    description: text(description),
                    visibility,
                    read_only,
                    archived,
                };
                self.room_settings(acting, &room, new, output).await
            }
            Command::RoomDelete { room, dry_run, if_exists } => {
                self.room_delete(acting, &room, dry_run, if_exists, output).await
            }
            Command::RoomMembers { room } => self.room_members(acting, &room, output).await,
            Command::RoomAdd { room, name, role, if_not_exists } => {
                self.room_add(acting, &room, &name, role.as_deref(), if_not_exists, output).await
            }
            Command::RoomRemove { room, name, if_exists } => {
                self.room_remove(acting, &room, &name, if_exists, output).await
            }
            Command::RoomRole { room, name, role } => {
                self.room_role(acting, &room, &name, &role, output).await
            }
            Command::RoomMessages { room, limit, before } => {
                self.room_messages(acting, &room, limit, before, output).await
            }
            Command::RoomExport { room } => self.room_export(acting, &room, output).await,
            Command::RoomPurge { room, older_than_days, dry_run } => {
                self.room_purge(acting, &room, older_than_days, dry_run, output).await
            }
            Command::Export {} => self.export(output).await,
            Command::LogLevel { level, for_seconds } => {
                self.log_level(level, for_seconds, output).await
            }
            Command::LogTail { lines, level, user, room, for_seconds } => {
                self.log_tail(lines, level, user, room, for_seconds, output).await
            }
            Command::LogRotate {} => self.log_rotate(),
            Command::DbStatus {} => self.db_status(output).await,
            Command::DbCheck {} => self.db_check(output).await,
            Command::DbVacuum {} => self.db_vacuum(output).await,
            Command::DbReindex {} => self.db_reindex(output).await,
            Command::DbStats {} => self.db_stats(output).await,
            Command::BackupCreate {} => self.backup_create(output).await,
            Command::Status {} => self.status(output).await,
            Command::Support {} => self.support(output).await,
            Command::Doctor { only, fix } => self.doctor(operator, &only, fix, output).await,
        }
    }
}

fn disabled(disabled: bool) -> AccountChange {
    AccountChange { disabled: Some(disabled), ..AccountChange::default() }
}

fn admin(admin: bool) -> AccountChange {
    AccountChange { admin: Some(admin), ..AccountChange::default() }
}
