//! Sessions, credentials and clients.

use std::net::IpAddr;

use super::{SessionId, Timestamp, UserId};

/// SHA-256 of a secret; only the hash is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash32(pub [u8; 32]);

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
    /// The user may administer the server.
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
    /// Expiry if it is not used before; every use extends it.
    pub expires: Timestamp,
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
    /// The API it uses, for the log.
    pub dialect: Option<&'static str>,
}
