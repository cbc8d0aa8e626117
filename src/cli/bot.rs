//! `chatctl bot`: accounts of programs.

use clap::Subcommand;

use super::ask::Destructive;
use super::print::{Layout, note};
use super::{Global, execute, person, user};
use crate::admin::bots::{BotCreate, BotDelete, BotList};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl bot`.
#[derive(Debug, Subcommand)]
#[command(after_help = "A bot acts with an API token: chatctl token create BOT --name NAME\n\n\
                        Examples:\n  chatctl bot create deploy --guest --room general\n  chatctl \
                        bot list -o json")]
pub(super) enum Verb {
    /// Create a bot, to whose account nobody can log in
    Create {
        /// Login name
        name: String,
        /// Display name (default: the login name)
        #[arg(long = "name", value_name = "DISPLAY")]
        display_name: Option<String>,
        /// Room key, number or name of a room to which it is added; may be repeated
        #[arg(long = "room", value_name = "ROOM")]
        rooms: Vec<String>,
        /// Make it a guest, who sees only its rooms
        #[arg(long)]
        guest: bool,
        /// Succeed if the bot exists, and leave it unchanged
        #[arg(long)]
        if_not_exists: bool,
    },
    /// List the bots
    List,
    /// Delete a bot; its messages in rooms with others stay, without an author
    Delete {
        /// Login name
        name: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
}

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create { name, display_name, rooms, guest, if_not_exists } => {
            let command = BotCreate { name, display_name, rooms, guest, if_not_exists };
            execute::run(global, &Command::BotCreate(command), Layout::One)
        }
        Verb::List => user::list_of(global, &Command::BotList(BotList {}), user::BOTS),
        Verb::Delete { name, if_exists, destructive } => {
            delete(global, &name, if_exists, &destructive)
        }
    }
}

fn delete(
    global: &Global,
    name: &str,
    if_exists: bool,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let command =
        |dry_run| Command::BotDelete(BotDelete { name: name.to_owned(), dry_run, if_exists });
    if !destructive.dry_run && !destructive.yes {
        let Some(going) = execute::ask(global, &command(true))?.pop() else { return Ok(()) };
        note(&person::leaving(&going));
        destructive.confirm("Delete the bot?")?;
    }
    execute::run(global, &command(destructive.dry_run), Layout::One)
}
