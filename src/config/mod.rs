//! The configuration: one struct per section, every key with its default. The keys are a promise
//! (docs/configuration.md).
//!
//! A leaf module: every module may read its section, and none of them is known here. [`load`] loads
//! the configuration.

mod acme;
pub mod check;
pub mod current;
mod keys;
pub mod load;
mod outgoing;
pub(crate) mod place;
pub mod salvage;
pub mod show;
mod sound;
mod value;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use outgoing::{Alerts, Egress, Mail, MailSecurity};

/// The complete configuration.
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
    /// Level, format and files of the log.
    pub log: Log,
    /// Where `/metrics` is served separately.
    pub metrics: Metrics,
    /// Automatic backups.
    pub backup: Backup,
    /// The S3 server of backups.
    #[serde(rename = "backup.s3")]
    pub backup_s3: BackupS3,
    /// How long administrative changes are remembered.
    pub audit: Audit,
    /// Errors that are sent to administrators.
    #[serde(rename = "log.alerts")]
    pub log_alerts: Alerts,
    /// The mail server.
    pub mail: Mail,
    /// Private addresses that may be connected to.
    pub egress: Egress,
}

/// ACME directory of Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// `[server]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Addresses to listen on, each `HOST:PORT` or `unix:PATH`.
    pub listen: Vec<String>,
    /// Data directory: database, uploaded files, logs and backups.
    pub data_dir: PathBuf,
    /// Base URL that browsers use, if it differs from the `Host` header: scheme, host and port, and
    /// the path if a proxy serves the server below one (`https://example.org/chat`).
    pub public_url: Option<String>,
    /// Origins of other web pages that may send requests with cookies and open WebSockets, as
    /// `https://HOST`.
    pub allowed_origins: Vec<String>,
    /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are used: addresses,
    /// or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// PEM file with the certificate chain. Requires `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key, unencrypted. Requires `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Directory of more certificates, used for the host names that they contain: `NAME.crt` with
    /// `NAME.key`, or `NAME/fullchain.pem` with `NAME/privkey.pem`. `tls_cert` is used for all
    /// other names.
    pub tls_directory: Option<PathBuf>,
    /// Host names for which the server obtains and renews TLS certificates itself, from a CA by ACME.
    /// Requires `acme_accept_terms`.
    pub acme_domains: Vec<String>,
    /// Whether you accept the terms of service of the CA. Required for `acme_domains`.
    pub acme_accept_terms: bool,
    /// E-mail address that the CA may use to reach you.
    pub acme_contact: Option<String>,
    /// URL of the CA's ACME directory. Default: Let's Encrypt.
    pub acme_directory: String,
    /// PEM file with the certificates by which the server of a private CA is verified, instead of
    /// those of the system.
    pub acme_ca: Option<PathBuf>,
    /// Seconds for which browsers use only `https` after a response over `https`
    /// (`Strict-Transport-Security`); 0: no such header.
    pub hsts_seconds: u64,
    /// Addresses, each `HOST:PORT`, at which plain HTTP requests are redirected to `https`.
    /// Requires TLS.
    pub redirect_listen: Vec<String>,
    /// Path of the control socket, which `chatctl` commands use to reach the running server.
    /// Relative to the data directory. Default: `control.sock`.
    pub control_socket: Option<PathBuf>,
    /// Group whose members may use the control socket, and so administer the server. Default: only
    /// the user of the server and root.
    pub control_socket_group: Option<String>,
    /// File mode of the sockets that `listen` creates at `unix:` addresses, in octal.
    pub unix_socket_mode: String,
    /// Seconds between pings on an idle WebSocket. After two missed pings the socket is closed.
    pub heartbeat_seconds: u64,
    /// Seconds that a graceful stop may take before open connections are cut.
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
            tls_directory: None,
            acme_domains: Vec::new(),
            acme_accept_terms: false,
            acme_contact: None,
            acme_directory: LETS_ENCRYPT.to_owned(),
            acme_ca: None,
            hsts_seconds: 365 * 24 * 60 * 60,
            redirect_listen: Vec::new(),
            control_socket: None,
            control_socket_group: None,
            unix_socket_mode: "0666".to_owned(),
            heartbeat_seconds: 30,
            shutdown_grace_seconds: 10,
        }
    }
}

