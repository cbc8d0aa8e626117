//! The watchdog: the service manager restarts a server that does not prove that it responds.

use std::future::Future;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tracing::error;

/// Returns the time within which the service manager expects a sign of life, if it does.
pub fn limit() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero())
}

/// Calls `tell` twice within the limit while the server is alive. `check` completes with whether it
/// is; a check that takes longer than a quarter of the limit has failed.
pub async fn keep<C: Future<Output = bool>, T: Future<Output = ()>>(
    limit: Duration,
    check: impl Fn() -> C,
    tell: impl Fn() -> T,
) {
    let mut ticks = tokio::time::interval(limit / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reported = false;
    loop {
        ticks.tick().await;
        if tokio::time::timeout(limit / 4, check()).await.unwrap_or(false) {
            reported = false;
            tell().await;
        } else if !reported {
            reported = true;
            error!(
                target: "chatctl::plain",
                "The server does not respond to its own check; the service manager restarts it \
                 unless it responds within {} s (watchdog).",
                limit.as_secs()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn nothing_is_told_while_a_check_fails_or_does_not_end() {
        let (checks, mut checked) = mpsc::unbounded_channel();
        let told = Arc::new(AtomicUsize::new(0));
        let (calls, counted) = (AtomicUsize::new(0), Arc::clone(&told));
        let check = move || {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            checks.send(told.load(Ordering::Relaxed)).unwrap();
            async move {
                match call {
                    1 | 2 => std::future::pending().await,
                    3 => false,
                    _ => true,
                }
            }
        };
        let keeping = tokio::spawn(keep(Duration::from_millis(40), check, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::ready(())
        }));
        let mut told_before = Vec::new();
        while told_before.len() < 6 {
            told_before.push(checked.recv().await.unwrap());
        }
        keeping.abort();
        assert_eq!(told_before, [0, 1, 1, 1, 1, 2]);
    }
}
