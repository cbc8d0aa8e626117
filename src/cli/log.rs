//! `chatctl log`: follow and control the log of the running server.

use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use super::print::{Format, Layout, summary};
use super::units::span;
use super::{Global, execute};
use crate::admin::alerts::LogAlertTest;
use crate::admin::log::{LogRotate, LogTail, SetLogLevel};
use crate::admin::{Command, Failure};
use crate::config::LogLevel;
use crate::logging::Entry;

/// Verbs of `chatctl log`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl log tail --level warn --for 10m\n  chatctl log \
                        level debug --for 10m")]
pub(super) enum Verb {
    /// Print log lines as they are written; with -o json one object per line
    Tail {
        /// Number of recent lines to print first
        #[arg(long, short = 'n', default_value_t = 10)]
        lines: u32,
        /// Minimum log level: error, warn, info, debug or trace
        #[arg(long, value_parser = level)]
        level: Option<LogLevel>,
        /// Only lines about this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Only lines about this room
        #[arg(long, value_name = "KEY")]
        room: Option<String>,
        /// Stop after this time: 90s, 10m, 2h
        #[arg(long = "for", value_name = "TIME", value_parser = duration)]
        time: Option<Duration>,
    },
    /// Continue in a new log file after the old one was moved away
    Rotate,
    /// Send a test alert to each target in [log.alerts]
    AlertTest,
    /// Show the log level, or set it on the running server
    Level {
        /// Minimum log level: error, warn, info, debug or trace
        #[arg(value_parser = level)]
        level: Option<LogLevel>,
        /// Return to the configured level after this time: 90s, 10m, 2h
        #[arg(long = "for", value_name = "TIME", value_parser = duration, requires = "level")]
        time: Option<Duration>,
    },
}

/// Parses a log level.
pub(super) fn level(text: &str) -> Result<LogLevel, String> {
    LogLevel::parse(text).ok_or_else(|| "must be error, warn, info, debug or trace".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; use a time such as 90s, 10m or 2h"))
}

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::Tail { lines, level, user, room, time } => (
            Command::LogTail(LogTail {
                lines: Some(lines),
                level,
                user,
                room,
                for_seconds: time.map(|time| time.as_secs()),
            }),
            Layout::Stream(entry),
        ),
        Verb::Rotate => {
            execute::run(global, &Command::LogRotate(LogRotate {}), Layout::One)?;
            summary(global, "The log continues in a new file.");
            return Ok(());
        }
        Verb::AlertTest => {
            let columns = Layout::List(&[
                ("target", "target"),
                ("name", "name"),
                ("sent", "sent"),
                ("problem", "problem"),
            ]);
            return execute::run_trials(global, &Command::LogAlertTest(LogAlertTest {}), columns);
        }
        Verb::Level { level, time } => return log_level(global, level, time),
    };
    execute::run(global, &command, layout)
}

/// Shows or sets the level. The remaining time of a temporary level is shown as such.
fn log_level(
    global: &Global,
    level: Option<LogLevel>,
    time: Option<Duration>,
) -> Result<(), Failure> {
    let command =
        Command::LogLevel(SetLogLevel { level, for_seconds: time.map(|time| time.as_secs()) });
    let table = global.output == Format::Table;
    execute::run_with(global, &command, Layout::Sheet(&["level"]), &mut |item| {
        if let (true, Value::Object(fields)) = (table, item)
            && let Some(seconds) = fields.remove("for_seconds").and_then(|left| left.as_u64())
        {
            fields.insert("for".to_owned(), span(seconds).into());
        }
    })
}

/// The line as it is written to the log file.
fn entry(entry: &Value) -> String {
    serde_json::from_value::<Entry>(entry.clone())
        .map_or_else(|_| entry.to_string(), |entry| entry.text())
}
