//! Tells a full disk from other faults of the database, which are said in the log only.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::admin::Failure;
use crate::store::StoreError;

/// With less than this a write that failed has failed for want of space.
const FULL: u64 = 8 * 1024 * 1024;

/// What the store could not do, with the directory that has no space where that is why.
pub fn failure(what: &str, error: StoreError, directory: &Path) -> Failure {
    let left = statvfs(directory)
        .map_or(u64::MAX, |found| found.blocks_available().saturating_mul(found.fragment_size()));
    let temporary = if directory.starts_with(std::env::temp_dir()) {
        "set TMPDIR to a directory with more space"
    } else {
        "make room there and run it again"
    };
    match error {
        StoreError::Unavailable | StoreError::Unknown if left < FULL => Failure::failed(format!(
            "{what}: the disk of {} is full ({} kB left); {temporary}",
            directory.display(),
            left / 1024
        )),
        other => Failure { message: format!("{what}: {other}"), ..Failure::from(other) },
    }
}
