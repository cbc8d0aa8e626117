//! Commands on slash commands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Admin, Call, Operator, items};
use crate::chat::NewCommand;
use crate::model::{Error, SlashCommand};

/// Create a slash command, with which people send requests to a program; the output contains the
/// secret of its signatures, this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlashCommandCreate {
    /// Name of the command, unique on the server, with or without the slash: 1 to 32 lower-case
    /// letters, digits, `-` or `_`.
    pub name: String,
    /// Address of the program, which begins with `https://` or `http://`.
    pub url: String,
    /// What it does, in one line, for people who choose a command.
    #[serde(default)]
    pub description: String,
    /// What follows the name: `[service] [version]`.
    #[serde(default)]
    pub hint: String,
    /// Where it works; in all rooms if absent.
    #[serde(default)]
    pub rooms: Vec<String>,
    /// Succeed if it exists, and leave it unchanged; its secret is not shown again.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl SlashCommandCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, url, description, hint, rooms, if_not_exists } = self;
        if if_not_exists && let Some(there) = admin.slash_command(operator, &name).await? {
            return output.item(items::SlashCommand::of(&there)).await;
        }
        let mut ids = Vec::new();
        for room in &rooms {
            ids.push(admin.find_room(operator, room).await?.room.id);
        }
        let new = NewCommand { name: name.clone(), url, description, hint, rooms: ids };
        let made = admin.chat().create_command(operator, new).await;
        let (made, secret) = made.map_err(|error| match error {
            Error::Taken(_) => {
                Failure::conflict(format!("there is a slash command {} already", shown(&name)))
            }
            other => other.into(),
        })?;
        let item = items::SlashCommand::of(&made);
        output.item(items::SlashCommand { secret: Some(secret), ..item }).await
    }
}

/// List the slash commands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlashCommandList {}

impl SlashCommandList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        for command in &admin.chat().commands(operator).await? {
            output.item(items::SlashCommand::of(command)).await?;
        }
        Ok(())
    }
}

/// Delete a slash command; the messages that were posted in answer to it stay.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlashCommandDelete {
    pub name: String,
    /// Succeed if there is no such command.
    #[serde(default)]
    pub if_exists: bool,
}

impl SlashCommandDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let unknown =
            || Failure::not_found(format!("there is no slash command {}", shown(&self.name)));
        let Some(command) = admin.slash_command(operator, &self.name).await? else {
            return if self.if_exists { Ok(()) } else { Err(unknown()) };
        };
        match admin.chat().delete_command(operator, &command).await? {
            Some(gone) => output.item(items::SlashCommand::of(&gone)).await,
            None if self.if_exists => Ok(()),
            None => Err(unknown()),
        }
    }
}

impl Admin {
    async fn slash_command(
        &self,
        operator: &Operator,
        name: &str,
    ) -> Result<Option<SlashCommand>, Failure> {
        let all = self.chat().commands(operator).await?;
        Ok(all.into_iter().find(|command| command.name == bare(name)))
    }
}

fn bare(name: &str) -> &str {
    let name = name.trim();
    name.strip_prefix('/').unwrap_or(name)
}

fn shown(name: &str) -> String {
    format!("/{}", bare(name))
}
