//! The items that commands return. The keys are stable.

mod account;
mod emoji;
mod ldap;
mod look;
mod mail;
mod room;
mod slash_command;

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::LogLevel;
use crate::model;
use crate::store::engine::upkeep::Status;

pub use super::audit::Entry as AuditEntry;
pub use super::doctor::Finding;
pub use crate::logging::Entry;
pub use crate::store::engine::upkeep::Stats;
pub use account::{
    Account, Erased, Exported, Identity, Leaving, Linked, ListedUser, LoggedOut, ResetLink,
    Session, User,
};
pub use emoji::Emoji;
pub use ldap::{LdapStep, LdapSynced};
pub use look::Look;
pub use mail::MailTest;
pub use room::{Card, Deleted, ExpiredRoom, Member, Purged, Removed};
pub use slash_command::SlashCommand;

/// An API token or webhook: `token.list`, `token.create`, `token.revoke`, `webhook.list`,
/// `webhook.create`, `webhook.delete`.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the key is the word of the documentation")]
pub struct Token {
    /// Name of the token or webhook.
    pub(super) name: String,
    /// Login name of its user.
    pub(super) user: String,
    /// `read`, `write`, `admin` or `webhook`.
    pub(super) scope: &'static str,
    /// The only room, of a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    pub(super) created: String,
    /// Time of the last use, accurate to five minutes; null: never used.
    pub(super) last_used: Option<String>,
    /// Time at which it ends; null: when it is revoked, or unused for ten years.
    pub(super) expires: Option<String>,
    /// What requests carry; only in the output of `token.create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// Address to which a program posts; only in the output of `webhook.create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

impl Token {
    /// Without its secret.
    pub(super) fn of(session: &model::Session) -> Self {
        let grant = session.grant.as_ref();
        let scope = grant.map_or(model::Scope::Read, |grant| grant.scope);
        Self {
            name: grant.map(|grant| grant.name.clone()).unwrap_or_default(),
            user: session.login.clone(),
            scope: scope.as_str(),
            room: scope.room().map(model::RoomId::key),
            created: session.created.seconds(),
            last_used: session.last_use().map(model::Timestamp::seconds),
            expires: session.fixed_expiry().map(model::Timestamp::seconds),
            token: None,
            url: None,
        }
    }
}

/// An invitation: `invite.create`, `invite.list`, `invite.revoke`.
#[derive(Serialize, ToSchema)]
pub struct Invitation {
    pub(super) id: i64,
    /// Login name of the administrator who made it, or the name of a user of the operating system.
    pub(super) made_by: String,
    /// Rooms that new users join.
    pub(super) rooms: Vec<String>,
    /// New users are guests, who see only their rooms.
    pub(super) guest: bool,
    /// Number of accounts that can be created with it; null: any number.
    pub(super) uses: Option<u32>,
    /// Number of accounts that were created with it.
    pub(super) used: u32,
    pub(super) created: String,
    /// Time at which it ends.
    pub(super) expires: String,
    /// `valid`, `expired`, `used_up`, `void` (whoever made it is no administrator any more) or
    /// `revoked`.
    pub(super) state: &'static str,
    /// Address that it was meant to be mailed to; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mailed_to: Option<String>,
    /// Why the letter was not sent; only in the output of `invite.create`, and absent if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
    /// Address of the link; only in the output of `invite.create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// QR code of the link, an SVG document; only in the output of `invite.create` with `page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) qr: Option<String>,
}

impl Invitation {
    /// Without its secret.
    pub(super) fn of(invitation: &model::Invitation, spent: Option<model::Spent>) -> Self {
        Self {
            id: invitation.id.0,
            made_by: invitation.maker.clone(),
            rooms: invitation.rooms.iter().map(|room| room.key()).collect(),
            guest: invitation.guest,
            uses: invitation.uses,
            used: invitation.used,
            created: invitation.created.seconds(),
            expires: invitation.expires.seconds(),
            state: spent.map_or("valid", model::Spent::as_str),
            mailed_to: invitation.mailed_to.clone(),
            problem: None,
            url: None,
            qr: None,
        }
    }
}

/// An outgoing webhook: `outgoing_webhook.list`, `outgoing_webhook.show`, `outgoing_webhook.create`,
/// `outgoing_webhook.enable`, `outgoing_webhook.disable`, `outgoing_webhook.delete`.
#[derive(Serialize, ToSchema)]
pub struct OutgoingWebhook {
    pub(super) name: String,
    /// Address of the receiver.
    pub(super) url: String,
    /// Keys of its rooms; empty if it sends all public rooms.
    pub(super) rooms: Vec<String>,
    /// Whether it sends all public rooms that are not archived.
    pub(super) all_public_rooms: bool,
    /// What is sent: `posted`, `edited`, `deleted`, `joined`, `left`.
    pub(super) events: Vec<&'static str>,
    /// Login name of the bot that posts the answers of the receiver; null: they are not read.
    pub(super) bot: Option<String>,
    /// `active`, `failing` (requests fail and are repeated) or `disabled`.
    pub(super) state: &'static str,
    /// Why it is failing or disabled.
    pub(super) problem: Option<String>,
    /// Since when it is failing or disabled.
    pub(super) since: Option<String>,
    /// Time of the last request that was accepted; null: none.
    pub(super) last_sent: Option<String>,
    pub(super) created: String,
    /// Name of the person who created it.
    pub(super) created_by: String,
    /// Number of changes of its rooms that are not sent yet; only in the output of
    /// `outgoing_webhook.show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unsent: Option<u64>,
    /// Secret of the signatures; only in the output of `outgoing_webhook.create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
}

impl OutgoingWebhook {
    /// Without its secret.
    pub(super) fn of(webhook: &model::OutgoingWebhook) -> Self {
        let (state, problem) = match (&webhook.disabled, &webhook.failing) {
            (Some(disabled), _) => ("disabled", Some(disabled)),
            (None, Some(failing)) => ("failing", Some(failing)),
            (None, None) => ("active", None),
        };
        let events = webhook.events.iter().copied();
        let last = webhook.places.iter().filter_map(|place| place.sent).max();
        let named = webhook.places.iter().filter(|_| !webhook.all_public);
        let rooms = named.map(|place| place.room.key()).collect();
        Self {
            name: webhook.name.clone(),
            url: webhook.url.clone(),
            rooms,
            all_public_rooms: webhook.all_public,
            events: events.map(model::WebhookEvent::as_str).collect(),
            bot: webhook.bot.as_ref().map(|bot| bot.login.clone()),
            state,
            problem: problem.map(|problem| problem.reason.clone()),
            since: problem.map(|problem| problem.since.seconds()),
            last_sent: last.map(model::Timestamp::seconds),
            created: webhook.created.seconds(),
            created_by: webhook.creator.clone(),
            unsent: None,
            secret: None,
        }
    }
}

/// The outcome of a test: `outgoing_webhook.test`.
#[derive(Serialize, ToSchema)]
pub struct WebhookTest {
    pub(super) name: String,
    /// Whether the receiver has accepted it.
    pub(super) accepted: bool,
    /// Status of the answer; null: there was none.
    pub(super) status: Option<u16>,
    /// Time until the answer, or the failure.
    pub(super) milliseconds: u64,
    /// Why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

/// The log level: `log.level`.
#[derive(Serialize, ToSchema)]
pub struct Level {
    pub(super) level: LogLevel,
    /// Seconds until the configured level is restored; null if the level stays.
    pub(super) for_seconds: Option<u64>,
}

/// One target of alerts: `log.alert-test`.
#[derive(Serialize, ToSchema)]
pub struct AlertTest {
    /// `webhook` or `mail`.
    pub(super) target: &'static str,
    /// The recipient, or the host of the webhook.
    pub(super) name: String,
    /// Whether the target has accepted the test.
    pub(super) sent: bool,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

/// The files of the database: `db.status`.
#[derive(Serialize, ToSchema)]
pub struct Database {
    pub(super) path: String,
    #[serde(flatten)]
    pub(super) status: Status,
}

/// A problem of the data: `db.check`.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    pub(super) problem: String,
}

/// The space returned to the file system: `db.vacuum`.
#[derive(Serialize, ToSchema)]
pub struct Vacuumed {
    pub(super) pages: u64,
    pub(super) bytes: u64,
}

/// The rebuilt search index: `db.reindex`.
#[derive(Serialize, ToSchema)]
pub struct Reindexed {
    pub(super) search_bytes: u64,
}

/// The effect of loading the configuration again: `reload`.
#[derive(Serialize, ToSchema)]
pub struct Reloaded {
    /// The configuration file; null if there is none.
    #[schema(value_type = Option<String>)]
    pub(super) file: Option<PathBuf>,
    /// Changed keys that are in force, such as `limits.max_connections`.
    pub(super) in_force: Vec<String>,
    /// Changed keys that only take effect after a restart.
    pub(super) need_restart: Vec<String>,
    /// Problems of single TLS certificates, which are not used.
    pub(super) warnings: Vec<String>,
}

impl Display for Reloaded {
    /// Continues a sentence.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if !self.in_force.is_empty() {
            write!(formatter, "; in force: {}", self.in_force.join(", "))?;
        }
        if !self.need_restart.is_empty() {
            write!(formatter, "; in force only after a restart: {}", self.need_restart.join(", "))?;
        }
        Ok(())
    }
}

