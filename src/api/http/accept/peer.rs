//! The other end of a connection, as far as it tells who asks.

use std::net::IpAddr;

/// The other end of a connection.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Peer {
    /// None for a Unix socket.
    pub(in crate::api) address: Option<IpAddr>,
    /// TLS ended here.
    pub(in crate::api) secure: bool,
}
