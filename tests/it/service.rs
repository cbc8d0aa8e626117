//! The server as a system service: notifications of the service manager, and sockets that it passes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod notify;
