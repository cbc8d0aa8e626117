//! The configuration: one struct per section, every key with its default. The keys are a promise
//! (docs/configuration.md).
//!
//! A leaf module: every module may read its section, and none of them is known here. [`load`] loads
//! the configuration.

mod acme;
mod backup;
pub mod check;
mod cluster;
pub mod current;
mod keys;
pub mod ldap;
pub mod load;
mod log;
pub mod look;
mod oidc;
mod outgoing;
pub(crate) mod place;
pub mod remarks;
mod s3;
pub mod salvage;
mod server;
pub mod show;
mod sound;
mod value;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use backup::{Audit, Backup, Retention};
pub use cluster::{Cluster, Engine};
pub use ldap::Ldap;
pub use log::{Log, LogFormat, LogLevel, Rotation};
pub use oidc::Oidc;
pub use outgoing::{Alerts, Egress, LinkPreviews, Mail, MailSecurity, Push, Ship};
pub use s3::{Masked, S3};
pub use server::Server;

/// The complete configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses, directories, TLS, heartbeat.
    pub server: Server,
    /// The engine; the database file and its readers.
    pub database: Database,
    /// Cassandra or ScyllaDB, and Redis.
    pub cluster: Cluster,
    /// Registration, passwords, sessions.
    pub auth: Auth,
    /// Log-in through a provider of OpenID Connect.
    pub oidc: Oidc,
    /// Rooms and messages.
    pub rooms: Rooms,
    /// Uploaded files.
    pub media: Media,
    /// The S3 server of uploaded files.
    #[serde(rename = "media.s3")]
    pub media_s3: S3,
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
    pub backup_s3: S3,
    /// How long administrative changes are remembered.
    pub audit: Audit,
    /// How long messages are kept.
    pub retention: Retention,
    /// Errors that are sent to administrators.
    #[serde(rename = "log.alerts")]
    pub log_alerts: Alerts,
    /// The receiver of the log.
    #[serde(rename = "log.ship")]
    pub log_ship: Ship,
    /// The mail server.
    pub mail: Mail,
    /// The LDAP directory.
    pub ldap: Ldap,
    /// Previews of links.
    pub link_previews: LinkPreviews,
    /// Notifications of devices through push services.
    pub push: Push,
    /// Private addresses that may be connected to.
    pub egress: Egress,
}

impl Config {
    /// Returns the contact that push services are told; None: no notifications are sent.
    pub fn push_contact(&self) -> Option<String> {
        let own = || self.server.public_url.clone().filter(|_| self.server.has_https_url());
        self.push.contact.clone().or_else(own).filter(|_| self.push.enabled)
    }
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Engine: `sqlite`, a file of this machine, or `cluster`, which several servers share (see
    /// `[cluster]`).
    pub engine: Engine,
    /// Database file, relative to the data directory.
    pub path: PathBuf,
    /// Number of read connections. Default: one per CPU core, at least 2 and at most 8.
    pub readers: Option<u32>,
}

impl Default for Database {
    fn default() -> Self {
        Self { engine: Engine::Embedded, path: PathBuf::from("chat.db"), readers: None }
    }
}

/// `open`, `invite` or `closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Anyone can create an account.
    Open,
    /// Anyone with an invitation can create an account.
    Invite,
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

/// `required`, `administrators`, `optional` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactors {
    /// Everybody who logs in with a password must use two-step login.
    Required,
    /// Administrators of the server who log in with a password must use it; others may turn it on.
    Administrators,
    /// Each user may turn two-step login on.
    Optional,
    /// Nobody can turn it on, and no code is asked for.
    Off,
}

/// `administrators` or `everyone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmojiAdders {
    /// Only administrators of the server add custom emoji.
    Administrators,
    /// Everybody but guests adds custom emoji.
    Everyone,
}

