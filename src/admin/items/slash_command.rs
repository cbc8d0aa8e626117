//! Slash commands.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model;

/// A slash command: `slash_command.list`, `slash_command.create`, `slash_command.delete`.
#[derive(Serialize, ToSchema)]
pub struct SlashCommand {
    /// Its name, without the slash.
    pub(in crate::admin) name: String,
    /// Address of the program.
    pub(in crate::admin) url: String,
    pub(in crate::admin) description: String,
    /// What follows the name.
    pub(in crate::admin) hint: String,
    /// Keys of the rooms in which it works; empty: in all rooms.
    pub(in crate::admin) rooms: Vec<String>,
    /// Login name of the bot that posts the answers that everybody sees.
    pub(in crate::admin) bot: String,
    pub(in crate::admin) created: String,
    /// Name of the person who created it.
    pub(in crate::admin) created_by: String,
    /// Secret of the signatures; only in the output of `slash_command.create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) secret: Option<String>,
}

impl SlashCommand {
    /// Without its secret.
    pub(in crate::admin) fn of(command: &model::SlashCommand) -> Self {
        Self {
            name: command.name.clone(),
            url: command.url.clone(),
            description: command.description.clone(),
            hint: command.hint.clone(),
            rooms: command.rooms.iter().map(|room| room.key()).collect(),
            bot: command.bot.login.clone(),
            created: command.created.seconds(),
            created_by: command.creator.clone(),
            secret: None,
        }
    }
}
