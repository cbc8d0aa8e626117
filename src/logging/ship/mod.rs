//! Sends the log to an OTLP/HTTP receiver, as `[log.ship]` says.
//!
//! Lines are queued and never waited for. A batch that cannot be sent is tried again; what does not
//! fit into the queue meanwhile is dropped and counted. What this module logs itself has a target
//! that is not sent, so that a failure does not cause the next request.

mod record;
mod report;
mod send;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use metrics::{counter, gauge};
use tokio::sync::Notify;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::line::Line;
use crate::config::Config;
use crate::config::current::Current;
use crate::egress;
use record::Origin;
use report::{Report, records};
use send::{Outcome, Sender};
use waiting::Dropped;

pub(super) use waiting::Waiting;
pub use waiting::{Problem, Shipped};

/// Target of what this module logs.
pub(super) const OWN: &str = "chatctl::shipping";

/// How long a line waits for others to be sent with.
const PASS: Duration = Duration::from_secs(1);
/// Times between attempts to send a request.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_mins(1);
/// Longest time that a receiver may ask to wait.
const LONGEST_WISH: Duration = Duration::from_mins(5);
/// How long the end of the process waits for the receiver.
const FLUSH: Duration = Duration::from_secs(3);

/// Creates the metrics, so that they exist before anything happens.
fn register() {
    counter!("chatctl_otlp_sent_total").absolute(0);
    for why in Dropped::ALL {
        counter!("chatctl_otlp_dropped_total", "reason" => why.reason()).absolute(0);
    }
    gauge!("chatctl_otlp_queue").set(0.0);
    gauge!("chatctl_otlp_failing").set(0.0);
}

/// Sends the waiting lines until [`end`], as configured at each time.
pub(super) async fn run(waiting: Waiting, current: Current, instance: String) {
    register();
    let changed = Arc::new(Notify::new());
    let (of_follower, told) = (waiting.clone(), Arc::clone(&changed));
    current.follow(move |config| {
        of_follower.follow(config);
        told.notify_one();
    });
    let address = egress::own_name(&current.get());
    let mut passes = interval(PASS);
    passes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shipper = Shipper {
        waiting: waiting.clone(),
        current,
        changed,
        origin: Origin { instance, address },
        sender: None,
        passes,
        report: Report::default(),
    };
    loop {
        tokio::select! {
            () = waiting.ending() => {}
            () = waiting.enough() => {}
            _ = shipper.passes.tick() => {}
        }
        if !shipper.send_all().await || waiting.is_ending() {
            return;
        }
    }
}

/// Lets [`run`], which is this task, send what waits within a time limit.
pub(super) async fn end(waiting: &Waiting, task: tokio::task::JoinHandle<()>) {
    waiting.end();
    let aborted = task.abort_handle();
    // A panic in it has been logged.
    drop(tokio::time::timeout(FLUSH, task).await);
    aborted.abort();
    let left = waiting.give_up();
    if left > 0 {
        let records = records(left as u64);
        tracing::warn!(target: OWN, "{records} could not be sent before the end.");
    }
}

struct Shipper {
    waiting: Waiting,
    current: Current,
    /// Notified of a changed configuration.
    changed: Arc<Notify>,
    origin: Origin,
    sender: Option<Sender>,
    passes: Interval,
    report: Report,
}

impl Shipper {
    /// Sends what waits, as long as it fills requests; at the end of the process, everything.
    /// Returns false if it was given up, because the process ends.
    async fn send_all(&mut self) -> bool {
        loop {
            self.look();
            let batch = self.waiting.take();
            if batch.is_empty() {
                return true;
            }
            if !self.deliver(batch).await {
                return false;
            }
            if !self.waiting.is_enough() && !self.waiting.is_ending() {
                self.look();
                return true;
            }
        }
    }

