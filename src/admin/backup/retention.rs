//! Decides which backups are kept.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config;
use crate::model::Timestamp;

/// Numbers of backups to keep. A backup is kept if any rule keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// The newest backups.
    pub newest: u64,
    /// Days, of each of which the newest backup is kept.
    pub daily: u64,
    /// The same of weeks, which begin on Monday.
    pub weekly: u64,
    /// The same of months.
    pub monthly: u64,
}

impl Retention {
    /// Returns the configured rules; None if all backups are kept.
    pub fn of(config: &config::Backup) -> Option<Self> {
        Self::from_counts(config.keep, config.keep_daily, config.keep_weekly, config.keep_monthly)
    }

    /// Returns these rules; None if there are none.
    pub fn from_counts(
        newest: Option<u64>,
        daily: Option<u64>,
        weekly: Option<u64>,
        monthly: Option<u64>,
    ) -> Option<Self> {
        let given = [newest, daily, weekly, monthly];
        let [newest, daily, weekly, monthly] = given.map(Option::unwrap_or_default);
        given.iter().any(Option::is_some).then_some(Self { newest, daily, weekly, monthly })
    }

    /// Returns for each backup, of which these are the times from the newest to the oldest, whether
    /// it is kept. The newest always is. One whose time is unknown only counts for `newest`.
    pub(super) fn kept(&self, times: &[Option<Timestamp>]) -> Vec<bool> {
        let periods: Vec<_> = times.iter().map(|at| at.map(periods)).collect();
        let mut kept: Vec<bool> = (0..times.len() as u64).map(|n| n < self.newest.max(1)).collect();
        for (rule, most) in [self.daily, self.weekly, self.monthly].into_iter().enumerate() {
            let mut seen = BTreeSet::new();
            for (kept, own) in kept.iter_mut().zip(&periods) {
                let Some(own) = own else { continue };
                if (seen.len() as u64) < most && seen.insert(own[rule]) {
                    *kept = true;
                }
            }
        }
        kept
    }
}

/// Returns the day, week and month of a time in UTC, each with its year.
fn periods(at: Timestamp) -> [(i32, u16); 3] {
    let date = at.day();
    let (year_of_week, week, _) = date.to_iso_week_date();
    [
        (date.year(), date.ordinal()),
        (year_of_week, week.into()),
        (date.year(), u8::from(date.month()).into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::backup::moment;

    /// Returns the kept ones of these times, which are from the oldest to the newest.
    fn left(rules: [u64; 4], times: &[&str]) -> Vec<String> {
        let [newest, daily, weekly, monthly] = rules;
        let rules = Retention { newest, daily, weekly, monthly };
        let newest_first: Vec<_> = times.iter().rev().map(|text| moment(text)).collect();
        let kept = rules.kept(&newest_first);
        let pairs = times.iter().rev().zip(kept).filter(|(_, kept)| *kept);
        let mut left: Vec<_> = pairs.map(|(text, _)| (*text).to_owned()).collect();
        left.reverse();
        left
    }

    #[test]
    fn each_rule_keeps_the_newest_of_its_periods() {
        let times = [
            "2025-10-31T12:00:00Z",
            "2025-11-30T12:00:00Z", // Sunday
            "2025-12-28T23:59:59Z", // Sunday, the end of week 52
            "2025-12-29T00:00:00Z", // Monday, week 1 of 2026
            "2025-12-31T12:00:00Z",
            "2026-01-01T06:00:00Z",
            "2026-01-01T18:00:00Z",
            "2026-01-05T12:00:00Z", // Monday, week 2
        ];
        let table: [([u64; 4], &[usize]); 11] = [
            ([1, 0, 0, 0], &[7]),
            ([3, 0, 0, 0], &[5, 6, 7]),
            ([100, 0, 0, 0], &[0, 1, 2, 3, 4, 5, 6, 7]),
            ([0, 1, 0, 0], &[7]),
            ([0, 3, 0, 0], &[4, 6, 7]),
            ([0, 0, 2, 0], &[6, 7]),
            ([0, 0, 3, 0], &[2, 6, 7]),
            ([0, 0, 0, 2], &[4, 7]),
            ([0, 0, 0, 4], &[0, 1, 4, 7]),
            ([2, 2, 3, 3], &[1, 2, 4, 6, 7]),
            // The newest is kept whatever the rules are.
            ([0, 0, 0, 0], &[7]),
        ];
        for (rules, wanted) in table {
            let wanted: Vec<_> = wanted.iter().map(|n| times[*n].to_owned()).collect();
            assert_eq!(left(rules, &times), wanted, "{rules:?}");
        }
        assert_eq!(left([1, 1, 1, 1], &[]), Vec::<String>::new());
    }

    #[test]
    fn a_backup_without_a_time_counts_only_as_one_of_the_newest() {
        let rules = Retention { newest: 2, daily: 9, weekly: 0, monthly: 0 };
        let at = moment("2026-01-01T06:00:00Z");
        assert_eq!(rules.kept(&[at, None, at, None]), [true, true, false, false]);
    }

    #[test]
    fn without_a_rule_everything_is_kept() {
        assert_eq!(Retention::of(&config::Backup::default()), None);
        let weekly = config::Backup { keep_weekly: Some(4), ..config::Backup::default() };
        assert_eq!(Retention::of(&weekly), Some(Retention { weekly: 4, ..Retention::default() }));
    }
}
