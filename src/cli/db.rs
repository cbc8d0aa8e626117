//! `chatctl db`: the database, whole or not, large or small.

use clap::Subcommand;
use serde_json::json;

use super::execute::Found;
use super::print::{Format, Layout, Printer, line};
use super::{Global, execute};
use crate::admin::database::migrations;
use crate::admin::{Command, Failure, Kind, Reply, problems_of_data, verdict_of};

/// What to do with the database.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl db check\n  chatctl db migrate --plan")]
pub(super) enum Verb {
    /// Show its files: sizes, schema, free pages
    Status,
    /// Find what is wrong with it and with the uploaded files; exit code 6 when something is
    Check,
    /// Bring it to the schema of this program; `serve` does it by itself
    Migrate {
        /// Say what would run, and do nothing
        #[arg(long)]
        plan: bool,
    },
    /// Give free pages back to the file system
    Vacuum,
    /// Make the search index anew
    Reindex,
    /// Show how much there is of everything
    Stats,
}

pub(super) fn run(global: &Global, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Status => execute::run(global, &Command::DbStatus {}, Layout::One),
        Verb::Check => check(global),
        Verb::Migrate { plan } => migrate(global, *plan),
        Verb::Vacuum => execute::run(global, &Command::DbVacuum {}, Layout::One),
        Verb::Reindex => execute::run(global, &Command::DbReindex {}, Layout::One),
        Verb::Stats => execute::run(global, &Command::DbStats {}, Layout::One),
    }
}

/// A running server looks itself. The data of a stopped one are looked at as they are, since a
/// damaged database may be none that can be opened.
fn check(global: &Global) -> Result<(), Failure> {
    let config = execute::existing(global)?;
    let mut problems = Vec::new();
    let ended = match execute::connect(&config)? {
        Found::Server(stream) => execute::remote(stream, &Command::DbCheck {}, &mut |reply| {
            if let Reply::Item(item) = reply {
                problems.push(item);
            }
            Ok(())
        }),
        Found::Nobody(_lock) => {
            problems.extend(
                problems_of_data(&config).into_iter().map(|problem| json!({"problem": problem})),
            );
            verdict_of(problems.len())
        }
    };
    if ended.is_ok() && global.output == Format::Table {
        let stats = execute::ask(global, &Command::DbStats {})?;
        let count = |key: &str| stats.first().and_then(|stats| stats[key].as_u64()).unwrap_or(0);
        line(&format!(
            "No problems: {} messages and {} uploaded files.",
            count("messages"),
            count("media")
        ))?;
        return ended;
    }
    if ended.as_ref().err().is_none_or(|failure| failure.kind == Kind::Problems) {
        let mut printer = Printer::new(global, Layout::List(&[("problem", "problem")]));
        problems.into_iter().try_for_each(|problem| printer.item(problem))?;
        printer.finish()?;
    }
    ended
}

/// Whoever opens the database migrates it: here that is any command on the data itself. A server
/// that runs has done so already.
fn migrate(global: &Global, only_plan: bool) -> Result<(), Failure> {
    let config = execute::existing(global)?;
    let found = migrations(&config)?;
    if found.newer {
        let message = format!(
            "the database was made by a newer chatctl (schema {}, this one knows {})",
            found.schema, found.known
        );
        return Err(Failure::new(Kind::Conflict, message));
    }
    let migrated = !only_plan && !found.migrations.is_empty();
    if migrated {
        execute::ask(global, &Command::DbStatus {})?;
    }
    let mut printer = Printer::new(global, Layout::One);
    printer.item(json!({"schema": found.schema, "known": found.known, "migrations": found.migrations, "migrated": migrated}))?;
    printer.finish()
}
