//! `chatctl invite`: links with which people create accounts.

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use super::print::{Format, Layout, note};
use super::{Global, execute, token};
use crate::admin::invitations::{InviteCreate, InviteList, InviteRevoke};
use crate::admin::{Command, Failure};
use crate::qr;

/// Verbs of `chatctl invite`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "With [auth] registration = \"invite\", accounts can only be created with an \
                        invitation, or by administrators.\n\nExamples:\n  chatctl invite create \
                        --room general --uses 10\n  chatctl invite \
                        create --guest --room general"
)]
pub(super) enum Verb {
    /// Create a link with which people create accounts, and show it this once
    Create {
        /// Room key, number or name of a room that they join; may be repeated
        #[arg(long = "room", value_name = "ROOM")]
        rooms: Vec<String>,
        /// Make guests of new users: they see only their rooms and the people in them
        #[arg(long, requires = "rooms")]
        guest: bool,
        /// Number of accounts that can be created with it, or unlimited
        #[arg(long, value_name = "N", default_value = "1", value_parser = uses)]
        uses: u32,
        /// Time until it ends, at most 365d
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = token::life)]
        expires: Duration,
        /// Address to mail an invitation of its own to; may be repeated
        #[arg(long = "mail", value_name = "ADDRESS")]
        mail: Vec<String>,
        /// Language of the letters: en, ko, ru or zh
        #[arg(long, value_name = "LANGUAGE", requires = "mail")]
        language: Option<String>,
    },
    /// List the invitations, with those that expired or were used up in the last 30 days
    List {
        /// Also list those that were revoked in the last 30 days
        #[arg(long)]
        all: bool,
    },
    /// Revoke an invitation; accounts that were created with it stay
    Revoke {
        /// Number of the invitation
        #[arg(value_parser = number)]
        id: i64,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
    },
}

const COLUMNS: Layout = Layout::List(&[
    ("id", "id"),
    ("made by", "made_by"),
    ("rooms", "rooms"),
    ("guest", "guest"),
    ("used", "used"),
    ("uses", "uses"),
    ("expires", "expires"),
    ("state", "state"),
    ("mailed to", "mailed_to"),
]);
/// What is shown of several new ones.
const MADE: Layout =
    Layout::List(&[("mailed to", "mailed_to"), ("problem", "problem"), ("link", "url")]);
const UNLIMITED: &str = "unlimited";

/// The number of uses; 0 for any number.
fn uses(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    let number = number.or_else(|| (text == UNLIMITED).then_some(0));
    number.ok_or_else(|| format!("must be a number from 1, or {UNLIMITED}"))
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "must be the number of an invitation".to_owned())
}

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let table = global.output == Format::Table;
    match verb {
        Verb::Create { rooms, guest, uses, expires, mail, language } => {
            let (uses, expires_seconds, page) = (Some(uses), Some(expires.as_secs()), None);
            let mailed = !mail.is_empty();
            let command =
                InviteCreate { rooms, guest, uses, expires_seconds, page, mail, language };
            create(global, &Command::InviteCreate(command), table, mailed)
        }
        Verb::List { all } => {
            let command = Command::InviteList(InviteList { all });
            execute::run_with(global, &command, COLUMNS, &mut |item| for_people(item, table))
        }
        Verb::Revoke { id, if_exists } => {
            let command = Command::InviteRevoke(InviteRevoke { id, if_exists });
            execute::run_with(global, &command, Layout::One, &mut |item| for_people(item, table))
        }
    }
}

/// Prints the link, and on a terminal its QR code.
fn create(global: &Global, command: &Command, table: bool, mailed: bool) -> Result<(), Failure> {
    if mailed {
        return execute::run_with(global, command, MADE, &mut |item| for_people(item, table));
    }
    let mut url = String::new();
    execute::run_with(global, command, Layout::One, &mut |item| {
        item["url"].as_str().unwrap_or_default().clone_into(&mut url);
        for_people(item, table);
    })?;
    if table {
        if io::stdout().is_terminal()
            && let Some(code) = qr::for_terminal(&url)
        {
            note(code.trim_end());
        }
        note("The link is not shown again. Whoever has it can create an account.");
    }
    Ok(())
}

/// In a table, a number without a limit has a word.
fn for_people(item: &mut Value, table: bool) {
    if table && item["uses"].is_null() {
        item["uses"] = UNLIMITED.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_a_number_or_unlimited() {
        for (text, number) in [("1", Some(1)), ("25", Some(25)), ("unlimited", Some(0))] {
            assert_eq!(uses(text).ok(), number, "{text}");
        }
        for wrong in ["0", "-1", "many", "", "1.5"] {
            assert!(uses(wrong).is_err(), "{wrong}");
        }
    }
}