/// `[auth]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "keys of a file")]
pub struct Auth {
    /// Who can create accounts: `open` (anyone who can reach the server), `invite` (anyone with an
    /// invitation) or `closed` (administrators only).
    pub registration: Registration,
    /// Let people log in with passwords of this server. `false` requires another way to log in, such
    /// as `[oidc]`; registration and links for new passwords are refused then, too.
    pub local_login: bool,
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
    /// Let users create API tokens of their own; administrators can create them for any account.
    pub personal_tokens: bool,
    /// Let people who forgot their password have a link mailed to the address of their account.
    /// Requires `[mail]` and `[server] public_url`.
    pub reset_by_mail: bool,
    /// Accept the MD5 or SHA-1 digest of a password at log-in (`realtime` API). `false` also
    /// deletes the stored digests.
    pub digest_login: bool,
    /// Login names that look like an existing one in another script: `refuse` or `allow`.
    pub confusable_names: Confusables,
    /// Two-step login with the codes of an app: `required` (everybody who logs in with a password
    /// must set it up), `administrators` (they must, and others may), `optional` (each user may turn
    /// it on) or `off` (nobody can, and no code is asked for).
    pub second_factor: SecondFactors,
}

impl SecondFactors {
    /// Returns whether people must use two-step login, `admin`: as administrators of the server.
    pub fn requires(self, admin: bool) -> bool {
        match self {
            Self::Required => true,
            Self::Administrators => admin,
            Self::Optional | Self::Off => false,
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            local_login: true,
            show_emails: true,
            hash_threads: 1,
            password_min_length: 8,
            session_days: 30,
            access_token_minutes: 60,
            token_recheck_seconds: 60,
            personal_tokens: false,
            reset_by_mail: false,
            digest_login: true,
            confusable_names: Confusables::Refuse,
            second_factor: SecondFactors::Off,
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
    /// Who may add custom emoji: `administrators` of the server, or `everyone` but guests.
    pub custom_emoji: EmojiAdders,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            idle_timeout_seconds: 1800,
            recent_messages: 20,
            max_message_chars: 4000,
            receipts_up_to: 100,
            presence_up_to: 200,
            custom_emoji: EmojiAdders::Administrators,
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
    /// Where uploaded files are kept: `directory`, or a bucket of an S3 server with a prefix,
    /// `s3://BUCKET/PREFIX/`. `[media.s3]` is the server.
    pub store: String,
    /// Directory of the uploaded files, relative to the data directory. If they are kept in a
    /// bucket: directory in which uploads arrive.
    pub directory: PathBuf,
    /// Maximum total size of the previews of pictures, in bytes. They are kept in that directory
    /// and made again when needed; 0: pictures are always sent in full.
    pub preview_bytes: u64,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            max_bytes: 25 * 1024 * 1024,
            max_unused_bytes_per_user: 256 * 1024 * 1024,
            min_free_bytes: None,
            store: DIRECTORY.to_owned(),
            directory: PathBuf::from("media"),
            preview_bytes: 1024 * 1024 * 1024,
        }
    }
}

/// Value of `[media] store` for files in a directory.
pub const DIRECTORY: &str = "directory";

impl Media {
    /// URL of the bucket in which files are kept, if they are in one.
    pub fn bucket(&self) -> Option<&str> {
        (self.store != DIRECTORY).then_some(&*self.store)
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
    /// Number of frames queued for one WebSocket from which it is full, and closed if `backlog_bytes`
    /// are used up.
    pub socket_queue: usize,
    /// Size of the frames queued for one WebSocket from which it is full, in bytes.
    pub socket_queue_bytes: usize,
    /// Maximum size of what is queued for full WebSockets in all, in bytes; a message to many is
    /// counted once. 0: full WebSockets are closed at once.
    pub backlog_bytes: usize,
    /// REST requests per minute of one user.
    pub requests_per_minute_per_user: u32,
    /// Slash commands per minute of one user.
    pub commands_per_minute_per_user: u32,
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
            backlog_bytes: 67_108_864,
            requests_per_minute_per_user: 1_200,
            commands_per_minute_per_user: 30,
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

/// `[metrics]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Separate address for `/metrics` and `/health`, `HOST:PORT` or `unix:PATH`. Empty: `/metrics`
    /// answers only programs on this machine, at the addresses of `[server] listen`.
    pub listen: String,
}
