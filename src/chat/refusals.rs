//! Log lines about refused credentials: user, address, API and reason. The log decides how many of
//! them are written.

use tracing::{error, field};

use crate::model::Client;

/// Reason for refusing a credential; the names are a promise, since external filters match them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A wrong password.
    Password,
    /// The right password, with a wrong code of the second factor.
    Code,
    /// No such account.
    Unknown,
    /// The account is disabled.
    Disabled,
    /// The answer of another system, such as a provider of OpenID Connect, is not valid.
    Provider,
    /// The directory cannot tell whose password it is, or nobody may log in with its entry.
    Directory,
    /// A password of this server, with which nobody logs in (`[auth] local_login`).
    Local,
    /// Too many failures; the password was not checked.
    Limited,
    /// A session or token that is malformed, expired or ended.
    Session,
    /// A room token that is malformed, expired or used.
    Ticket,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Provider => "provider",
            Self::Directory => "directory",
            Self::Local => "local",
            Self::Limited => "limited",
            Self::Session => "session",
            Self::Ticket => "ticket",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Password
            | Self::Code
            | Self::Unknown
            | Self::Disabled
            | Self::Provider
            | Self::Directory
            | Self::Local => "Authentication failed.",
            Self::Limited => "Authentication failed: too many attempts.",
            Self::Session => "Authentication failed: the session is invalid or has expired.",
            Self::Ticket => {
                "Authentication failed: the room token is invalid, used or has expired."
            }
        }
    }
}

/// Logs a refused credential; `login` is its presumed user.
pub(super) fn log(client: &Client, login: Option<&str>, reason: Reason) {
    let (ip, dialect) = (client.address.map(field::display), client.dialect);
    let (reason, text) = (reason.name(), reason.text());
    error!(target: "chatctl::refused", user = login, ip, dialect, reason, "{text}");
}
