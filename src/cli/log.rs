//! `chatctl log`: the log of the running server.

use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use super::print::Layout;
use super::{Global, execute};
use crate::admin::{Command, Failure};
use crate::config::LogLevel;
use crate::logging::Entry;

/// What to do with the log.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl log tail --level warn --for 10m\n  chatctl log \
                        level debug --for 10m")]
pub(super) enum Verb {
    /// Print log lines as they are written, in the format of the file; with -o json one object a
    /// line, since there is no end
    Tail {
        /// So many of the latest first
        #[arg(long, short = 'n', default_value_t = 10)]
        lines: u32,
        /// At least as important: error, warn, info, debug or trace
        #[arg(long, value_parser = level)]
        level: Option<LogLevel>,
        /// Only about this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Only about this room
        #[arg(long, value_name = "KEY")]
        room: Option<String>,
        /// Ends after so long: 90s, 10m, 2h
        #[arg(long = "for", value_name = "TIME", value_parser = span)]
        time: Option<Duration>,
    },
    /// Go on in a new file, after the old one was moved away
    Rotate,
    /// Show the level, or set it on the running server
    Level {
        /// error, warn, info, debug or trace
        #[arg(value_parser = level)]
        level: Option<LogLevel>,
        /// Then back to the configured level: 90s, 10m, 2h
        #[arg(long = "for", value_name = "TIME", value_parser = span, requires = "level")]
        time: Option<Duration>,
    },
}

/// Reads a level.
pub(super) fn level(text: &str) -> Result<LogLevel, String> {
    LogLevel::parse(text).ok_or_else(|| "must be error, warn, info, debug or trace".to_owned())
}

fn span(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; say 90s, 10m or 2h"))
}

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::Tail { lines, level, user, room, time } => (
            Command::LogTail {
                lines: Some(lines),
                level,
                user,
                room,
                for_seconds: time.map(|time| time.as_secs()),
            },
            Layout::Stream(entry),
        ),
        Verb::Rotate => (Command::LogRotate {}, Layout::One),
        Verb::Level { level, time } => {
            (Command::LogLevel { level, for_seconds: time.map(|time| time.as_secs()) }, Layout::One)
        }
    };
    execute::run(global, &command, layout)
}

/// The line as it stands in the file.
fn entry(entry: &Value) -> String {
    serde_json::from_value::<Entry>(entry.clone())
        .map_or_else(|_| entry.to_string(), |entry| entry.text())
}
