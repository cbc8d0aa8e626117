//! The findings of a check.

use std::fmt::Display;
use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use crate::model::rules::{bytes, count};

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckStatus)]
pub enum Status {
    /// No problem.
    Ok,
    /// It works, but needs attention.
    Warning,
    /// A problem.
    Failed,
    /// Not applicable, or could not be checked.
    Skipped,
    /// A problem that was repaired.
    Fixed,
}

/// A finding: `doctor`. The keys are stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Name of the check.
    pub check: String,
    /// Result.
    pub status: Status,
    /// The finding.
    pub found: String,
    /// Remedy, or the repair that was done.
    pub advice: Option<String>,
}

impl Finding {
    /// A finding.
    pub fn new(
        check: &str,
        status: Status,
        found: impl Into<String>,
        advice: Option<String>,
    ) -> Self {
        Self { check: check.to_owned(), status, found: found.into(), advice }
    }
}

/// Collects the findings of a check.
pub(super) struct Report {
    check: &'static str,
    found: Vec<Finding>,
}

impl Report {
    pub(super) fn new(check: &'static str) -> Self {
        Self { check, found: Vec::new() }
    }

    /// Adds a finding without a problem.
    pub(super) fn ok(&mut self, found: impl Into<String>) {
        self.add(Status::Ok, found, None);
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Status::Warning, found, Some(advice.into()));
    }

    /// Adds a problem.
    pub(super) fn fail(&mut self, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Status::Failed, found, Some(advice.into()));
    }

    /// Reports that the check is not applicable or not possible.
    pub(super) fn skip(&mut self, why: impl Into<String>) {
        self.add(Status::Skipped, why, None);
    }

    /// Like [`Report::skip`], with advice.
    pub(super) fn skip_with(&mut self, why: impl Into<String>, advice: impl Into<String>) {
        self.add(Status::Skipped, why, Some(advice.into()));
    }

    /// Adds the outcome of a repair: what was done, or why it failed and the remedy.
    pub(super) fn repaired(
        &mut self,
        found: impl Into<String>,
        done: &str,
        outcome: Result<(), impl Display>,
        else_do: impl Into<String>,
    ) {
        match outcome {
            Ok(()) => self.add(Status::Fixed, found, Some(done.to_owned())),
            Err(error) => {
                self.fail(format!("{}; the repair failed: {error}", found.into()), else_do);
            }
        }
    }

    /// Reports a file or directory that cannot be read.
    pub(super) fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        let advice = match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "Run the check as the owner of the data directory, or as root."
            }
            _ => "Check the file system: mount, dmesg, fsck.",
        };
        self.fail(format!("{} cannot be read: {error}", path.display()), advice);
    }

    /// Whether there are no findings yet.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.found
    }

    fn add(&mut self, status: Status, found: impl Into<String>, advice: Option<String>) {
        self.found.push(Finding::new(self.check, status, found, advice));
    }
}
