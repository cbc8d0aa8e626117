//! Sessions, credentials and clients.

use std::net::IpAddr;

use super::{RoomId, SessionId, Timestamp, UserId};

/// SHA-256 of a secret; only the hash is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash32(pub [u8; 32]);

/// What an API token, a webhook or a link for a new password is and may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name: 1–64 characters.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// It ends at its expiry, used or not; otherwise, every use extends it.
    pub fixed: bool,
}

/// What a session with a [`Grant`] may do, at most: never more than its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Read.
    Read,
    /// Read and write.
    Write,
    /// Read, write and, for a server administrator, administer the server.
    Admin,
    /// Post to this room through the address of a webhook; nothing else.
    Hook(RoomId),
    /// Set a new password through a link, once; nothing else.
    Reset,
}

impl Scope {
    /// Returns the name used in the APIs and at the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Hook(_) => "webhook",
            Self::Reset => "reset",
        }
    }

    /// Returns the room of a webhook.
    pub fn room(self) -> Option<RoomId> {
        if let Self::Hook(room) = self { Some(room) } else { None }
    }

    /// Parses the name of a scope that a token can be given.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|scope| scope.as_str() == text)
    }
}

/// An open session. Only `chat` creates it, from a credential that it has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Public id of the session.
    pub id: SessionId,
    /// User of the session.
    pub user: UserId,
    /// The user's login name.
    pub login: String,
    /// The user's display name.
    pub name: String,
    /// The user may administer the server, and so may this session.
    pub admin: bool,
    /// The user is a guest.
    pub guest: bool,
    /// SHA-256 of its secret.
    pub token: Hash32,
    /// User-Agent of the log-in, truncated to 256 characters.
    pub device: String,
    /// Address of the log-in.
    pub address: Option<IpAddr>,
    /// Address of the client that uses it now, if known.
    pub peer: Option<IpAddr>,
    /// Time of the log-in.
    pub created: Timestamp,
    /// Time of the last request, accurate to five minutes.
    pub seen: Timestamp,
    /// Expiry if it is not used before; every use extends it, unless its grant is fixed.
    pub expires: Timestamp,
    /// What it may do, if it is an API token, a webhook or a link; None: its user logged in.
    pub grant: Option<Grant>,
    /// It was opened with a password, and its user is a person who has no second factor in force.
    pub unproven: bool,
}

/// Credential of a request.
#[derive(Clone)]
pub enum Credential {
    /// A JSON web token.
    Token(String),
    /// An opaque session id: 40 hexadecimal digits.
    Opaque(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::Opaque(_) => "Opaque(…)",
        })
    }
}

/// The client of a connection.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Address; None for a Unix socket.
    pub address: Option<IpAddr>,
    /// The address under which its requests and attempts are counted: IPv6 by network, all clients
    /// of an undeclared proxy as one. None: not counted by address.
    pub counted: Option<IpAddr>,
    /// User-Agent.
    pub device: String,
    /// Accept-Language.
    pub languages: String,
    /// The API it uses, for the log.
    pub dialect: Option<&'static str>,
}
