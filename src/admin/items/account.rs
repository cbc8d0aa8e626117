//! Accounts, their sessions, and what becomes of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model;

/// An account: `user.without_password`, `user.create`, `user.passwd`,
/// `user.reset_second_factor`, `user.rename`, `user.email`, `user.disable`, `user.enable`,
/// `user.promote`, `user.demote`, `user.mark`, `bot.list`, `bot.create`.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct User {
    pub(in crate::admin) id: i64,
    pub(in crate::admin) name: String,
    pub(in crate::admin) display_name: String,
    pub(in crate::admin) email: Option<String>,
    pub(in crate::admin) admin: bool,
    pub(in crate::admin) disabled: bool,
    pub(in crate::admin) bot: bool,
    /// Restricted to the rooms of the account.
    pub(in crate::admin) guest: bool,
    /// Log-ins need a code besides the password, unless `[auth] second_factor` is `off`.
    pub(in crate::admin) second_factor: bool,
    pub(in crate::admin) created: String,
}

impl From<&model::User> for User {
    fn from(user: &model::User) -> Self {
        Self {
            id: user.id.0,
            name: user.login.clone(),
            display_name: user.name.clone(),
            email: user.email.clone(),
            admin: user.admin,
            disabled: user.disabled,
            bot: user.bot,
            guest: user.guest,
            second_factor: user.second_factor,
            created: user.created.seconds(),
        }
    }
}

/// An account in the list of all: `user.list`.
#[derive(Serialize, ToSchema)]
pub struct ListedUser {
    #[serde(flatten)]
    pub(in crate::admin) user: User,
    /// Time of the last use of a session, accurate to five minutes; null: none is known.
    pub(in crate::admin) last_seen: Option<String>,
}

/// An account with details: `user.show`.
#[derive(Serialize, ToSchema)]
pub struct Account {
    #[serde(flatten)]
    pub(in crate::admin) user: User,
    pub(in crate::admin) birth: Option<String>,
    pub(in crate::admin) rooms: usize,
    pub(in crate::admin) sessions: usize,
    /// Time of the last use of a session, accurate to five minutes; null: none is known.
    pub(in crate::admin) last_seen: Option<String>,
    /// Whether the password digests that `realtime` clients send are stored.
    pub(in crate::admin) digests: bool,
    /// What the user is in other systems, with which they log in.
    pub(in crate::admin) identities: Vec<Identity>,
}

/// What a user is in another system.
#[derive(Serialize, ToSchema)]
pub struct Identity {
    /// `oidc` or `ldap`.
    pub(in crate::admin) source: &'static str,
    /// For `oidc` the issuer and the subject, separated by `#`.
    pub(in crate::admin) subject: String,
}

/// What an account is linked to: `user.link`, `user.unlink`.
#[derive(Serialize, ToSchema)]
pub struct Linked {
    pub(in crate::admin) name: String,
    /// What the user is in other systems now.
    pub(in crate::admin) identities: Vec<Identity>,
}

impl Linked {
    pub(in crate::admin) fn new(name: &str, identities: Vec<model::Identity>) -> Self {
        let identities = identities.into_iter().map(Identity::from).collect();
        Self { name: name.to_owned(), identities }
    }
}

impl From<model::Identity> for Identity {
    fn from(identity: model::Identity) -> Self {
        Self { source: identity.source.as_str(), subject: identity.subject }
    }
}

/// What the deletion of an account removes: `user.delete`, `bot.delete`.
#[derive(Serialize, ToSchema)]
pub struct Leaving {
    pub(in crate::admin) name: String,
    pub(in crate::admin) rooms_left: usize,
    /// Private rooms without other members.
    pub(in crate::admin) rooms_deleted: usize,
    pub(in crate::admin) messages_deleted: i64,
    pub(in crate::admin) sessions_ended: usize,
    /// API tokens and webhooks.
    pub(in crate::admin) tokens_ended: usize,
    /// False for a dry run.
    pub(in crate::admin) done: bool,
}

/// What the erasure of a person removes: `user.erase`.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the keys say what happened")]
pub struct Erased {
    #[serde(flatten)]
    pub(in crate::admin) leaving: Leaving,
    /// Number of the account, by which the audit log names it.
    pub(in crate::admin) id: i64,
    /// Messages whose content is deleted, in all rooms.
    pub(in crate::admin) messages_erased: u64,
    pub(in crate::admin) reactions_erased: u64,
    pub(in crate::admin) files_erased: u64,
    /// Bytes of these files.
    pub(in crate::admin) file_bytes: u64,
    /// Those of the files whose bytes stay: another user has uploaded the same, or another server
    /// keeps files in the same place.
    pub(in crate::admin) files_kept: u64,
}

/// What an export of a person contains: `user.export`.
#[derive(Serialize, ToSchema)]
pub struct Exported {
    pub(in crate::admin) name: String,
    pub(in crate::admin) rooms: u64,
    pub(in crate::admin) messages: u64,
    pub(in crate::admin) reactions: u64,
    pub(in crate::admin) files: u64,
    /// Files whose bytes are missing on the server.
    pub(in crate::admin) files_missing: u64,
}

/// A session: `user.sessions`.
#[derive(Serialize, ToSchema)]
pub struct Session {
    pub(in crate::admin) id: i64,
    pub(in crate::admin) device: String,
    pub(in crate::admin) address: Option<String>,
    pub(in crate::admin) created: String,
    pub(in crate::admin) last_seen: String,
    pub(in crate::admin) expires: String,
    /// Whether the device receives push notifications.
    pub(in crate::admin) push: bool,
}

/// A link with which a user sets a new password: `user.reset_link`.
#[derive(Serialize, ToSchema)]
pub struct ResetLink {
    pub(in crate::admin) name: String,
    /// Address of the link; works once.
    pub(in crate::admin) url: String,
    /// Time at which it ends.
    pub(in crate::admin) expires: Option<String>,
}

/// The number of ended sessions: `user.logout`.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    pub(in crate::admin) name: String,
    pub(in crate::admin) sessions_ended: u32,
}