impl Server {
    /// Returns the path of the control socket.
    pub fn control_path(&self) -> PathBuf {
        self.data_dir
            .join(self.control_socket.as_deref().unwrap_or(std::path::Path::new("control.sock")))
    }

    /// Returns `unix_socket_mode` as a number.
    pub fn socket_mode(&self) -> Option<u32> {
        u32::from_str_radix(&self.unix_socket_mode, 8).ok().filter(|mode| *mode <= 0o777)
    }

    /// Returns the path of `public_url`, such as `/chat`, without a trailing slash; empty if the
    /// server has a host of its own.
    pub fn base_path(&self) -> &str {
        let rest = self.public_url.as_deref().and_then(|url| url.split_once("://"));
        let path = rest.and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        path.unwrap_or_default().trim_end_matches('/')
    }

    /// Returns whether the server itself uses TLS.
    pub fn has_tls(&self) -> bool {
        self.tls_cert.is_some() || self.tls_directory.is_some() || self.has_acme()
    }

    /// Returns whether the server obtains certificates itself.
    pub fn has_acme(&self) -> bool {
        !self.acme_domains.is_empty()
    }

    /// Returns the names of `acme_domains` in lower case, each once.
    pub fn acme_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.acme_domains.iter().map(|name| name.to_ascii_lowercase()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns whether browsers reach the server by `https`, directly or through a proxy.
    pub fn is_https(&self) -> bool {
        self.has_tls() || self.has_https_url()
    }

    /// Returns whether `public_url` begins with `https`.
    pub fn has_https_url(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Database file, relative to the data directory.
    pub path: PathBuf,
    /// Number of read connections. Default: one per CPU core, at least 2 and at most 8.
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
    /// Anyone can create an account.
    Open,
    /// Only administrators create accounts.
    Closed,
}

/// `refuse` or `allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confusables {
    /// Refuse login names that look like an existing one in another script.
    Refuse,
    /// Only refuse equal names.
    Allow,
}

/// `[auth]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Who can create accounts: `open` (anyone who can reach the server) or `closed`
    /// (administrators only).
    pub registration: Registration,
    /// Show e-mail addresses and birth dates to other users (`chats` API).
    pub show_emails: bool,
    /// Number of password-hashing threads.
    pub hash_threads: usize,
    /// Minimum length of a password, in characters.
    pub password_min_length: usize,
    /// Days after which an unused session expires.
    pub session_days: u64,
    /// Lifetime of an access token, in minutes.
    pub access_token_minutes: u64,
    /// Seconds between checks that the token of an open WebSocket is still valid.
    pub token_recheck_seconds: u64,
    /// Accept the MD5 or SHA-1 digest of a password at log-in (`realtime` API). `false` also
    /// deletes the stored digests.
    pub digest_login: bool,
    /// Login names that look like an existing one in another script: `refuse` or `allow`.
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
    /// Returns the lifetime of an unused session.
    pub fn session_life(&self) -> Duration {
        Duration::from_secs(self.session_days * 24 * 60 * 60)
    }

    /// Returns the lifetime of an access token.
    pub fn token_life(&self) -> Duration {
        Duration::from_secs(self.access_token_minutes * 60)
    }
}

