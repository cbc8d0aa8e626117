//! `chatctl retention`: deleting messages that have expired.

use clap::Subcommand;
use serde_json::Value;

use super::ask::Destructive;
use super::print::{Layout, note};
use super::units::count;
use super::{Global, execute};
use crate::admin::retention::RunRetention;
use crate::admin::{Command, Failure};

/// Verbs of `chatctl retention`.
#[derive(Debug, Subcommand)]
#[command(after_help = "How long messages are kept is set with [retention] in the configuration \
                        and, for a room, with chatctl room retention.\n\nExamples:\n  chatctl \
                        retention run --dry-run\n  chatctl retention run --yes")]
pub(super) enum Verb {
    /// Delete messages that have expired now; the server does it once a day
    Run {
        #[command(flatten)]
        destructive: Destructive,
    },
}

const COLUMNS: Layout = Layout::List(&[
    ("room", "room"),
    ("name", "name"),
    ("days", "days"),
    ("messages", "messages"),
    ("files", "files"),
    ("bytes", "bytes"),
    ("done", "done"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let Verb::Run { destructive } = verb;
    let command = |dry_run| Command::RetentionRun(RunRetention { dry_run });
    if !destructive.dry_run && !destructive.yes {
        let going = execute::ask(global, &command(true))?;
        let sum = |key: &str| going.iter().filter_map(|room| room[key].as_u64()).sum::<u64>();
        note(&format!(
            "{} in {}, with {}.",
            count(sum("messages"), "message"),
            count(going.iter().filter(|room: &&Value| room["messages"] != 0).count(), "room"),
            count(sum("files"), "file"),
        ));
        destructive.confirm("Delete them?")?;
    }
    execute::run(global, &command(destructive.dry_run), COLUMNS)
}
