//! WebSocket `/chat`: decoding of frames, replies and events.

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

/// State of a socket.
pub struct State {
    /// Login name of its user, used in replies.
    pub login: String,
}

/// Serializes a frame. Frames are plain structs, whose serialization cannot fail.
fn text(frame: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}