/// The state of the server, running or stopped: `status`.
#[derive(Serialize, ToSchema)]
pub struct Condition {
    pub(super) running: bool,
    pub(super) version: &'static str,
    pub(super) server_id: String,
    /// Name of the machine.
    pub(super) host: String,
    pub(super) epoch: String,
    /// Seconds since the start.
    pub(super) uptime: Option<u64>,
    pub(super) pid: Option<u32>,
    pub(super) addresses: Vec<String>,
    pub(super) users_connected: Option<usize>,
    pub(super) sockets: Option<usize>,
    pub(super) live_rooms: Option<usize>,
    /// Bytes of memory in use.
    pub(super) memory: Option<u64>,
    pub(super) store: &'static str,
    /// Whether other servers are heard: `ok` or `failing`; null: there are none.
    pub(super) bus: Option<&'static str>,
    pub(super) data_dir: String,
    /// Configuration file of the running server; null: it uses none, or no server is running.
    pub(super) config_file: Option<String>,
    /// Size of the database, including its write-ahead log; null if it is a cluster.
    pub(super) database_bytes: Option<u64>,
    /// Size of the write-ahead log; null if the database is a cluster.
    pub(super) wal_bytes: Option<u64>,
    pub(super) log_level: Option<LogLevel>,
    /// Time at which the first TLS certificate expires.
    pub(super) certificate_end: Option<String>,
    /// Why no TLS certificate was issued for the names of `acme_domains`, at the last attempt.
    pub(super) certificate_problem: Option<String>,
    /// Whether push notifications are sent: `on` or `off`.
    pub(super) push: &'static str,
    /// Push notifications that push services have accepted since the start.
    pub(super) push_sent: Option<u64>,
    /// Those that were given up since the start.
    pub(super) push_failed: Option<u64>,
    /// End of the last deletion of expired messages; null if there was none.
    pub(super) retention_run: Option<String>,
    /// Messages that it deleted; null if there was none.
    pub(super) retention_deleted: Option<u64>,
    /// Whether it went on with one that was interrupted: it deleted more than this before.
    pub(super) retention_resumed: Option<bool>,
    /// Why expired messages are not deleted.
    pub(super) retention_problem: Option<String>,
}
