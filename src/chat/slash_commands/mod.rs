//! Slash commands: a message that begins with `/name` is not posted, but sent to the program of the
//! command, whose answer is shown to the sender or posted.
//!
//! [`run`] carries a command out, [`request`] sends it, [`answer`] does what the program answers, also
//! later: the address for that contains a token ([`invocation`]) that any server can check without
//! the store. Only an [`Operator`] may create, see or delete commands with their addresses.

mod answer;
mod invocation;
mod request;
mod run;

use std::time::Duration;

use tracing::info;

use super::outgoing::sign;
use super::{AccountChange, Chat, Operator, access, actor};
use crate::model::{
    Claim, Error, NewSlashCommand, Result, RoomId, Session, SlashCommand, WebhookBot,
    WebhookSecret, check_command_help, check_command_name,
};

pub use self::answer::LateAnswer;
pub use self::run::{CommandOutcome, CommandSaid, SentCommand};

/// Maximum number of commands.
const MAX_COMMANDS: usize = 200;
/// Maximum number of rooms of a command that does not work in all.
const MAX_ROOMS: usize = 50;
/// How long a program may answer later.
pub const LATE_ANSWERS: Duration = Duration::from_mins(30);
/// How often.
pub const MAX_LATE_ANSWERS: u32 = 5;

/// A slash command to be created.
#[derive(Clone, Debug)]
pub struct NewCommand {
    /// Its name, unique on the server, with or without the slash.
    pub name: String,
    /// Address of the program.
    pub url: String,
    /// What it does, for those who choose a command.
    pub description: String,
    /// What follows the name.
    pub hint: String,
    /// Where it works; empty: in all rooms.
    pub rooms: Vec<RoomId>,
}

impl Chat {
    /// Creates a slash command, with the bot that posts answers. `Taken` if there is one of this
    /// name. Returns it with its secret, as programs enter it.
    pub async fn create_command(
        &self,
        operator: &Operator,
        new: NewCommand,
    ) -> Result<(SlashCommand, String)> {
        let name = check_command_name("name", &new.name)?;
        let (description, hint) = check_command_help(&new.description, &new.hint)?;
        let url = self.check_url(&new.url)?;
        let mut rooms = new.rooms;
        rooms.sort_unstable();
        rooms.dedup();
        if rooms.len() > MAX_ROOMS {
            return Err(Error::invalid("rooms", format!("must be at most {MAX_ROOMS} rooms")));
        }
        let others = self.store().slash_commands().await?;
        if others.iter().any(|other| other.name == name) {
            return Err(Error::Taken(Claim::Token));
        }
        if others.len() >= MAX_COMMANDS {
            let why = format!("cannot be added: there are {MAX_COMMANDS} slash commands");
            return Err(Error::invalid("name", why));
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| Error::Internal)?;
        let secret = WebhookSecret(secret);
        let shown = sign::shown(&secret);
        let bot = self.create_hook_bot(operator, &name).await?;
        let bot = WebhookBot { id: bot.id, login: bot.login };
        let creator = operator.name().to_owned();
        let new = NewSlashCommand {
            name,
            url,
            secret,
            description,
            hint,
            rooms,
            creator,
            bot: bot.clone(),
        };
        match self.store_for(operator.attribution()).add_slash_command(new).await {
            Ok(made) => {
                info!(user = operator.name(), "Slash command /{} created.", made.name);
                Ok((made, shown))
            }
            Err(error) => {
                self.abandon(operator, &bot).await;
                Err(error.into())
            }
        }
    }

    /// Returns all slash commands, ascending by id.
    pub async fn commands(&self, _: &Operator) -> Result<Vec<SlashCommand>> {
        Ok(self.store().slash_commands().await?)
    }

    /// Returns the commands that the caller may send in a room, ascending by name.
    pub async fn room_commands(
        &self,
        session: &Session,
        room: RoomId,
    ) -> Result<Vec<SlashCommand>> {
        let facts = self.take_part(session, room).await?;
        if access::command(&facts, actor(session)).is_err() {
            return Ok(Vec::new());
        }
        let mut found = self.store().slash_commands().await?;
        found.retain(|command| command.works_in(room));
        found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Removes a slash command, and disables its bot, whose messages stay. None if that was done
    /// already.
    pub async fn delete_command(
        &self,
        operator: &Operator,
        command: &SlashCommand,
    ) -> Result<Option<SlashCommand>> {
        let store = self.store_for(operator.attribution());
        let gone = store.remove_slash_command(command.id).await?;
        if let Some(gone) = &gone {
            let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
            match self.change_account(operator, &gone.bot.login, disabled).await {
                Ok(_) | Err(Error::UserNotFound) => {}
                Err(error) => return Err(error),
            }
            info!(user = operator.name(), "Slash command /{} deleted.", gone.name);
        }
        Ok(gone)
    }
}
