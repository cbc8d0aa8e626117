//! Alerts: errors of the log, sent to administrators.
//!
//! The log hands over each ERROR and never waits. What cannot be sent is tried again, and reported
//! as a WARN, in metrics and by `chatctl doctor`, never as an ERROR: an alert is never about itself.

mod board;
mod notice;
mod target;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use tokio::sync::{Notify, mpsc};

use crate::config;
use crate::config::current::Current;
use board::Board;

pub use notice::Notice;
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

/// Why the last notice could not be sent, by target; empty: all is well.
#[derive(Clone, Debug, Default)]
pub struct Unsent(Arc<Mutex<BTreeMap<String, String>>>);

impl Unsent {
    /// Each target that cannot be reached, as `webhook NAME` or `mail NAME`, and why.
    pub fn all(&self) -> Vec<(String, String)> {
        self.lock().iter().map(|(target, why)| (target.clone(), why.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Creates the metrics, so that they exist before anything happens.
fn register() {
    for target in ["webhook", "mail"] {
        for result in ["sent", "failed", "dropped"] {
            counter!("chatctl_alerts_total", "target" => target, "result" => result).absolute(0);
        }
        gauge!("chatctl_alerts_failing", "target" => target).set(0.0);
    }
}

/// The channel from the log to [`run`].
pub(super) fn channel() -> (mpsc::Sender<Seen>, mpsc::Receiver<Seen>) {
    mpsc::channel(WAITING)
}

/// Sends alerts about these errors, as configured at each time, until it is dropped.
pub(super) async fn run(current: Current, mut errors: mpsc::Receiver<Seen>, unsent: Unsent) {
    let changed = Arc::new(Notify::new());
    let told = Arc::clone(&changed);
    current.follow(move |_| told.notify_one());
    loop {
        let settings = current.get().log_alerts.clone();
        register();
        unsent.lock().clear();
        let until = async {
            while current.get().log_alerts == settings {
                changed.notified().await;
            }
        };
        tokio::select! {
            () = until => {}
            () = follow(&current, &settings, &mut errors, &unsent) => return,
        }
    }
}

/// Sends alerts with these settings, until there are no more errors.
async fn follow(
    current: &Current,
    settings: &config::Alerts,
    errors: &mut mpsc::Receiver<Seen>,
    unsent: &Unsent,
) {
    let targets = Target::all(settings);
    let mut board = Board::new(settings.clone());
    let mut senders = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    for target in targets {
        let (sender, notices) = mpsc::channel(UNSENT);
        senders.push((target.kind(), sender));
        tasks.spawn(deliver(target, notices, current.clone(), unsent.clone()));
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
    unsent: Unsent,
) {
    let kind = target.kind();
    let name = format!("{kind} {}", target.name());
    while let Some(notice) = notices.recv().await {
        let mut rest = FIRST_REST;
        while let Err(why) = target.send(&notice, &current.get()).await {
            counter!("chatctl_alerts_total", "target" => kind, "result" => "failed").increment(1);
            let before = unsent.lock().insert(name.clone(), why.clone());
            if before.is_none() {
                gauge!("chatctl_alerts_failing", "target" => kind).increment(1.0);
            }
            if before.as_ref() != Some(&why) {
                tracing::warn!("An alert cannot be sent to {name}: {why}");
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
        counter!("chatctl_alerts_total", "target" => kind, "result" => "sent").increment(1);
        if unsent.lock().remove(&name).is_some() {
            gauge!("chatctl_alerts_failing", "target" => kind).decrement(1.0);
            tracing::info!("Alerts can be sent to {name} again.");
        }
    }
}
