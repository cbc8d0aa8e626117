//! Alerts: errors of the log, sent to administrators.
//!
//! The log hands over each ERROR and never waits. What cannot be sent is tried again, and reported
//! as a WARN, in metrics and by `chatctl doctor`, never as an ERROR: an alert is never about itself.

mod board;
mod notice;
mod reached;
mod target;

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::counter;
use tokio::sync::{Notify, mpsc};

use crate::config;
use crate::config::current::Current;
use board::Board;

pub use notice::Notice;
pub use reached::{Reach, Reached};
pub use target::Target;

pub(super) use board::Seen;

/// Errors that wait to be looked at; further ones are only in the log.
const WAITING: usize = 1_000;
/// Notices that wait for one target; further ones are dropped and counted.
const UNSENT: usize = 100;
/// Interval of looking for failures that are over.
const PASS: Duration = Duration::from_secs(5);
/// Times between attempts to send a notice.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_mins(5);

/// Creates the metrics, so that they exist before anything happens.
fn register() {
    for target in Target::KINDS {
        for result in ["sent", "failed", "dropped"] {
            counter!("chatctl_alerts_total", "target" => target, "result" => result).absolute(0);
        }
    }
}

/// The channel from the log to [`run`].
pub(super) fn channel() -> (mpsc::Sender<Seen>, mpsc::Receiver<Seen>) {
    mpsc::channel(WAITING)
}

/// Sends alerts about these errors, as configured at each time, until it is dropped.
pub(super) async fn run(current: Current, mut errors: mpsc::Receiver<Seen>, reached: Reached) {
    let changed = Arc::new(Notify::new());
    let told = Arc::clone(&changed);
    current.follow(move |_| told.notify_one());
    loop {
        let settings = current.get().log_alerts.clone();
        register();
        reached.forget();
        let until = async {
            while current.get().log_alerts == settings {
                changed.notified().await;
            }
        };
        tokio::select! {
            () = until => {}
            () = follow(&current, &settings, &mut errors, &reached) => return,
        }
    }
}

/// Sends alerts with these settings, until there are no more errors.
async fn follow(
    current: &Current,
    settings: &config::Alerts,
    errors: &mut mpsc::Receiver<Seen>,
    reached: &Reached,
) {
    let targets = Target::all(settings);
    let mut board = Board::new(settings.clone());
    let mut senders = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    for target in targets {
        let (sender, notices) = mpsc::channel(UNSENT);
        senders.push((target.kind(), sender));
        tasks.spawn(deliver(target, notices, current.clone(), reached.clone()));
    }
    let mut pass = tokio::time::interval(PASS);
    pass.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let notices = tokio::select! {
            seen = errors.recv() => match seen {
                Some(seen) => board.see(seen, Instant::now()).into_iter().collect(),
                None => return,
            },
            _ = pass.tick() => board.pass(Instant::now()),
        };
        for notice in notices {
            for (kind, sender) in &senders {
                if sender.try_send(notice.clone()).is_err() {
                    counter!("chatctl_alerts_total", "target" => *kind, "result" => "dropped")
                        .increment(1);
                }
            }
        }
    }
}

/// Sends the notices of one target in order, each until it is sent.
async fn deliver(
    target: Target,
    mut notices: mpsc::Receiver<Notice>,
    current: Current,
    reached: Reached,
) {
    let kind = target.kind();
    let name = target.full_name();
    let mut tests = reached.tests();
    while let Some(notice) = notices.recv().await {
        let mut rest = FIRST_REST;
        loop {
            tests.mark_unchanged();
            let outcome = target.send(&notice, &current.get()).await;
            let result = if outcome.is_ok() { "sent" } else { "failed" };
            counter!("chatctl_alerts_total", "target" => kind, "result" => result).increment(1);
            let before = reached.note(&target, &outcome);
            let Err(why) = outcome else {
                if matches!(before, Some(Reach::Failed(_))) {
                    tracing::info!("Alerts can be sent to {name} again.");
                }
                break;
            };
            if before.as_ref() != Some(&Reach::Failed(why.clone())) {
                tracing::warn!("An alert cannot be sent to {name}: {why}");
            }
            tokio::select! {
                () = tokio::time::sleep(rest) => rest = (rest * 2).min(LONGEST_REST),
                Ok(()) = tests.changed() => {}
            }
        }
    }
}
