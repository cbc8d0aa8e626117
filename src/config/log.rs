//! `[log]`: level, format and files of the log.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `text` or `json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One documented line per event.
    Text,
    /// One JSON object per line.
    Json,
}

/// How often a new log file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    /// At midnight UTC.
    Daily,
    /// Every hour.
    Hourly,
    /// Left to logrotate.
    Never,
}

/// `error`, `warn`, `info`, `debug` or `trace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// System failures and failed authentication.
    Error,
    /// Also abnormal closes and time-outs.
    Warn,
    /// Also live rooms created and closed, users entering and leaving.
    Info,
    /// Also every message handled and every change of state.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Parses the name of a level, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Some(Self::Error),
            "warn" => Some(Self::Warn),
            "info" => Some(Self::Info),
            "debug" => Some(Self::Debug),
            "trace" => Some(Self::Trace),
            _ => None,
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Minimum log level: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: LogLevel,
    /// Log format: `text` (one documented line per event) or `json` (one JSON object per line).
    pub format: LogFormat,
    /// Directory of the log files, relative to the data directory.
    pub directory: PathBuf,
    /// When to start a new log file: `daily`, `hourly` or `never` (left to logrotate).
    pub rotation: Rotation,
    /// Maximum size of a log file, in bytes; 0: no limit. Not used with `rotation = "never"`.
    pub max_bytes: u64,
    /// Number of log files to keep; 0: no limit. Not used with `rotation = "never"`.
    pub max_files: usize,
    /// Maximum size of all log files together, in bytes; 0: no limit. The oldest are removed. Not
    /// used with `rotation = "never"`.
    pub max_total_bytes: u64,
    /// Write the log to standard output as well.
    pub stdout: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Text,
            directory: PathBuf::from("logs"),
            rotation: Rotation::Daily,
            max_bytes: 100 << 20,
            max_files: 14,
            max_total_bytes: 1 << 30,
            stdout: true,
        }
    }
}
