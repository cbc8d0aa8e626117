//! Live rooms and their life cycle, listeners and sockets, presence, fan-out; the bus between
//! servers.
//!
//! Contains memory and queues only: no store (chat reads and passes on), no permissions, no formats
//! of dialects. It writes to connections without waiting, and never reads them.

mod available;
mod backlog;
mod bus;
mod devices;
mod encoded;
mod entry;
mod fanout;
mod frames;
mod gathered;
mod hub;
mod live_room;
mod missing;
mod outbox;
mod presence;
mod room;
mod socket;

pub use bus::{
    Asked, Bus, BusReply, BusUnavailable, Elsewhere, Hearing, InvalidAddress, LocalBus, RedisBus,
    RedisOptions, Topic, forward, redis_client,
};
pub use encoded::{Audience, CloseReason, Encoded, Encoder};
pub use entry::{Begin, First, Loading, Snapshot};
pub use fanout::{Effect, Unwritten};
pub use frames::Frames;
pub use hub::{Hub, Ready};
pub use outbox::{Due, Outbox, TryWrite};
pub use socket::Socket;
