//! The server as a system service: notifications of the service manager, sockets that it passes,
//! administration by a group, and changes of its configuration.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod group;
mod mistakes;
mod notify;
pub(crate) mod reload;
