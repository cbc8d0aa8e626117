//! The configuration: one struct a section, every key with its default. The keys are a promise
//! (README, Configuration).
//!
//! A leaf of the house: every room may read its section, none of theirs is known here. Loading
//! stands in [`load`].

pub mod check;
mod keys;
pub mod load;
pub(crate) mod place;
mod sound;
mod value;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses, directories, TLS, heartbeat.
    pub server: Server,
    /// The database file and its readers.
    pub database: Database,
    /// Registration, passwords, sessions.
    pub auth: Auth,
    /// Rooms and messages.
    pub rooms: Rooms,
    /// Uploaded files.
    pub media: Media,
    /// Sizes, counts and rates.
    pub limits: Limits,
    /// Lines, files, shipping, alerts.
    pub log: Log,
    /// Where `/metrics` is served.
    pub metrics: Metrics,
    /// Backups that the server makes by itself.
    pub backup: Backup,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Addresses to listen on: `HOST:PORT` or `unix:PATH`.
    pub listen: Vec<String>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// How clients reach the server, when that differs from the `Host` header: scheme, host and
    /// port, without a path.
    pub public_url: Option<String>,
    /// Foreign origins that may use cookies.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses, or
    /// networks as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// PEM file of the certificate chain; together with `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the private key.
    pub tls_key: Option<PathBuf>,
    /// The socket that `chatctl` finds a running server by; unset: `control.sock` in the data
    /// directory. Relative to it.
    pub control_socket: Option<PathBuf>,
    /// Who may connect to `unix:` addresses: the mode of their files, in octal.
    pub unix_socket_mode: String,
    /// Seconds between pings to a silent socket; two missed end it.
    pub heartbeat_seconds: u64,
    /// Seconds that a graceful stop may take.
    pub shutdown_grace_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: vec!["127.0.0.1:8080".to_owned()],
            data_dir: PathBuf::from("./data"),
            public_url: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            control_socket: None,
            unix_socket_mode: "0666".to_owned(),
            heartbeat_seconds: 30,
            shutdown_grace_seconds: 10,
        }
    }
}

impl Server {
    /// Where the control socket is.
    pub fn control_path(&self) -> PathBuf {
        self.data_dir
            .join(self.control_socket.as_deref().unwrap_or(std::path::Path::new("control.sock")))
    }

    /// `unix_socket_mode` as a number.
    pub fn socket_mode(&self) -> Option<u32> {
        u32::from_str_radix(&self.unix_socket_mode, 8).ok().filter(|mode| *mode <= 0o777)
    }

    /// Whether browsers reach the server by `https`, whoever speaks TLS.
    pub fn is_https(&self) -> bool {
        self.tls_cert.is_some()
            || self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// The database file, relative to the data directory.
    pub path: PathBuf,
    /// Connections that read; unset: one a core, at least two, at most eight.
    pub readers: Option<u32>,
}

impl Default for Database {
    fn default() -> Self {
        Self { path: PathBuf::from("chat.db"), readers: None }
    }
}

/// `open` or `closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Everybody may make an account.
    Open,
    /// Only administrators make accounts.
    Closed,
}

/// `refuse` or `allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confusables {
    /// A login name that looks like another's of another script is refused.
    Refuse,
    /// Only equal names are refused.
    Allow,
}

/// `[auth]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Who may make accounts.
    pub registration: Registration,
    /// Whether `chats` shows e-mail addresses and birth dates to others.
    pub show_emails: bool,
    /// Threads that compute Argon2.
    pub hash_threads: usize,
    /// Shortest password.
    pub password_min_length: usize,
    /// Days that a session lives without being used.
    pub session_days: u64,
    /// Minutes that an access token lives.
    pub access_token_minutes: u64,
    /// Seconds between checks of the token of an open socket.
    pub token_recheck_seconds: u64,
    /// Whether MD5 and SHA-1 digests of passwords log in (`realtime`); off also removes those
    /// stored.
    pub digest_login: bool,
    /// What happens to look-alike names.
    pub confusable_names: Confusables,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            show_emails: true,
            hash_threads: 1,
            password_min_length: 8,
            session_days: 30,
            access_token_minutes: 60,
            token_recheck_seconds: 60,
            digest_login: true,
            confusable_names: Confusables::Refuse,
        }
    }
}

impl Auth {
    /// How long a session lives without being used.
    pub fn session_life(&self) -> Duration {
        Duration::from_secs(self.session_days * 24 * 60 * 60)
    }

    /// How long an access token lives.
    pub fn token_life(&self) -> Duration {
        Duration::from_secs(self.access_token_minutes * 60)
    }
}

