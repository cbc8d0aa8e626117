//! How long messages are kept.

use std::time::Duration;

use super::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// Maximum number of days: a hundred years.
pub const MAX_RETENTION_DAYS: u32 = 36_500;

/// What a room says of how long its messages are kept; None: what the server says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomRetention {
    /// Days; 0: for ever.
    pub days: Option<u32>,
    /// Whether pinned messages are kept for longer.
    pub keep_pinned: Option<bool>,
}

/// What is in force in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days; 0: for ever.
    pub days: u32,
    /// Whether pinned messages are kept for longer.
    pub keep_pinned: bool,
}

impl Retention {
    /// Returns what is in force in a room that says this; `self` is what the server says.
    #[must_use]
    pub fn of(self, room: RoomRetention) -> Self {
        Self {
            days: room.days.unwrap_or(self.days),
            keep_pinned: room.keep_pinned.unwrap_or(self.keep_pinned),
        }
    }

    /// Returns the time before which messages have expired; None: they never do.
    pub fn limit(self, now: Timestamp) -> Option<Timestamp> {
        (self.days > 0).then(|| now.minus(DAY * self.days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_overrides_what_the_server_says() {
        let server = Retention { days: 90, keep_pinned: true };
        let of = |days, keep_pinned| server.of(RoomRetention { days, keep_pinned });
        assert_eq!(of(None, None), server);
        assert_eq!(of(Some(7), None), Retention { days: 7, keep_pinned: true });
        assert_eq!(of(Some(0), Some(false)), Retention { days: 0, keep_pinned: false });
    }

    #[test]
    fn zero_days_are_for_ever() {
        let now = Timestamp(100 * 86_400_000);
        let limit = |days| Retention { days, keep_pinned: true }.limit(now);
        assert_eq!(limit(0), None);
        assert_eq!(limit(90), Some(Timestamp(10 * 86_400_000)));
    }
}
