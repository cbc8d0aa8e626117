//! One log line per minute: repetitions are counted and reported with the next line.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_mins(1);

/// Reports the first occurrence and then at most one per minute.
#[derive(Debug, Default)]
pub struct Fold {
    told: Option<Instant>,
    left_out: u64,
}

impl Fold {
    /// Starts without occurrences.
    pub const fn new() -> Self {
        Self { told: None, left_out: 0 }
    }

    /// Counts an occurrence. Some: report it, with the number of occurrences since the last report.
    pub fn happened(&mut self, now: Instant) -> Option<u64> {
        if self.told.is_some_and(|told| now.duration_since(told) < MINUTE) {
            self.left_out += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_a_minute_with_what_was_left_out() {
        let (mut fold, begin) = (Fold::new(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(fold.happened(at(0)), Some(0));
        for second in 1..60 {
            assert_eq!(fold.happened(at(second)), None);
        }
        assert_eq!(fold.happened(at(60)), Some(59));
        assert_eq!(fold.happened(at(61)), None);
        assert_eq!(fold.happened(at(500)), Some(1));
    }
}
