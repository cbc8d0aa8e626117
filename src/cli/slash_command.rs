//! `chatctl slash-command`: commands that people send to other programs.

use clap::Subcommand;

use super::ask::Destructive;
use super::print::{Format, Layout, note};
use super::{Global, execute};
use crate::admin::slash_commands::{SlashCommandCreate, SlashCommandDelete, SlashCommandList};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl slash-command`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl slash-command create deploy \
                        https://ops.example.org/deploy --hint '[service]'\n  chatctl \
                        slash-command list")]
pub(super) enum Verb {
    /// Create a slash command, and show the secret of its signatures this once
    Create {
        /// Name of the command: 1 to 32 lower-case letters, digits, - or _
        name: String,
        /// Address of the program, which begins with https:// or http://
        url: String,
        /// What it does, in one line
        #[arg(long, default_value = "")]
        description: String,
        /// What follows the name, such as SERVICE VERSION
        #[arg(long, default_value = "")]
        hint: String,
        /// Room key, number or name in which it works; may be repeated (default: all rooms)
        #[arg(long = "room", value_name = "ROOM")]
        rooms: Vec<String>,
        /// Succeed if it exists; it is left unchanged and its secret is not shown again
        #[arg(long)]
        if_not_exists: bool,
    },
    /// List the slash commands
    List,
    /// Delete a slash command
    Delete {
        /// Name of the command
        name: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        /// Do not ask for confirmation
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("hint", "hint"),
    ("description", "description"),
    ("url", "url"),
    ("rooms", "rooms"),
    ("bot", "bot"),
    ("created by", "created_by"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create { name, url, description, hint, rooms, if_not_exists } => {
            let new = SlashCommandCreate { name, url, description, hint, rooms, if_not_exists };
            create(global, &Command::SlashCommandCreate(new))
        }
        Verb::List => {
            execute::run(global, &Command::SlashCommandList(SlashCommandList {}), COLUMNS)
        }
        Verb::Delete { name, if_exists, yes } => {
            let asked = Destructive { yes, ..Destructive::default() };
            let bare = name.trim_start_matches('/');
            asked.confirm(&format!("Delete the slash command /{bare}?"))?;
            let delete = Command::SlashCommandDelete(SlashCommandDelete { name, if_exists });
            execute::run(global, &delete, Layout::One)
        }
    }
}

fn create(global: &Global, command: &Command) -> Result<(), Failure> {
    let mut is_new = false;
    execute::run_with(global, command, Layout::One, &mut |item| {
        is_new = !item["secret"].is_null();
    })?;
    if is_new && global.output == Format::Table {
        note("The secret is not shown again. The program checks the signatures with it.");
    }
    Ok(())
}
