//! Decides which errors become alerts: grouped by what failed, limited per hour, with a note when
//! it is over. Pure: times come from the caller.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::notice::{LOGINS, Notice};
use crate::config;
use crate::model::Timestamp;

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// Maximum number of failures followed at once; further ones are one group.
const MAX_GROUPS: usize = 200;
/// Name of the group of failures beyond `MAX_GROUPS`.
const OTHERS: &str = "Many different errors occur";

/// An ERROR of the log.
#[derive(Clone, Debug)]
pub(in crate::logging) struct Seen {
    /// Message without its variable parts.
    pub(in crate::logging) what: String,
    /// The whole text.
    pub(in crate::logging) text: String,
    /// Whether it reports a refused credential.
    pub(in crate::logging) refused: bool,
    /// When.
    pub(in crate::logging) at: Timestamp,
}

/// The failures of the present and recent past.
pub(super) struct Board {
    limits: config::Alerts,
    groups: HashMap<String, Group>,
    /// When the alerts of the last hour were sent.
    sent: VecDeque<Instant>,
    /// Alerts not sent since the last one that was.
    held_back: u64,
    /// The current minute of refused credentials.
    refusals: Option<Refusals>,
}

/// A minute of refused credentials.
#[derive(Clone, Copy)]
struct Refusals {
    begin: Instant,
    /// Time of the first one.
    since: Timestamp,
    count: u32,
}

/// One kind of failure, from its first occurrence until none occurred for a while.
struct Group {
    since: Timestamp,
    /// Time of the last occurrence.
    until: Timestamp,
    /// The last occurrence, of refused credentials the last one of too many.
    last: Instant,
    /// The last occurrence.
    latest: Instant,
    times: u64,
    /// When it was last alerted, and how many times it had occurred; None: it was held back.
    told: Option<(Instant, u64)>,
}

impl Board {
    pub(super) fn new(limits: config::Alerts) -> Self {
        Self { limits, groups: HashMap::new(), sent: VecDeque::new(), held_back: 0, refusals: None }
    }

    /// Takes an error; returns the alert to send now.
    pub(super) fn see(&mut self, seen: Seen, now: Instant) -> Option<Notice> {
        if !seen.refused {
            return self.happened(seen.what, seen.text, seen.at, now);
        }
        let limit = self.limits.login_failures_per_minute;
        let known = self.refusals.filter(|all| now.duration_since(all.begin) < MINUTE);
        let mut minute = known.unwrap_or(Refusals { begin: now, since: seen.at, count: 0 });
        minute.count += 1;
        self.refusals = Some(minute);
        if limit == 0 {
            return None;
        }
        let many = minute.count >= limit;
        let Some(group) = self.groups.get_mut(LOGINS) else {
            if !many {
                return None;
            }
            self.groups.insert(
                LOGINS.to_owned(),
                Group {
                    since: minute.since,
                    // This one is counted below.
                    times: u64::from(minute.count) - 1,
                    until: seen.at,
                    last: now,
                    latest: now,
                    told: None,
                },
            );
            return self.happened(LOGINS.to_owned(), seen.text, seen.at, now);
        };
        if many {
            return self.happened(LOGINS.to_owned(), seen.text, seen.at, now);
        }
        group.times += 1;
        (group.until, group.latest) = (seen.at, now);
        None
    }