/// `[rooms]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Seconds from the last leave to `closing`.
    pub idle_timeout_seconds: u64,
    /// Messages that a live room keeps in memory.
    pub recent_messages: u32,
    /// Longest message in code points.
    pub max_message_chars: usize,
    /// `message_read` goes to all in rooms of at most so many participants.
    pub receipts_up_to: u32,
    /// Presence and typing go one by one where at most so many are present.
    pub presence_up_to: u32,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            idle_timeout_seconds: 1800,
            recent_messages: 20,
            max_message_chars: 4000,
            receipts_up_to: 100,
            presence_up_to: 200,
        }
    }
}

/// `[media]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Largest upload in bytes.
    pub max_bytes: u64,
    /// Bytes that one user's uploads may take up while no message holds them.
    pub max_unused_bytes_per_user: u64,
    /// Free bytes on the disk below which nothing is uploaded; unset: 256 MiB, but at most a
    /// twentieth of the disk.
    pub min_free_bytes: Option<u64>,
    /// Where the files are kept, relative to the data directory.
    pub directory: PathBuf,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            max_bytes: 25 * 1024 * 1024,
            max_unused_bytes_per_user: 256 * 1024 * 1024,
            min_free_bytes: None,
            directory: PathBuf::from("media"),
        }
    }
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Turns rates (not sizes and counts) on.
    pub enabled: bool,
    /// Largest request body in bytes.
    pub max_body_bytes: usize,
    /// Largest WebSocket frame in bytes.
    pub max_frame_bytes: usize,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections of one address (IPv6: of one /64 network); behind trusted proxies, WebSockets
    /// and requests under way of one client.
    pub max_connections_per_address: usize,
    /// Sockets of one user.
    pub max_sockets_per_user: usize,
    /// Frames that wait for one socket.
    pub socket_queue: usize,
    /// Bytes that wait for one socket.
    pub socket_queue_bytes: usize,
    /// REST requests of one user in a minute.
    pub requests_per_minute_per_user: u32,
    /// Frames of any kind from one socket in a minute; beyond, the socket is read slowly.
    pub frames_per_minute_per_socket: u32,
    /// Requests without a session from one address in a minute (IPv6: from one /64 network).
    pub requests_per_minute_per_address: u32,
    /// Seconds that a request body or a response may stand still; what moves slower than 1 KiB a
    /// second counts as standing still.
    pub stall_seconds: u64,
    /// New accounts from one address in an hour.
    pub registrations_per_hour_per_address: u32,
    /// Failed log-ins of one account in a minute.
    pub login_failures_per_minute_per_account: u32,
    /// Failed log-ins from one address in a minute.
    pub login_failures_per_minute_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            max_body_bytes: 1_048_576,
            max_frame_bytes: 65_536,
            max_connections: 20_000,
            max_connections_per_address: 1_000,
            max_sockets_per_user: 20,
            socket_queue: 1_024,
            socket_queue_bytes: 1_048_576,
            requests_per_minute_per_user: 1_200,
            frames_per_minute_per_socket: 1_200,
            requests_per_minute_per_address: 6_000,
            stall_seconds: 30,
            registrations_per_hour_per_address: 60,
            login_failures_per_minute_per_account: 10,
            login_failures_per_minute_per_address: 60,
        }
    }
}

/// `text` or `json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// The documented line.
    Text,
    /// One JSON object a line.
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
    /// And abnormal closes and time-outs.
    Warn,
    /// And live rooms made and removed, users entering and leaving.
    Info,
    /// And every message handled and every change of state.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Reads its name, in any case.
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
    /// The least important level that is written.
    pub level: LogLevel,
    /// How lines look.
    pub format: LogFormat,
    /// Where files go, relative to the data directory.
    pub directory: PathBuf,
    /// When a new file begins.
    pub rotation: Rotation,
    /// Bytes from which on the next file begins, where files go by day or hour; 0: no limit.
    pub max_bytes: u64,
    /// Files that are kept, where files go by day or hour; 0: all.
    pub max_files: usize,
    /// Whether lines go to standard output as well.
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
            stdout: true,
        }
    }
}

/// `[metrics]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Address of its own for `/metrics`, `HOST:PORT` or `unix:PATH`; empty: on the usual ones,
    /// for programs on this machine.
    pub listen: String,
}

/// `[backup]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Where backups go, relative to the data directory.
    pub directory: PathBuf,
    /// Hours between two backups; unset: the server makes none by itself.
    pub every_hours: Option<u64>,
    /// Backups that stay, the newest; unset: all.
    pub keep: Option<u64>,
}

impl Default for Backup {
    fn default() -> Self {
        Self { directory: PathBuf::from("backups"), every_hours: None, keep: None }
    }
}
