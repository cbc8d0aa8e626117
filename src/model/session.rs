//! Sessions and how a request says whose it is.

use std::net::IpAddr;

use super::{SessionId, Timestamp, UserId};

/// SHA-256 of a secret; what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash32(pub [u8; 32]);

/// A log-in that still holds. Only `chat` makes one, from a credential that it has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public number.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The user's login name.
    pub login: String,
    /// The user's display name.
    pub name: String,
    /// The user may administer the server.
    pub admin: bool,
    /// The user is a guest.
    pub guest: bool,
    /// SHA-256 of the secret that opens it.
    pub token: Hash32,
    /// User-Agent of the log-in, cut to 256 characters.
    pub device: String,
    /// Address of the log-in.
    pub address: Option<IpAddr>,
    /// When it began.
    pub created: Timestamp,
    /// Last seen, within five minutes.
    pub seen: Timestamp,
    /// When it ends unless it is used before; slides.
    pub expires: Timestamp,
}

/// What a request carries to say whose it is.
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

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// None for a Unix socket.
    pub address: Option<IpAddr>,
    /// The address under which its requests and attempts are counted: IPv6 by network, clients of
    /// a proxy that is not declared as one. None: not counted by address.
    pub counted: Option<IpAddr>,
    /// User-Agent.
    pub device: String,
    /// The API that it speaks, for the log.
    pub dialect: Option<&'static str>,
}
