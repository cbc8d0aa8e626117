//! `chatctl outgoing-webhook`: addresses to which the server sends events of rooms.

use clap::{Subcommand, ValueEnum};

use super::ask::Destructive;
use super::print::{Format, Layout, note};
use super::{Global, execute};
use crate::admin::outgoing_webhooks::{
    OutgoingWebhookCreate, OutgoingWebhookDelete, OutgoingWebhookDisable, OutgoingWebhookEnable,
    OutgoingWebhookList, OutgoingWebhookShow, OutgoingWebhookTest,
};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl outgoing-webhook`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Addresses to which other programs post: chatctl webhook\n\nExamples:\n  \
                        chatctl outgoing-webhook create https://ci.example.org/chat --room \
                        general --name CI\n  chatctl outgoing-webhook test CI")]
pub(super) enum Verb {
    /// Create a webhook that sends events of rooms to an address, and show its secret this once
    Create {
        /// Address of the receiver, which begins with https:// or http://
        url: String,
        /// Room key, number or name; may be repeated
        #[arg(long = "room", value_name = "ROOM", required_unless_present = "all_public_rooms")]
        rooms: Vec<String>,
        /// All public rooms, also those that are created or made public later
        #[arg(long, conflicts_with_all = ["rooms", "replies"])]
        all_public_rooms: bool,
        /// Name of the webhook
        #[arg(long)]
        name: String,
        /// What is sent; may be repeated (default: posted, edited and deleted)
        #[arg(long = "event", value_enum, value_name = "EVENT")]
        events: Vec<Event>,
        /// Post the answers of the receiver in the room, by a bot that is created for it
        #[arg(long)]
        replies: bool,
        /// Succeed if it exists; it is left unchanged and its secret is not shown again
        #[arg(long)]
        if_not_exists: bool,
    },
    /// List the outgoing webhooks with their state
    List,
    /// Show an outgoing webhook, and how far behind it is
    Show {
        /// Name of the webhook
        name: String,
    },
    /// Send a signed test to the receiver now
    Test {
        /// Name of the webhook
        name: String,
    },
    /// Make a webhook that was disabled, or whose requests fail, send again at once
    Enable {
        /// Name of the webhook
        name: String,
        /// Leave out what has happened since it sent last
        #[arg(long)]
        from_now: bool,
    },
    /// Make a webhook send nothing until it is enabled
    Disable {
        /// Name of the webhook
        name: String,
    },
    /// Delete a webhook
    Delete {
        /// Name of the webhook
        name: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        /// Do not ask for confirmation
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

/// The value of `--event`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Event {
    /// A message was posted
    Posted,
    /// The text of a message was edited
    Edited,
    /// A message was deleted
    Deleted,
    /// Somebody joined the room
    Joined,
    /// Somebody left the room or was removed
    Left,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }
}

const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("url", "url"),
    ("rooms", "rooms"),
    ("all public", "all_public_rooms"),
    ("events", "events"),
    ("state", "state"),
    ("since", "since"),
    ("last sent", "last_sent"),
    ("problem", "problem"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let command = match verb {
        Verb::Create { url, rooms, all_public_rooms, name, events, replies, if_not_exists } => {
            let events = events.into_iter().map(|event| event.name().to_owned()).collect();
            let new = OutgoingWebhookCreate {
                name,
                url,
                rooms,
                all_public_rooms,
                events,
                replies,
                if_not_exists,
            };
            return create(global, &Command::OutgoingWebhookCreate(new));
        }
        Verb::List => {
            let list = Command::OutgoingWebhookList(OutgoingWebhookList {});
            return execute::run(global, &list, COLUMNS);
        }
        Verb::Test { name } => return test(global, name),
        Verb::Show { name } => Command::OutgoingWebhookShow(OutgoingWebhookShow { name }),
        Verb::Enable { name, from_now } => {
            Command::OutgoingWebhookEnable(OutgoingWebhookEnable { name, from_now })
        }
        Verb::Disable { name } => Command::OutgoingWebhookDisable(OutgoingWebhookDisable { name }),
        Verb::Delete { name, if_exists, yes } => {
            let asked = Destructive { yes, ..Destructive::default() };
            asked.confirm(&format!("Delete the outgoing webhook {name}?"))?;
            Command::OutgoingWebhookDelete(OutgoingWebhookDelete { name, if_exists })
        }
    };
    execute::run(global, &command, Layout::One)
}

fn create(global: &Global, command: &Command) -> Result<(), Failure> {
    let mut is_new = false;
    execute::run_with(global, command, Layout::One, &mut |item| {
        is_new = !item["secret"].is_null();
    })?;
    if is_new && global.output == Format::Table {
        note("The secret is not shown again. The receiver checks the signatures with it.");
    }
    Ok(())
}

/// Fails if the receiver does not accept the test, whose outcome is printed in any case.
fn test(global: &Global, name: String) -> Result<(), Failure> {
    let command = Command::OutgoingWebhookTest(OutgoingWebhookTest { name });
    let mut is_accepted = true;
    execute::run_with(global, &command, Layout::One, &mut |item| {
        is_accepted = item["accepted"] == true;
    })?;
    if is_accepted {
        return Ok(());
    }
    // The reason is in the item.
    Err(Failure::failed("the receiver did not accept the test"))
}
