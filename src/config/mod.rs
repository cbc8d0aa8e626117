//! The configuration: one struct per section, every key with its default. The keys are a promise
//! (docs/configuration.md).
//!
//! A leaf module: every module may read its section, and none of them is known here. [`load`] loads
//! the configuration.

mod acme;
mod auth;
mod backup;
pub mod check;
mod cluster;
pub mod current;
mod keys;
pub mod ldap;
mod limits;
pub mod load;
mod log;
pub mod look;
mod oidc;
mod outgoing;
pub(crate) mod place;
pub mod remarks;
mod rooms;
mod s3;
pub mod salvage;
mod server;
pub mod show;
mod sound;
mod value;
mod variables;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use auth::{Auth, Confusables, Registration, SecondFactors};
pub use backup::{Audit, Backup, Retention};
pub use cluster::{Cluster, Engine};
pub use ldap::Ldap;
pub use limits::Limits;
pub use log::{Log, LogFormat, LogLevel, Rotation};
pub use oidc::Oidc;
pub use outgoing::{Alerts, Egress, LinkPreviews, Mail, MailSecurity, Push, Ship};
pub use rooms::{DIRECTORY, EmojiAdders, Media, Rooms};
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

/// `[metrics]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Separate address for `/metrics` and `/health`, `HOST:PORT` or `unix:PATH`. Empty: `/metrics`
    /// answers only programs on this machine, at the addresses of `[server] listen`.
    pub listen: String,
}
