//! What an engine on one machine keeps in memory, because a restart may lose it: one-time tickets
//! and counted attempts.

mod attempts;
mod tickets;

pub(super) use attempts::Attempts;
pub(super) use tickets::Tickets;
