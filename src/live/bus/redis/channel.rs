//! Channels of Redis.

use crate::live::bus::Topic;
use crate::model::{RoomId, UserId};

/// Where a message is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Room(RoomId),
    User(UserId),
    Server(u64),
    All,
}

impl Channel {
    pub(super) fn name(self, prefix: &str) -> String {
        match self {
            Self::Room(room) => format!("{prefix}r:{room}"),
            Self::User(user) => format!("{prefix}u:{user}"),
            Self::Server(server) => format!("{prefix}s:{server:x}"),
            Self::All => format!("{prefix}all"),
        }
    }

    /// Parses the channel of a room.
    pub(super) fn room(name: &[u8], prefix: &str) -> Option<RoomId> {
        let name = std::str::from_utf8(name).ok()?;
        name.strip_prefix(prefix)?.strip_prefix("r:")?.parse().ok().map(RoomId)
    }

    /// Returns whether its events have no rev, so that they are kept to be repeated.
    pub(super) fn is_remembered(self) -> bool {
        matches!(self, Self::User(_) | Self::All)
    }
}

impl From<Topic> for Channel {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Room(room) => Self::Room(room),
            Topic::User(user) => Self::User(user),
        }
    }
}
