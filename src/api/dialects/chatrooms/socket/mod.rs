//! WebSocket `/chat`: what its frames ask, and what is said back.

mod decode;
mod encode;
mod reply;
#[cfg(test)]
mod tests;

pub(super) use decode::decode;
pub(super) use encode::encode;
pub(super) use reply::{greet, reply};

use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// What is remembered of a socket.
pub struct State {
    /// Login name of its user: answers name them.
    pub login: String,
}

/// A frame as text. Frames are plain structs, whose serialisation cannot fail.
fn text(frame: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}
