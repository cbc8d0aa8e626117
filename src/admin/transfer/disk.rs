//! Detects a full disk as the cause of a failed write; other database errors are explained in the
//! log only.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::admin::Failure;
use crate::model::rules::bytes;
use crate::store::StoreError;

/// With less free space than this, a full disk is assumed to be the cause.
const FULL: u64 = 8 * 1024 * 1024;

/// The failure for a store error, which names the directory if its disk is full.
pub fn failure(what: &str, error: StoreError, directory: &Path) -> Failure {
    let left = statvfs(directory)
        .map_or(u64::MAX, |found| found.blocks_available().saturating_mul(found.fragment_size()));
    let temporary = if directory.starts_with(std::env::temp_dir()) {
        "set TMPDIR to a directory with more space"
    } else {
        "free some space and run it again"
    };
    match error {
        StoreError::Unavailable | StoreError::Unknown if left < FULL => Failure::failed(format!(
            "{what}: the disk of {} is full ({} free); {temporary}",
            directory.display(),
            bytes(left)
        )),
        other => Failure { message: format!("{what}: {other}"), ..Failure::from(other) },
    }
}
