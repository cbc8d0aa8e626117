//! State that an engine on one machine keeps in memory, because it may be lost in a restart:
//! one-time tickets and counted attempts.

mod attempts;
mod tickets;

pub(super) use attempts::Attempts;
pub(super) use tickets::Tickets;
