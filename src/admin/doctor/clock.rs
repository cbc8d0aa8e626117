//! Check `clock`: compares the clock with stored times and with the monotonic clock.

use std::fs;
use std::time::{Duration, SystemTime};

use super::report::{Report, count};
use super::{Installation, Server};
use crate::chat::{Jump, RetentionMemo};
use crate::model::Timestamp;
use crate::store::engine::upkeep::checkup::{newest_message, retention_memo, rooms_ahead};

/// Allowed deviation between clocks.
const TOLERANCE: Duration = Duration::from_mins(1);
/// A clock before this time was never set: 2025-01-01.
const EARLIEST: Timestamp = Timestamp(1_735_689_600_000);

/// The start of a server, by the wall clock and by a monotonic clock that includes suspend.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    wall: Timestamp,
    since_boot: Option<Duration>,
}

impl Start {
    /// Now.
    pub fn now() -> Self {
        Self { wall: Timestamp::now(), since_boot: since_boot() }
    }

    /// Time since then, by the wall clock.
    pub(super) fn elapsed(self) -> Duration {
        Duration::from_millis((Timestamp::now().0 - self.wall.0).max(0).unsigned_abs())
    }

    /// Milliseconds by which the wall clock was changed since then.
    fn set_by(self, now: Self) -> Option<i64> {
        let passed = now.since_boot?.checked_sub(self.since_boot?)?;
        Some(now.wall.0 - self.wall.plus(passed).0)
    }
}

fn since_boot() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()
}

const ADVICE: &str = "Synchronize the clock with NTP (timedatectl status).";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let now = Timestamp::now();
    if now < EARLIEST {
        return report.fail(
            format!("the clock shows {}", now.seconds()),
            format!("It was never set. {ADVICE}"),
        );
    }
    if let Server::Here(live) = &ground.server
        && let Some(by) = live.start.set_by(Start::now())
        && by.unsigned_abs() > TOLERANCE.as_millis().try_into().unwrap_or(u64::MAX)
    {
        let way = if by > 0 { "forward" } else { "back" };
        report.warn(
            format!(
                "the clock was set {way} by {} s since the start of the server",
                by.unsigned_abs() / 1000
            ),
            ADVICE,
        );
    }
    // The check `database` reports an unreadable database.
    let message = newest_message(&ground.database(), ground.is_live()).ok().flatten();
    for (what, at) in [("message", message), ("file", newest_file(ground))] {
        if let Some(at) = at
            && at > now.plus(TOLERANCE)
        {
            report.warn(
                format!(
                    "the time of the newest {what} is {}, but the clock shows {}",
                    at.seconds(),
                    now.seconds()
                ),
                format!("The clock is or was wrong. {ADVICE}"),
            );
        }
    }
    if let Ok((rooms, Some(latest))) =
        rooms_ahead(&ground.database(), ground.is_live(), now.plus(TOLERANCE))
    {
        report.warn(
            format!(
                "the newest message of {} is later than the clock; the latest is of {}",
                count(rooms, "room"),
                latest.seconds()
            ),
            "Times never go back within a room: new messages get the time of the latest one until \
             the clock has passed it. Their order is correct.",
        );
    }
    let memo = retention_memo(&ground.database(), ground.is_live()).ok().flatten();
    if let Some(jump) = memo.and_then(|memo| RetentionMemo::parse(&memo).held) {
        report.warn(format!("expired messages are not deleted: {jump}"), Jump::REMEDY);
    }
    if report.is_empty() {
        report.ok(format!("the clock shows {}, and no stored time is later", now.seconds()));
    }
}

/// Modification time of the newest file in the data directory.
fn newest_file(ground: &Installation) -> Option<Timestamp> {
    let entries = fs::read_dir(ground.data()).ok()?.flatten();
    entries
        .filter_map(|entry| entry.metadata().ok()?.modified().ok())
        .max()
        .map(|at: SystemTime| Timestamp::from(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_change_is_distinguished_from_elapsed_time() {
        let at = |wall, boot| Start {
            wall: Timestamp(wall),
            since_boot: Some(Duration::from_millis(boot)),
        };
        assert_eq!(at(1_000_000, 500).set_by(at(1_060_000, 60_500)), Some(0));
        assert_eq!(at(1_000_000, 500).set_by(at(940_000, 60_500)), Some(-120_000));
        assert_eq!(at(1_000_000, 500).set_by(at(4_000_000, 600)), Some(2_999_900));
        assert_eq!(at(1_000_000, 500).set_by(Start { wall: Timestamp(0), since_boot: None }), None);
    }
}
