//! Rules of the chat as pure functions of facts: no I/O and no clock.

mod addresses;
mod fold;

pub use addresses::{Network, counted, forwarded_client, is_local, is_loopback_host, openable};
pub use fold::Fold;
