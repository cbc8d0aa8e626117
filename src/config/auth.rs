//! `[auth]`: registration, passwords, sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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
