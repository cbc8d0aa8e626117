//! What a dialect makes of an event: one frame, for whom, and whether the socket ends with it.

use metrics::counter;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::model::{Event, SocketId, UserId};

/// Who of a room's listeners hears a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every listener.
    All,
    /// Every listener but this socket.
    AllBut(SocketId),
    /// Every listener but this user's sockets.
    AllButUser(UserId),
    /// This user's sockets.
    Only(UserId),
}

/// Why a socket ends. Divided into those after which a client comes back and those after which it
/// must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// 1000: the conversation is over (left, removed, room deleted).
    Normal,
    /// 1001: the server stops; come back.
    GoingAway,
    /// 1008: the protocol was broken.
    Policy,
    /// 1009: a frame over the limit.
    TooBig,
    /// 1013: too slow; come back and catch up by `rev`.
    TooSlow,
    /// 4401: the session has ended.
    SessionEnded,
    /// Never sent: the peer missed two pings, or took nothing for as long.
    TimedOut,
    /// Never sent: the connection broke without a close frame.
    Lost,
}

impl CloseReason {
    /// The close code of RFC 6455, section 7.4.
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            // Reserved by the RFC for what is only noted down.
            Self::TimedOut | Self::Lost => 1006,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::TooSlow => 1013,
            Self::SessionEnded => 4401,
        }
    }
}

/// One encoding of an event, shared by all sockets of a dialect.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// Who hears it.
    pub to: Audience,
    /// The text frame; empty: nothing is said.
    pub frame: Utf8Bytes,
    /// Those who heard it are closed after it.
    pub then_close: Option<CloseReason>,
}

impl Encoded {
    /// A frame for every listener.
    pub fn to_all(frame: impl Into<Utf8Bytes>) -> Self {
        Self { to: Audience::All, frame: frame.into(), then_close: None }
    }

    /// No word, only the end.
    pub fn end(reason: CloseReason) -> Self {
        Self::to_all(Utf8Bytes::default()).then_close(reason)
    }

    /// The same for others.
    #[must_use]
    pub fn only_for(mut self, to: Audience) -> Self {
        self.to = to;
        self
    }

    /// The same, and then the end.
    #[must_use]
    pub fn then_close(mut self, reason: CloseReason) -> Self {
        self.then_close = Some(reason);
        self
    }
}

/// How a dialect says events. Sockets with the same name share its encodings.
#[derive(Clone, Copy)]
pub struct Encoder {
    /// Name of the dialect.
    pub name: &'static str,
    /// Its encoder; empty: it has no word for this event.
    pub encode: fn(&Event) -> Vec<Encoded>,
    /// Whether a socket listens to all rooms of its user when it asks to (`chatrooms`), or only to
    /// the one it entered.
    pub personal: bool,
}

impl Encoder {
    /// What it says of an event; counted, since it must not grow with the number of sockets.
    pub(super) fn say(&self, event: &Event) -> Vec<Encoded> {
        let said = (self.encode)(event);
        counter!("chatctl_encodings_total", "dialect" => self.name).increment(said.len() as u64);
        said
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
