//! `chatctl webhook`: addresses to which other programs post.

use clap::Subcommand;

use super::ask::Destructive;
use super::print::Layout;
use super::{Global, execute, token};
use crate::admin::webhooks::{WebhookCreate, WebhookDelete, WebhookList};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl webhook`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Webhooks that send: chatctl outgoing-webhook\n\nExamples:\n  chatctl webhook create general --name Grafana\n  chatctl \
                        webhook list -o json"
)]
pub(super) enum Verb {
    /// Create an address to which a program posts messages for a room, and show it this once
    Create {
        /// Room key, number or name
        room: String,
        /// Name of the webhook, shown as the author of its messages
        #[arg(long)]
        name: String,
        /// Succeed if it exists; it is left unchanged and its address is not shown again
        #[arg(long)]
        if_not_exists: bool,
    },
    /// List the webhooks of a room, or all, with their last use
    List {
        /// Room key, number or name
        room: Option<String>,
    },
    /// Revoke a webhook and disable its bot; its messages stay
    Delete {
        /// Room key, number or name
        room: String,
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

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create { room, name, if_not_exists } => {
            let command = Command::WebhookCreate(WebhookCreate { room, name, if_not_exists });
            token::show_once(
                global,
                &command,
                "The address is not shown again. Whoever knows it can post to the room.",
            )
        }
        Verb::List { room } => {
            execute::run(global, &Command::WebhookList(WebhookList { room }), token::COLUMNS)
        }
        Verb::Delete { room, name, if_exists, yes } => {
            let asked = Destructive { yes, ..Destructive::default() };
            asked.confirm(&format!("Delete the webhook {name}?"))?;
            let command = Command::WebhookDelete(WebhookDelete { room, name, if_exists });
            execute::run(global, &command, Layout::One)
        }
    }
}
