//! The remote end of a connection, as far as it identifies the client.

use std::net::IpAddr;

/// The remote end of a connection.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Peer {
    /// Its address; None for a Unix socket.
    pub(in crate::api) address: Option<IpAddr>,
    /// Whether the connection uses TLS.
    pub(in crate::api) secure: bool,
}
