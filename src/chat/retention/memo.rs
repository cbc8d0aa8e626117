//! What the servers remember of the removal of expired messages.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Jump, millis};
use crate::model::Timestamp;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionMemo {
    /// When a server last looked at its clock and believed it.
    #[serde(with = "millis::option")]
    pub looked: Option<Timestamp>,
    /// Why nothing is removed.
    pub held: Option<Jump>,
    /// The last run.
    pub run: Option<RetentionRun>,
}

/// A run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRun {
    /// When it began.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// When it ended; None: it has not, or was interrupted.
    #[serde(with = "millis::option")]
    pub ended: Option<Timestamp>,
    /// Removed messages.
    pub messages: u64,
    /// Files that were moved to the trash.
    pub files: u64,
    /// It went on with one that was interrupted: the numbers are those since then.
    #[serde(default)]
    pub resumed: bool,
}

impl RetentionMemo {
    /// Reads it; nothing, if it is anything else.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Returns it as a text.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns whether the next run is due: one that was interrupted goes on.
    pub(super) fn is_due(&self, now: Timestamp, every: Duration) -> bool {
        self.run.is_none_or(|run| run.ended.is_none() || now >= run.at.plus(every))
    }

    /// Notes that a run begins, or goes on after an interruption.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let resumed = self.run.is_some_and(|run| run.ended.is_none());
        self.run = Some(RetentionRun { at: now, ended: None, messages: 0, files: 0, resumed });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_due_after_a_day_or_an_interruption() {
        let (now, day) = (Timestamp::now(), Duration::from_hours(24));
        let mut memo = RetentionMemo::default();
        assert!(memo.is_due(now, day));
        memo.begin(now);
        assert!(memo.is_due(now, day));
        assert!(memo.run.is_some_and(|run| !run.resumed));
        memo.begin(now);
        assert!(memo.run.is_some_and(|run| run.resumed), "the first one was interrupted");
        memo.run = memo.run.map(|run| RetentionRun { ended: Some(now), ..run });
        assert!(!memo.is_due(now.plus(day / 2), day));
        assert!(memo.is_due(now.plus(day), day));
        assert_eq!(RetentionMemo::parse(&memo.text()), memo);
        assert_eq!(RetentionMemo::parse("rust"), RetentionMemo::default());
    }
}