    fn happened(
        &mut self,
        what: String,
        text: String,
        at: Timestamp,
        now: Instant,
    ) -> Option<Notice> {
        let full = self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&what);
        let what = if full { OTHERS.to_owned() } else { what };
        let group = self.groups.entry(what.clone()).or_insert(Group {
            since: at,
            until: at,
            last: now,
            latest: now,
            times: 0,
            told: None,
        });
        (group.last, group.latest, group.until) = (now, now, at);
        group.times += 1;
        let due = group.told.is_none_or(|(told, _)| now.duration_since(told) >= HOUR);
        if !due {
            return None;
        }
        let repeated = group.times - group.told.map_or(0, |(_, times)| times) - 1;
        let (since, times) = (group.since, group.times);
        if !self.may_send(now) {
            self.held_back += 1;
            return None;
        }
        if let Some(group) = self.groups.get_mut(&what) {
            group.told = Some((now, group.times));
        }
        let held_back = std::mem::take(&mut self.held_back);
        if what == LOGINS {
            return Some(Notice::Refusals { last: text, times, since, until: at, held_back });
        }
        Some(Notice::Failure { what, text, since, repeated, held_back })
    }

    /// Returns notes about failures that are over. Call it every few seconds.
    pub(super) fn pass(&mut self, now: Instant) -> Vec<Notice> {
        let quiet = Duration::from_secs(self.limits.recovered_after_seconds);
        let over: Vec<(String, Group)> =
            self.groups.extract_if(|_, group| now.duration_since(group.last) >= quiet).collect();
        if over.iter().any(|(what, _)| what == LOGINS) {
            self.refusals = None;
        }
        let told = over.into_iter().filter(|(_, group)| group.told.is_some());
        let limit = self.limits.login_failures_per_minute;
        let note = |(what, group): (String, Group)| {
            let Group { since, until, times, latest, .. } = group;
            if what != LOGINS {
                return Notice::Recovered { what, since, times, quiet };
            }
            // Some may be refused at any time.
            let fewer_than = (now.duration_since(latest) < quiet).then_some(limit);
            Notice::RefusalsOver { times, since, until, quiet, fewer_than }
        };
        told.map(note).collect()
    }

    /// Returns whether the limit of the hour permits an alert, and counts it.
    fn may_send(&mut self, now: Instant) -> bool {
        while self.sent.front().is_some_and(|at| now.duration_since(*at) >= HOUR) {
            self.sent.pop_front();
        }
        let most = usize::try_from(self.limits.at_most_per_hour).unwrap_or(usize::MAX);
        let may = self.sent.len() < most;
        if may {
            self.sent.push_back(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(what: &str) -> Seen {
        Seen {
            what: what.to_owned(),
            text: format!("{what} store.error=disk"),
            refused: false,
            at: Timestamp::now(),
        }
    }

    fn refusal() -> Seen {
        Seen { refused: true, ..error("Authentication failed.") }
    }

    fn board(at_most_per_hour: u32, login_failures_per_minute: u32) -> (Board, Instant) {
        let limits = config::Alerts {
            at_most_per_hour,
            login_failures_per_minute,
            recovered_after_seconds: 600,
            ..config::Alerts::default()
        };
        (Board::new(limits), Instant::now())
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_failure_is_one_alert_and_one_note_when_it_is_over() {
        let (mut board, begin) = board(10, 0);
        let first = board.see(error("it fails"), begin).unwrap();
        assert!(matches!(first, Notice::Failure { repeated: 0, held_back: 0, .. }), "{first:?}");
        for n in 1..100 {
            assert!(board.see(error("it fails"), begin + seconds(n)).is_none());
            assert!(board.pass(begin + seconds(n)).is_empty());
        }
        let over = board.pass(begin + seconds(99 + 600));
        assert!(matches!(&over[..], [Notice::Recovered { times: 100, .. }]), "{over:?}");
        assert!(board.pass(begin + seconds(5000)).is_empty(), "told once");
        assert!(board.see(error("it fails"), begin + seconds(5000)).is_some(), "a new failure");
    }

    #[test]
    fn a_failure_that_lasts_is_told_again_after_an_hour() {
        let (mut board, begin) = board(10, 0);
        let told = (0..=7200)
            .step_by(60)
            .filter_map(|n| board.see(error("it fails"), begin + seconds(n)))
            .collect::<Vec<_>>();
        let repeated: Vec<u64> = told
            .iter()
            .map(|notice| match notice {
                Notice::Failure { repeated, .. } => *repeated,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(repeated, [0, 59, 59]);
    }

    #[test]
    fn beyond_the_limit_alerts_are_held_back_and_counted() {
        let (mut board, begin) = board(2, 0);
        let told = (0..7).filter_map(|n| board.see(error(&format!("fault {n}")), begin)).count();
        assert_eq!(told, 2);
        let later = board.see(error("another"), begin + seconds(3600)).unwrap();
        assert!(matches!(later, Notice::Failure { held_back: 5, .. }), "{later:?}");
        let over = board.pass(begin + seconds(3700));
        assert_eq!(over.len(), 2, "only what was told is over: {over:?}");
    }

    #[test]
    fn failed_logins_are_an_alert_from_the_configured_number_in_a_minute() {
        let (mut board, begin) = board(10, 5);
        for n in 0..100 {
            let alert = board.see(refusal(), begin + seconds(n * 15));
            assert!(alert.is_none(), "four a minute");
        }
        let begin = begin + seconds(3000);
        let alerts: Vec<_> = (0..100).filter_map(|_| board.see(refusal(), begin)).collect();
        assert!(matches!(&alerts[..], [Notice::Refusals { times: 5, .. }]));
        let (mut never, begin) = self::board(10, 0);
        assert!((0..1000).all(|_| never.see(refusal(), begin).is_none()));
    }

    #[test]
    fn all_refused_credentials_of_an_attack_are_counted() {
        let (mut board, begin) = board(10, 5);
        let alerts = (0..8).filter_map(|n| board.see(refusal(), begin + seconds(n))).count();
        assert_eq!(alerts, 1);
        let over = board.pass(begin + seconds(7 + 600));
        let [Notice::RefusalsOver { times: 8, fewer_than: None, .. }] = over[..] else {
            panic!("{over:?}")
        };
        let begin = begin + seconds(3000);
        (0..5).for_each(|n| drop(board.see(refusal(), begin + seconds(n))));
        (1..=5).for_each(|n| drop(board.see(refusal(), begin + seconds(n * 120))));
        let over = board.pass(begin + seconds(4 + 600));
        let [Notice::RefusalsOver { times: 10, fewer_than: Some(5), .. }] = over[..] else {
            panic!("{over:?}")
        };
    }

    #[test]
    fn memory_is_bounded() {
        let (mut board, begin) = board(1, 0);
        for n in 0..10_000 {
            board.see(error(&format!("fault {n}")), begin);
        }
        assert!(board.groups.len() <= MAX_GROUPS + 1);
        assert!(board.sent.len() <= 1);
    }
}
