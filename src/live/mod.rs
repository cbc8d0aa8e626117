//! Live rooms: sockets, presence, fan-out. Knows no store and no permission; chat hands it what it needs.

mod encoded;
mod outbox;

pub use encoded::{Audience, CloseReason, Encoded, Voice};
pub use outbox::Outbox;