/// `[rooms]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Seconds after the last participant has left until a live room is closed in memory.
    pub idle_timeout_seconds: u64,
    /// Number of recent messages that a live room keeps in memory.
    pub recent_messages: u32,
    /// Maximum length of a message, in Unicode code points.
    pub max_message_chars: usize,
    /// Maximum number of participants of a room for read receipts to everyone. Above it, only the
    /// author of the message receives them.
    pub receipts_up_to: u32,
    /// Maximum number of people online in a room for individual presence and typing events. Above
    /// it, presence events are merged and typing events are dropped.
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
    /// Maximum size of an uploaded file, in bytes.
    pub max_bytes: u64,
    /// Maximum total size of one user's uploads that no message or profile uses yet, in bytes.
    pub max_unused_bytes_per_user: u64,
    /// Free disk space below which uploads are refused, in bytes. Default: 256 MiB, at most a
    /// twentieth of the disk.
    pub min_free_bytes: Option<u64>,
    /// Directory of the uploaded files, relative to the data directory.
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
    /// Enable rate limits. Limits of sizes and counts are always enforced.
    pub enabled: bool,
    /// Maximum size of a request body, in bytes.
    pub max_body_bytes: usize,
    /// Maximum size of a WebSocket frame, in bytes.
    pub max_frame_bytes: usize,
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// Maximum number of connections from one address (IPv6: /64 network). Behind a trusted proxy:
    /// WebSockets and pending requests of one client.
    pub max_connections_per_address: usize,
    /// Maximum number of WebSockets of one user.
    pub max_sockets_per_user: usize,
    /// Maximum number of frames queued for one WebSocket.
    pub socket_queue: usize,
    /// Maximum size of the frames queued for one WebSocket, in bytes.
    pub socket_queue_bytes: usize,
    /// REST requests per minute of one user.
    pub requests_per_minute_per_user: u32,
    /// Frames per minute from one WebSocket. Above this rate the socket is read more slowly.
    pub frames_per_minute_per_socket: u32,
    /// Requests without a session per minute from one address (IPv6: /64 network).
    pub requests_per_minute_per_address: u32,
    /// Seconds after which a stalled request body or response is cut. Less than 1 KiB per second
    /// counts as stalled.
    pub stall_seconds: u64,
    /// Seconds after which an idle HTTP connection is closed. It must be longer than the same time
    /// of reverse proxies and load balancers.
    pub keep_alive_seconds: u64,
    /// New accounts per hour from one address.
    pub registrations_per_hour_per_address: u32,
    /// Failed log-ins per minute to one account.
    pub login_failures_per_minute_per_account: u32,
    /// Failed log-ins per minute from one address.
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
            keep_alive_seconds: 90,
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

/// `[metrics]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Separate address for `/metrics` and `/health`, `HOST:PORT` or `unix:PATH`. Empty: `/metrics`
    /// answers only programs on this machine, at the addresses of `[server] listen`.
    pub listen: String,
}

/// `[audit]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// Days for which entries of the audit log are kept; 0: for ever.
    pub days: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { days: 365 }
    }
}

impl Audit {
    /// How long entries are kept; None: for ever.
    pub fn kept_for(&self) -> Option<Duration> {
        (self.days > 0).then(|| Duration::from_secs(self.days.saturating_mul(24 * 60 * 60)))
    }
}

/// `[backup]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Directory of the backups, relative to the data directory.
    pub directory: PathBuf,
    /// Hours between automatic backups. Unset: no automatic backups.
    pub every_hours: Option<u64>,
    /// Bucket of an S3 server to which each backup is copied, with a prefix:
    /// `s3://BUCKET/PREFIX/`. `[backup.s3]` is the server. Unset: no copies.
    pub to: Option<String>,
    /// Public keys of age (`age1…`), for each of which backups are encrypted. Empty: backups are not
    /// encrypted.
    pub recipients: Vec<String>,
    /// Number of newest backups to keep. A backup is deleted if none of the `keep` settings keeps
    /// it. All unset: no backup is deleted.
    pub keep: Option<u64>,
    /// Number of days, of each of which the newest backup is kept.
    pub keep_daily: Option<u64>,
    /// Number of weeks, of each of which the newest backup is kept.
    pub keep_weekly: Option<u64>,
    /// Number of months, of each of which the newest backup is kept.
    pub keep_monthly: Option<u64>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("backups"),
            every_hours: None,
            to: None,
            recipients: Vec::new(),
            keep: None,
            keep_daily: None,
            keep_weekly: None,
            keep_monthly: None,
        }
    }
}

/// A value that `Debug` output and `config show` do not contain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(pub String);

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// `[backup.s3]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupS3 {
    /// URL of the S3 server. Default: the environment variable `AWS_ENDPOINT_URL`, or else Amazon
    /// S3.
    pub endpoint: Option<String>,
    /// Region. Default: the environment variable `AWS_REGION`, or else `us-east-1`.
    pub region: Option<String>,
    /// Access key id. Default: the environment variable `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// Secret access key. Default: the environment variable `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Masked>,
    /// PEM file with certificates of authorities that are trusted in addition to those of the
    /// system.
    pub tls_ca: Option<PathBuf>,
}
