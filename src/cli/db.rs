//! `chatctl db`: check and maintain the database.

use std::os::unix::net::UnixStream;

use clap::Subcommand;
use serde_json::json;

use super::execute::Found;
use super::print::{Format, Layout, Printer, line};
use super::units::count;
use super::{Global, execute};
use crate::admin::database::migrations;
use crate::admin::database::{DbCheck, DbReindex, DbStats, DbStatus, DbVacuum};
use crate::admin::{Command, Failure, Kind, Reply, problems_of_data, verdict_of};

/// Verbs of `chatctl db`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl db check\n  chatctl db migrate --plan")]
pub(super) enum Verb {
    /// Show sizes, schema and free pages of the database
    Status,
    /// Check the database and the uploaded files; exit code 6 if problems are found
    Check,
    /// Migrate the database to the schema of this version, as `serve` does at its start
    Migrate {
        /// Show the pending migrations, and change nothing
        #[arg(long)]
        plan: bool,
    },
    /// Return free pages to the file system
    Vacuum,
    /// Rebuild the search index
    Reindex,
    /// Show the number of accounts, rooms, messages and files
    Stats,
}

pub(super) fn run(global: &Global, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Status => execute::run(global, &Command::DbStatus(DbStatus {}), Layout::One),
        Verb::Check => check(global),
        Verb::Migrate { plan } => migrate(global, *plan),
        Verb::Vacuum => execute::run(global, &Command::DbVacuum(DbVacuum {}), Layout::One),
        Verb::Reindex => execute::run(global, &Command::DbReindex(DbReindex {}), Layout::One),
        Verb::Stats => execute::run(global, &Command::DbStats(DbStats {}), Layout::One),
    }
}

/// A running server checks itself. The data of a stopped one is checked without opening it as a
/// store, which a damaged database may not allow.
fn check(global: &Global) -> Result<(), Failure> {
    let (config, found) = execute::reach(global)?;
    let mut problems = Vec::new();
    let ended = match found {
        Found::Server(stream) => {
            execute::remote(stream, &Command::DbCheck(DbCheck {}), &mut |reply| {
                if let Reply::Item(item) = reply {
                    problems.push(item);
                }
                Ok(())
            })
        }
        Found::Nobody(_lock) => problems_of_data(&config).and_then(|found| {
            problems.extend(found.into_iter().map(|problem| json!({"problem": problem})));
            verdict_of(problems.len())
        }),
    };
    if ended.is_ok() && global.output == Format::Table {
        let stats = execute::ask(global, &Command::DbStats(DbStats {}))?;
        let figure = |key: &str| stats.first().and_then(|stats| stats[key].as_u64()).unwrap_or(0);
        line(&format!(
            "No problems: {} and {}.",
            count(figure("messages"), "message"),
            count(figure("media"), "uploaded file")
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

/// Opening the database migrates it, so any command on the data itself will do. A running server
/// has migrated it already.
fn migrate(global: &Global, only_plan: bool) -> Result<(), Failure> {
    let config = execute::existing(global)?;
    match execute::reach(global) {
        Ok((_, Found::Server(stream))) => return migrated(global, stream),
        Err(failure) if execute::salvaged(global).is_some() => return Err(failure),
        _ => (),
    }
    let found = migrations(&config)?;
    if found.newer {
        let message = format!(
            "the database was made by a newer chatctl (schema {}, this one knows {}); install \
             that version or restore a backup",
            found.schema, found.known
        );
        return Err(Failure::new(Kind::Conflict, message));
    }
    let migrated = !only_plan && !found.migrations.is_empty();
    if migrated {
        execute::ask(global, &Command::DbStatus(DbStatus {}))?;
    }
    let mut printer = Printer::new(global, Layout::One);
    printer.item(json!({"schema": found.schema, "known": found.known, "migrations": found.migrations, "migrated": migrated}))?;
    printer.finish()
}

/// Reports the schema of a running server, which migrated the database when it started. Asked
/// instead of the file, which the caller may not be able to read.
fn migrated(global: &Global, stream: UnixStream) -> Result<(), Failure> {
    let mut printer = Printer::new(global, Layout::One);
    execute::remote(stream, &Command::DbStatus(DbStatus {}), &mut |reply| match reply {
        Reply::Item(status) => printer.item(json!({
            "schema": status["schema"],
            "known": status["known"],
            "migrations": [],
            "migrated": false,
        })),
        _ => Ok(()),
    })?;
    printer.finish()
}
