//! Whether the clock of the machine may be believed.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::millis;
use crate::model::Timestamp;

/// How far ahead of the last look the clock may be: for longer, no server usually stands still.
const AHEAD: Duration = Duration::from_hours(7 * 24);
/// How far behind the last look the clock may be.
const BEHIND: Duration = Duration::from_hours(24);

/// A jump of the clock. Servers look at it every hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jump {
    #[serde(with = "millis")]
    from: Timestamp,
    #[serde(with = "millis")]
    to: Timestamp,
}

impl Jump {
    /// What to do.
    pub const REMEDY: &'static str = "If the clock of this machine is right, confirm that with: \
                                      chatctl retention run";

    /// Returns the jump from the last look to this time, if it is one.
    pub fn between(looked: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let from = looked?;
        (now > from.plus(AHEAD) || now < from.minus(BEHIND)).then_some(Self { from, to: now })
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        let way = if to > from { "forward" } else { "back" };
        write!(
            f,
            "the clock has moved {way} from {} to {}, or no server was running in between",
            from.seconds(),
            to.seconds()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_go_on_and_stand_still_but_not_jump() {
        let now = Timestamp::now();
        let hours = |hours| Duration::from_hours(hours);
        assert_eq!(Jump::between(None, now), None);
        for fine in [now, now.minus(hours(7 * 24)), now.plus(hours(24))] {
            assert_eq!(Jump::between(Some(fine), now), None);
        }
        for jump in [now.minus(hours(7 * 24 + 1)), now.plus(hours(25))] {
            assert!(Jump::between(Some(jump), now).is_some());
        }
    }
}
