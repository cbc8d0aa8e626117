//! What a check says.

use std::fmt::Display;
use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckStatus)]
pub enum Status {
    /// Nothing is wrong.
    Ok,
    /// It works, but somebody should look.
    Warning,
    /// Something is wrong.
    Failed,
    /// It does not apply, or could not be looked at.
    Skipped,
    /// It was wrong and was mended.
    Fixed,
}

/// One line of what was found: `doctor`. Keys are a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which check.
    pub check: String,
    /// How it is.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What to do about it, or what was done.
    pub advice: Option<String>,
}

impl Finding {
    /// A line.
    pub fn new(
        check: &str,
        status: Status,
        found: impl Into<String>,
        advice: Option<String>,
    ) -> Self {
        Self { check: check.to_owned(), status, found: found.into(), advice }
    }
}

/// Takes what a check finds.
pub(super) struct Report {
    check: &'static str,
    found: Vec<Finding>,
}

impl Report {
    pub(super) fn new(check: &'static str) -> Self {
        Self { check, found: Vec::new() }
    }

    /// Nothing is wrong.
    pub(super) fn ok(&mut self, found: impl Into<String>) {
        self.add(Status::Ok, found, None);
    }

    /// It works, but somebody should look.
    pub(super) fn warn(&mut self, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Status::Warning, found, Some(advice.into()));
    }

    /// Something is wrong.
    pub(super) fn fail(&mut self, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Status::Failed, found, Some(advice.into()));
    }

    /// It does not apply, or cannot be looked at.
    pub(super) fn skip(&mut self, why: impl Into<String>) {
        self.add(Status::Skipped, why, None);
    }

    /// The same with what could be done about it.
    pub(super) fn skip_with(&mut self, why: impl Into<String>, advice: impl Into<String>) {
        self.add(Status::Skipped, why, Some(advice.into()));
    }

    /// Something was wrong and somebody has tried to mend it: what was done, or why that was not
    /// possible and what to do then.
    pub(super) fn mended(
        &mut self,
        found: impl Into<String>,
        done: &str,
        outcome: Result<(), impl Display>,
        else_do: impl Into<String>,
    ) {
        match outcome {
            Ok(()) => self.add(Status::Fixed, found, Some(done.to_owned())),
            Err(error) => {
                self.fail(format!("{}; it could not be mended: {error}", found.into()), else_do);
            }
        }
    }

    /// A file or directory could not be looked at.
    pub(super) fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        let advice = match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "Run the check as the owner of the data directory, or as root."
            }
            _ => "Look at the file system: mount, dmesg, fsck.",
        };
        self.fail(format!("{} cannot be read: {error}", path.display()), advice);
    }

    /// Whether nothing was said yet.
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

/// `3 files`, `1 file`.
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Bytes as people read them.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let power = (0..UNITS.len() - 1).rev().find(|power| number >> (10 * power) > 0).unwrap_or(0);
    let (whole, rest) = (number >> (10 * power), number & ((1 << (10 * power)) - 1));
    let tenth = (rest * 10) >> (10 * power);
    if power == 0 || whole >= 100 {
        format!("{whole} {}", UNITS[power])
    } else {
        format!("{whole}.{tenth} {}", UNITS[power])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_rounded_down_to_what_people_read() {
        for (number, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (200 << 20, "200 MiB"),
            ((5 << 30) + (900 << 20), "5.8 GiB"),
        ] {
            assert_eq!(bytes(number), shown);
        }
    }
}
