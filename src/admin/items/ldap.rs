//! The LDAP directory.

use serde::Serialize;
use utoipa::ToSchema;

/// A step of trying the directory out: `ldap.test`.
#[derive(Serialize, ToSchema)]
pub struct LdapStep {
    /// `configuration`, `connect`, `bind`, `base`, `entry`, `id`, `login name`, `display name`,
    /// `e-mail`, `groups`, `password`, `group`, `administrator`, `room`, `account`.
    pub(in crate::admin) step: String,
    /// Whether it works.
    pub(in crate::admin) ok: bool,
    /// What was found, or what is wrong.
    pub(in crate::admin) found: String,
}

impl LdapStep {
    pub(in crate::admin) fn new(step: &str, ok: bool, found: &str) -> Self {
        Self { step: step.to_owned(), ok, found: found.to_owned() }
    }

    /// Whether it works.
    pub fn is_ok(&self) -> bool {
        self.ok
    }
}

/// An account that was changed, or whose sessions have ended: `ldap.sync`.
#[derive(Serialize, ToSchema)]
pub struct LdapSynced {
    /// Login name.
    pub(in crate::admin) name: String,
    /// Whether the directory has its entry. Then its profile or role has changed.
    pub(in crate::admin) entry: bool,
    /// Number of sessions and API tokens that ended, since it has none.
    pub(in crate::admin) sessions_ended: u32,
}
