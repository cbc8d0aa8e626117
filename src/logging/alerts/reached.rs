//! Which targets of alerts can be reached, as far as is known.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use metrics::gauge;
use tokio::sync::watch;

use super::Target;

/// Outcome of what was sent to a target last, an alert or a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It was accepted.
    Reached,
    /// It was not, for this reason.
    Failed(String),
}

/// The outcome for each target to which something was sent. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Reached(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_name: Mutex<BTreeMap<String, Reach>>,
    /// Number of successful tests.
    tests: watch::Sender<u64>,
}

impl Reached {
    /// Returns all outcomes, by the full name of the target.
    pub fn all(&self) -> BTreeMap<String, Reach> {
        self.0.by_name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the outcome of a test; after a success, waiting alerts are sent at once.
    pub fn tested(&self, target: &Target, outcome: &Result<(), String>) {
        self.note(target, outcome);
        if outcome.is_ok() {
            self.0.tests.send_modify(|count| *count += 1);
        }
    }

    /// Notes an outcome, and returns the previous one.
    pub(super) fn note(&self, target: &Target, outcome: &Result<(), String>) -> Option<Reach> {
        let new = match outcome {
            Ok(()) => Reach::Reached,
            Err(why) => Reach::Failed(why.clone()),
        };
        let mut by_name = self.0.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let before = by_name.insert(target.full_name(), new.clone());
        let failed = |reach: Option<&Reach>| matches!(reach, Some(Reach::Failed(_)));
        let failing = gauge!("chatctl_alerts_failing", "target" => target.kind());
        match (failed(before.as_ref()), failed(Some(&new))) {
            (false, true) => failing.increment(1.0),
            (true, false) => failing.decrement(1.0),
            _ => {}
        }
        before
    }

    /// Returns a receiver that changes after each successful test.
    pub(super) fn tests(&self) -> watch::Receiver<u64> {
        self.0.tests.subscribe()
    }

    /// Forgets all outcomes, since the targets have changed.
    pub(super) fn forget(&self) {
        let mut by_name = self.0.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.clear();
        for target in Target::KINDS {
            gauge!("chatctl_alerts_failing", "target" => target).set(0.0);
        }
    }
}
