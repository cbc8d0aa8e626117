//! When a failed request is repeated, and when a webhook is disabled.

use std::time::Duration;

/// Pause after the first failure; each further one doubles it.
const FIRST: Duration = Duration::from_secs(5);
/// Longest pause of its own.
const LONGEST: Duration = Duration::from_hours(1);
/// A webhook that fails for so long is disabled.
const GIVE_UP: Duration = Duration::from_hours(24);
/// Failed attempts of a running server without which none is disabled: while it was stopped, nothing
/// was tried.
const AT_LEAST: u32 = 3;

/// Why a request was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Explanation for people.
    pub(super) reason: String,
    /// Status of the answer, if there was one.
    pub(super) status: Option<u16>,
    /// For how long the receiver wants no request.
    pub(super) after: Option<Duration>,
}

/// What follows a failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is repeated after this time.
    Repeat(Duration),
    /// The webhook is disabled for this reason.
    Disable(String),
}

/// Decides after a failure. It is the `attempt`-th in a row, requests fail for `failing` already, and
/// `chance` is evenly distributed from 0 to 1.
pub(super) fn next(failure: &Failure, attempt: u32, failing: Duration, chance: f64) -> Next {
    if failure.status == Some(410) {
        return Next::Disable("the receiver answered 410 Gone".to_owned());
    }
    if failing >= GIVE_UP && attempt >= AT_LEAST {
        return Next::Disable(format!("no request was accepted for a day: {}", failure.reason));
    }
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    // Webhooks that fail together do not come back together.
    let pause = doubled.mul_f64(0.75 + chance.clamp(0.0, 1.0) / 4.0);
    Next::Repeat(pause.max(failure.after.unwrap_or_default().min(GIVE_UP)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, after: Option<u64>) -> Failure {
        Failure {
            reason: format!("the receiver answered {status}"),
            status: Some(status),
            after: after.map(Duration::from_secs),
        }
    }

    #[test]
    fn pauses_grow_from_seconds_to_an_hour() {
        let pause = |attempt, chance| match next(&failure(500, None), attempt, FIRST, chance) {
            Next::Repeat(pause) => pause.as_secs_f64(),
            Next::Disable(why) => panic!("{why}"),
        };
        let shortest: Vec<f64> = (1..=4).map(|attempt| pause(attempt, 0.0)).collect();
        assert_eq!(shortest, [3.75, 7.5, 15.0, 30.0]);
        let longest: Vec<f64> = (1..=4).map(|attempt| pause(attempt, 1.0)).collect();
        assert_eq!(longest, [5.0, 10.0, 20.0, 40.0]);
        for attempt in [11, 12, 40, u32::MAX] {
            assert_eq!((pause(attempt, 0.0), pause(attempt, 1.0)), (2700.0, 3600.0));
        }
    }

    #[test]
    fn the_receiver_may_ask_for_a_longer_pause_of_a_day_at_most() {
        for (after, wanted) in [(1, 5), (600, 600), (7200, 7200), (1_000_000, 86_400)] {
            let next = next(&failure(503, Some(after)), 1, FIRST, 1.0);
            assert_eq!(next, Next::Repeat(Duration::from_secs(wanted)));
        }
    }

    #[test]
    fn a_receiver_that_is_gone_or_fails_for_a_day_ends_the_webhook() {
        let day = GIVE_UP;
        let gone = next(&failure(410, Some(9)), 1, Duration::ZERO, 0.0);
        assert_eq!(gone, Next::Disable("the receiver answered 410 Gone".to_owned()));
        let ended = next(&failure(500, None), 3, day, 0.0);
        let why = "no request was accepted for a day: the receiver answered 500";
        assert_eq!(ended, Next::Disable(why.to_owned()));
        assert!(matches!(next(&failure(500, None), 2, day, 0.0), Next::Repeat(_)));
        let almost = day.saturating_sub(Duration::from_secs(1));
        assert!(matches!(next(&failure(500, None), 30, almost, 0.0), Next::Repeat(_)));
    }
}
