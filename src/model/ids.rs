//! Identifiers: positive integers that ascend, may have gaps and are never reused.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A user. Shown as a plain number by dialects that show ids.
    UserId
);
id!(
    /// A room; its textual key is `room` and the number, padded to three digits ([`RoomId::key`]).
    RoomId
);
id!(
    /// The public id of a session; never the secret that opens it.
    SessionId
);
id!(
    /// An uploaded file.
    MediaId
);
id!(
    /// An invitation; never the secret in its link.
    InvitationId
);
id!(
    /// The position of a message in its room: 1, 2, 3 … without gaps.
    Seq
);
id!(
    /// Counts the changes of a room; 0 is before the first.
    Rev
);

id!(
    /// A webhook that sends events to an address.
    WebhookId
);

id!(
    /// A slash command.
    SlashCommandId
);

/// One open WebSocket of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

impl Seq {
    /// Returns the next position.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Rev {
    /// Returns the next rev.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl RoomId {
    /// Replaces an unreadable room key. Requests for it are answered like those for a room that
    /// does not exist, where each dialect checks that.
    pub const UNKNOWN: Self = Self(0);

    /// Returns `room001`, `room1234`: the key used by the dialects `chatrooms` and `rooms`.
    pub fn key(self) -> String {
        format!("room{:03}", self.0)
    }

    /// Parses `room001`, `room1` and `1`; anything else is not a room.
    pub fn parse(text: &str) -> Option<Self> {
        natural(text.strip_prefix("room").unwrap_or(text)).map(Self)
    }
}

/// A message's number, unique on the server: room × 10⁹ + seq, so that no lookup table is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The room of the message.
    pub room: RoomId,
    /// The position in the room.
    pub seq: Seq,
}

const SEQS_PER_ROOM: i64 = 1_000_000_000;

/// Maximum id that an import may keep. It leaves enough ids for a long life of the instance, and
/// the number of every message in a room with such an id fits.
pub const MAX_KEPT_ID: i64 = 1 << 32;

impl MessageId {
    /// Returns the key, such as `msg7000000012`.
    pub fn key(self) -> String {
        format!("msg{}", self.room.0 * SEQS_PER_ROOM + self.seq.0)
    }

    /// Parses a key such as `msg7000000012`; anything else is not a message.
    pub fn parse(text: &str) -> Option<Self> {
        let number = natural(text.strip_prefix("msg")?)?;
        let (room, seq) = (number / SEQS_PER_ROOM, number % SEQS_PER_ROOM);
        (room > 0 && seq > 0).then_some(Self { room: RoomId(room), seq: Seq(seq) })
    }
}

/// Parses a natural number of ASCII digits in range; no sign, no white space.
pub(super) fn natural(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_keys_are_read_padded_short_and_bare() {
        for text in ["room001", "room1", "1", "001"] {
            assert_eq!(RoomId::parse(text), Some(RoomId(1)), "{text}");
        }
        for text in [
            "",
            "room",
            "room0",
            "-1",
            "+1",
            "Room1",
            "room1 ",
            "roomroom1",
            "99999999999999999999",
        ] {
            assert_eq!(RoomId::parse(text), None, "{text}");
        }
        assert_eq!(RoomId(1234).key(), "room1234");
    }

    #[test]
    fn message_keys_turn_back_into_room_and_seq() {
        let id = MessageId { room: RoomId(7), seq: Seq(12) };
        assert_eq!(id.key(), "msg7000000012");
        assert_eq!(MessageId::parse("msg7000000012"), Some(id));
        for text in ["msg12", "msg", "7000000012", "msg7000000000", "msg-7000000012"] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
    }
}
