//! Slash commands in an export.

use serde::{Deserialize, Serialize};

use super::{Key, serde_time};
use crate::model::{
    NewSlashCommand, RoomId, SlashCommand, Timestamp, WebhookBot, WebhookSecret,
    check_command_help, check_command_name,
};

/// A slash command. Its secret goes with it, so that its program goes on checking signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlashCommandRecord {
    /// Its name, without the slash.
    pub name: String,
    /// Address of the program.
    pub url: String,
    /// Key of the signatures: 64 hexadecimal digits.
    pub secret: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What follows the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Where it works; empty: in all rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<Key>,
    /// Name of the person who created it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub creator: String,
    /// The user who posts its answers.
    pub bot: Key,
    /// Login name of that user in the exported instance.
    pub bot_login: String,
    /// Time of creation.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

impl From<&SlashCommand> for SlashCommandRecord {
    fn from(command: &SlashCommand) -> Self {
        Self {
            name: command.name.clone(),
            url: command.url.clone(),
            secret: hex::encode(command.secret.0),
            description: command.description.clone(),
            hint: command.hint.clone(),
            rooms: command.rooms.iter().map(|room| Key::Number(room.0)).collect(),
            creator: command.creator.clone(),
            bot: Key::Number(command.bot.id.0),
            bot_login: command.bot.login.clone(),
            created: command.created,
        }
    }
}

impl SlashCommandRecord {
    /// Returns the command with these rooms and this bot, or why it cannot be one.
    pub fn command(
        &self,
        rooms: Vec<RoomId>,
        bot: WebhookBot,
    ) -> Result<NewSlashCommand, &'static str> {
        let mut secret = [0; 32];
        hex::decode_to_slice(&self.secret, &mut secret).map_err(|_| "has no valid secret")?;
        let is_web = self.url.starts_with("https://") || self.url.starts_with("http://");
        let name = check_command_name("name", &self.name).map_err(|_| "has a wrong name")?;
        let (description, hint) = check_command_help(&self.description, &self.hint)
            .map_err(|_| "has a wrong description or hint")?;
        if !is_web {
            return Err("has a wrong address");
        }
        let (url, creator, secret) =
            (self.url.clone(), self.creator.clone(), WebhookSecret(secret));
        Ok(NewSlashCommand { name, url, secret, description, hint, rooms, creator, bot })
    }
}
