//! Live rooms and their life cycle, listeners and sockets, presence, fan-out; the bus between
//! servers.
//!
//! Contains memory and queues only: no store (chat reads and passes on), no permissions, no formats
//! of dialects.

mod bus;
mod encoded;
mod entry;
mod fanout;
mod hub;
mod outbox;
mod room;
mod socket;

pub use bus::{Bus, BusReply, BusUnavailable, Crossing, LocalBus, Topic};
pub use encoded::{Audience, CloseReason, Encoded, Encoder};
pub use entry::{Begin, First, Loading, Snapshot};
pub use fanout::Effect;
pub use hub::{Hub, Ready};
pub use outbox::Outbox;
pub use socket::Socket;
