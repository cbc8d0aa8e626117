//! Lines about refused credentials: who, from where, by which API, why. How many of them are
//! written, the log decides.

use tracing::{error, field};

use crate::model::Client;

/// Why a credential was refused; the names are a promise, since filters of others look for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A wrong password.
    Password,
    /// No such account.
    Unknown,
    /// The account is disabled.
    Disabled,
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
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Limited => "limited",
            Self::Session => "session",
            Self::Ticket => "ticket",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Password | Self::Unknown | Self::Disabled => "Authentication failed.",
            Self::Limited => "Authentication failed: too many attempts.",
            Self::Session => "Authentication failed: the session is invalid or has expired.",
            Self::Ticket => {
                "Authentication failed: the room token is invalid, used or has expired."
            }
        }
    }
}

/// Tells the log of a credential that was refused; `login` is whose it seems to be.
pub(super) fn log(client: &Client, login: Option<&str>, reason: Reason) {
    let (ip, dialect) = (client.address.map(field::display), client.dialect);
    error!(target: "chatctl::refused", user = login, ip, dialect, reason = reason.name(), "{}", reason.text());
}
