//! The clock: against what it has said before, and against one that nobody sets.

use std::fs;
use std::time::{Duration, SystemTime};

use super::report::Report;
use super::{Installation, Server};
use crate::model::Timestamp;
use crate::store::engine::upkeep::checkup::{newest_message, rooms_ahead};

/// Two clocks are never quite the same.
const TOLERANCE: Duration = Duration::from_mins(1);
/// A clock that says less was never set: 2025-01-01.
const EARLIEST: Timestamp = Timestamp(1_735_689_600_000);

/// The beginning of a server, by the clock on the wall and by one that only goes on, also while the
/// machine sleeps.
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

    /// How long ago it was, by the clock on the wall.
    pub(super) fn elapsed(self) -> Duration {
        Duration::from_millis((Timestamp::now().0 - self.wall.0).max(0).unsigned_abs())
    }

    /// By how much the clock was set since then, forth or back.
    fn set_by(self, now: Self) -> Option<i64> {
        let passed = now.since_boot?.checked_sub(self.since_boot?)?;
        Some(now.wall.0 - self.wall.plus(passed).0)
    }
}

fn since_boot() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()
}

const ADVICE: &str = "Let the machine keep its time with NTP (timedatectl status).";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let now = Timestamp::now();
    if now < EARLIEST {
        return report.fail(
            format!("the clock says {}", now.seconds()),
            format!("It was never set. {ADVICE}"),
        );
    }
    if let Server::Here(live) = &ground.server
        && let Some(by) = live.start.set_by(Start::now())
        && by.unsigned_abs() > TOLERANCE.as_millis().try_into().unwrap_or(u64::MAX)
    {
        let way = if by > 0 { "forth" } else { "back" };
        report.warn(
            format!(
                "the clock was set {way} by {} s since the server started",
                by.unsigned_abs() / 1000
            ),
            ADVICE,
        );
    }
    // A database that cannot be read is told by its own check.
    let message = newest_message(&ground.database(), ground.is_live()).ok().flatten();
    for (what, at) in [("message", message), ("file", newest_file(ground))] {
        if let Some(at) = at
            && at > now.plus(TOLERANCE)
        {
            report.warn(
                format!(
                    "the newest {what} is of {}, and the clock says {}",
                    at.seconds(),
                    now.seconds()
                ),
                format!("One of them was or is wrong. {ADVICE}"),
            );
        }
    }
    if let Ok((rooms, Some(latest))) =
        rooms_ahead(&ground.database(), ground.is_live(), now.plus(TOLERANCE))
    {
        report.warn(
            format!(
                "{rooms} rooms have a message later than the clock, the latest of {}",
                latest.seconds()
            ),
            "Times never go back within a room: new messages there carry the time of the latest \
             one until the clock has passed it. Their order is right.",
        );
    }
    if report.is_empty() {
        report.ok(format!("it says {}, and nothing is later", now.seconds()));
    }
}

/// When the newest file of the data directory was written.
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
    fn a_clock_that_was_set_is_told_from_time_that_passed() {
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