    /// Sends a batch until it is accepted or refused.
    async fn deliver(&mut self, batch: Vec<Line>) -> bool {
        let (origin, count) = (self.origin.clone(), batch.len());
        let encoded = tokio::task::spawn_blocking(move || record::request(&batch, &origin));
        let Ok(body) = encoded.await.map(Bytes::from) else {
            self.waiting.done(0, Dropped::Refused, None);
            return true;
        };
        let mut rest = FIRST_REST;
        loop {
            let config = self.current.get();
            let Some(endpoint) = &config.log_ship.otlp_endpoint else {
                self.waiting.done(0, Dropped::Ended, None);
                return true;
            };
            match self.attempt(&config, endpoint, body.clone()).await {
                Outcome::Accepted { rejected, why } => {
                    let rejected = usize::try_from(rejected).unwrap_or(count).min(count);
                    if rejected == 0 {
                        self.report.remark = why.clone().or(self.report.remark.take());
                    }
                    self.waiting.done(count - rejected, Dropped::Rejected, why);
                    self.waiting.ended(&config, Ok(()));
                    return true;
                }
                Outcome::Refused(why) => {
                    self.waiting.done(0, Dropped::Refused, Some(why.clone()));
                    self.waiting.ended(&config, Err(Problem { why, is_final: true }));
                    return true;
                }
                Outcome::Later { why, after } => {
                    self.waiting.ended(&config, Err(Problem { why, is_final: false }));
                    if self.waiting.is_ending() {
                        return false;
                    }
                    self.pause(rest_until_next(after, rest)).await;
                    rest = (rest * 2).min(LONGEST_REST);
                }
            }
        }
    }

    /// Sends a request once.
    async fn attempt(&mut self, config: &Config, endpoint: &str, body: Bytes) -> Outcome {
        let sender = match self.sender.take().filter(|sender| sender.fits(config)) {
            Some(sender) => sender,
            None => match Sender::new(config, endpoint).await {
                Ok(sender) => sender,
                Err(why) => return Outcome::Later { why, after: None },
            },
        };
        let outcome = sender.send(body).await;
        // After a failure, certificate authorities are read again.
        if matches!(outcome, Outcome::Accepted { .. }) {
            self.sender = Some(sender);
        }
        outcome
    }

    /// Waits, but not longer than until the configuration changes or the process ends.
    async fn pause(&mut self, rest: Duration) {
        let until = Instant::now() + rest;
        loop {
            self.look();
            tokio::select! {
                () = sleep_until(until) => return,
                () = self.changed.notified() => return,
                () = self.waiting.ending() => return,
                _ = self.passes.tick() => {}
            }
        }
    }

    /// Measures the queue, and reports failures.
    fn look(&mut self) {
        let Shipped { problem, waiting, .. } = self.waiting.state();
        gauge!("chatctl_otlp_queue").set(float(waiting));
        let config = self.current.get();
        let host = config.log_ship.otlp_endpoint.as_deref().map(egress::host).unwrap_or_default();
        self.report.look(&host, problem, || self.waiting.take_dropped(), Instant::now());
    }
}

/// The time until the next attempt: what the receiver asks for, within limits, or our own.
fn rest_until_next(wish: Option<Duration>, own: Duration) -> Duration {
    wish.map_or_else(|| jittered(own), |wish| wish.clamp(FIRST_REST, LONGEST_WISH))
}

/// A time up to a quarter longer, so that servers do not return to a receiver all at once.
fn jittered(rest: Duration) -> Duration {
    let share = getrandom::u32().map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX));
    rest + rest.mul_f64(share / 4.0)
}

#[expect(clippy::cast_precision_loss, reason = "the queue is bounded")]
fn float(value: usize) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_chooses_when_it_is_asked_again_within_limits() {
        let seconds = Duration::from_secs;
        for (wish, rest) in [(0, 1), (1, 1), (120, 120), (100_000, 300)] {
            assert_eq!(rest_until_next(Some(seconds(wish)), seconds(60)), seconds(rest), "{wish}");
        }
        let own = rest_until_next(None, seconds(4));
        assert!(own >= seconds(4) && own <= seconds(5), "{own:?}");
    }
}
