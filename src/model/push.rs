//! Subscriptions of devices to Web Push, and what is sent to them.

use super::{MessageId, RoomId, SessionId, Timestamp, UserId};

/// Maximum number of devices of one user that are subscribed; the one that subscribed first gives
/// way to one more.
pub const MAX_SUBSCRIPTIONS: usize = 20;
/// Maximum length of the address of a subscription in bytes.
pub const MAX_ENDPOINT: usize = 2_000;
/// Bytes of the public key of a browser: a point of P-256, uncompressed.
pub const PUSH_KEY_BYTES: usize = 65;
/// Bytes of the secret that a browser shares with the server.
pub const PUSH_SECRET_BYTES: usize = 16;

/// Where and how a device receives messages while no page is open: what its browser has given, and
/// what its user has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSubscription {
    /// Address of the push service. A secret: whoever knows it can send to the device.
    pub endpoint: String,
    /// Public key of the browser, [`PUSH_KEY_BYTES`].
    pub key: Vec<u8>,
    /// Secret of the browser, [`PUSH_SECRET_BYTES`].
    pub secret: Vec<u8>,
    /// Every message that the user's levels name, not only those that are meant for the user.
    pub all: bool,
    /// The text of messages is sent, not only that there is one.
    pub text: bool,
}

/// The subscription of a log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSubscription {
    /// The log-in. The subscription ends with it.
    pub session: SessionId,
    /// Its user.
    pub user: UserId,
    /// What the device has given.
    pub given: NewSubscription,
    /// Time of the latest change.
    pub at: Timestamp,
}

/// What a device shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The message.
    pub message: MessageId,
    /// Name of the room; None: a conversation of two.
    pub room_name: Option<String>,
    /// The author, as shown in the room.
    pub sender: String,
    /// The beginning of the text; None: the text is not sent.
    pub text: Option<String>,
    /// Unread messages of the user in all rooms.
    pub unread: u32,
}

impl Notice {
    /// Returns the room of the message.
    pub fn room(&self) -> RoomId {
        self.message.room
    }
}
