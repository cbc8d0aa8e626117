//! Verifies that a backup can be restored, without restoring it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;

use super::format::{DATABASE, Entry, Head};
use super::input::Input;
use super::read::read;
use super::scratch::Scratch;
use super::{Failure, Progress, cannot};

/// Result of the verification.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// Its header, if it can be read.
    pub head: Option<Head>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Number of entries.
    pub entries: u64,
    /// Problems, one sentence each; if empty, it can be restored.
    pub problems: Vec<String>,
    /// Notes that are not problems.
    pub notes: Vec<String>,
}

/// Checks checksums, sizes and completeness of a backup, then extracts its database to `scratch`
/// and checks it. Blocks.
pub fn verify(input: Input, scratch: &Path, progress: Progress<'_>) -> Result<Verified, Failure> {
    let scratch =
        Scratch::directory(scratch, "chatctl-verify-", "").map_err(cannot("write in", scratch))?;
    let database = scratch.path().join(DATABASE);
    let mut place = |entry: &Entry| match entry {
        Entry::Database => {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database).map(Some)
        }
        _ => Ok(None),
    };
    let encrypted = input.encrypted;
    let mut contents = read(input, &mut place, progress)?;
    let notes =
        if contents.problems.is_empty() { contents.check_database(&database)? } else { Vec::new() };
    Ok(Verified {
        head: contents.head,
        encrypted,
        entries: contents.entries.len() as u64,
        problems: contents.problems,
        notes,
    })
}
