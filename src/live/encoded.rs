//! A dialect's encoding of an event: one frame, its audience, and whether it closes the socket.

use metrics::counter;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Frames;
use crate::model::{Event, SocketId, UserId};

/// Listeners of a room that receive a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every listener.
    All,
    /// Every listener except this socket.
    AllBut(SocketId),
    /// Every listener except this user's sockets.
    AllButUser(UserId),
    /// Only this user's sockets.
    Only(UserId),
}

/// Reason for the end of a socket. The code tells clients whether to reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// 1000: the conversation is over (left, removed, room deleted).
    Normal,
    /// 1001: the server is stopping; reconnect.
    GoingAway,
    /// 1008: protocol violation.
    Policy,
    /// 1009: frame over the limit.
    TooBig,
    /// 1013: too slow; reconnect and catch up by `rev`.
    TooSlow,
    /// 4401: the session has ended.
    SessionEnded,
    /// Never sent: the peer missed two pings, or did not read for as long.
    TimedOut,
    /// Never sent: the connection was lost without a close frame.
    Lost,
}

impl CloseReason {
    /// Returns the close code of RFC 6455, section 7.4.
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            // Reserved by the RFC for local use.
            Self::TimedOut | Self::Lost => 1006,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::TooSlow => 1013,
            Self::SessionEnded => 4401,
        }
    }

    /// Returns whether frames that wait need not be written before the close.
    pub(super) fn is_at_once(self) -> bool {
        matches!(self, Self::TooSlow | Self::SessionEnded)
    }
}

/// An encoding of an event, shared by all sockets of a dialect.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// Its audience.
    pub to: Audience,
    /// The text frame; empty: nothing is sent.
    pub frame: Utf8Bytes,
    /// Closes the sockets of the audience afterwards, for this reason.
    pub then_close: Option<CloseReason>,
}

impl Encoded {
    /// A frame for every listener.
    pub fn to_all(frame: impl Into<Utf8Bytes>) -> Self {
        Self { to: Audience::All, frame: frame.into(), then_close: None }
    }

    /// No frame, only the close.
    pub fn end(reason: CloseReason) -> Self {
        Self::to_all(Utf8Bytes::default()).then_close(reason)
    }

    /// The frame as it is written; none if it is empty.
    pub(super) fn frames(&self) -> Frames {
        if self.frame.is_empty() { Frames::default() } else { Frames::text(&self.frame) }
    }

    /// Changes the audience.
    #[must_use]
    pub fn only_for(mut self, to: Audience) -> Self {
        self.to = to;
        self
    }

    /// Closes the sockets after the frame.
    #[must_use]
    pub fn then_close(mut self, reason: CloseReason) -> Self {
        self.then_close = Some(reason);
        self
    }
}

/// Encoder of a dialect. Sockets with the same name share its encodings.
#[derive(Clone, Copy)]
pub struct Encoder {
    /// Name of the dialect.
    pub name: &'static str,
    /// Encodes an event; empty: the dialect has no frame for it.
    pub encode: fn(&Event) -> Vec<Encoded>,
    /// Whether a socket may listen to all rooms of its user (`chatrooms`), or only to the one it
    /// entered.
    pub personal: bool,
}

impl Encoder {
    /// Encodes an event; counted, since it must not grow with the number of sockets.
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
