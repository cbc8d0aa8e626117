//! Proves that a backup can be restored, without restoring it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;

use super::format::{DATABASE, Entry, Head};
use super::read::read;
use super::scratch::Scratch;
use super::{Failure, Progress, cannot};

/// What is known of a backup that was read through.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// What it begins with, if that much can be read.
    pub head: Option<Head>,
    /// Entries that it has.
    pub entries: u64,
    /// What is wrong with it, each in a sentence; nothing: it can be restored.
    pub problems: Vec<String>,
    /// What is worth knowing and wrong with nothing.
    pub notes: Vec<String>,
}

/// Reads a backup through: sums, sizes, that nothing is missing or too much; then opens its
/// database, which lies in `scratch` meanwhile. Blocks.
pub fn verify(path: &Path, scratch: &Path, progress: Progress<'_>) -> Result<Verified, Failure> {
    let scratch =
        Scratch::directory(scratch, "chatctl-verify-", "").map_err(cannot("write in", scratch))?;
    let database = scratch.path().join(DATABASE);
    let mut place = |entry: &Entry| match entry {
        Entry::Database => {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database).map(Some)
        }
        _ => Ok(None),
    };
    let mut contents = read(path, &mut place, progress)?;
    let notes =
        if contents.problems.is_empty() { contents.check_database(&database)? } else { Vec::new() };
    Ok(Verified {
        head: contents.head,
        entries: contents.entries.len() as u64,
        problems: contents.problems,
        notes,
    })
}
