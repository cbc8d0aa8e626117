//! The service manager (systemd): notifications about the state of the server, the watchdog, and
//! sockets that it passes.
//!
//! A leaf module: it knows the protocols and nothing of the server. Without a service manager it
//! does nothing.

pub mod notify;
pub mod sockets;
pub mod watchdog;
