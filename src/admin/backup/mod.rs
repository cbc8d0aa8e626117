//! Backups: creates one file with all data while the server runs; verifies, restores, lists and
//! prunes such files.
//!
//! `format` defines the file; `create` writes it, `read` reads and checks it for `verify` and
//! `restore`, from an `input`; `encryption` encrypts and decrypts it, `remote` is a
//! bucket of an S3 server; `list` and `prune` work on a directory of backups, `schedule` creates
//! them automatically.

mod checksum;
mod create;
mod elsewhere;
mod encryption;
mod format;
mod input;
mod leftovers;
mod list;
mod prune;
mod read;
pub mod remote;
mod restore;
mod retention;
mod schedule;
mod scratch;
#[cfg(test)]
mod tests;
mod verify;

pub use create::{Made, Source, Uploads, Written, count, create, verdict, write};
pub use encryption::{Encrypting, Identities, Recipients};
pub use format::{
    DAMAGED, ENCRYPTED, ENDING, Head, Owner, moment, more_endings, stamp, unused_name,
};
pub use input::Input;
pub(super) use leftovers::{COPY_ENDING, EXPORT_PREFIX};
pub use leftovers::{left_over, remove, sweep, sweep_parts};
pub use list::{Listed, list};
pub use prune::{Pruned, prune, prune_damaged};
pub use restore::{Restored, Target, present, restore};
pub use retention::Retention;
pub use schedule::Schedule;
pub(super) use scratch::Scratch;
pub use scratch::own_like;
pub use verify::{Verified, verify};

use std::path::Path;

use super::{Failure, Kind};

/// Metrics: the time of the last successful backup, and the number of failed ones, including
/// failed copies.
const LAST: &str = "chatctl_backup_last_success_timestamp_seconds";
const FAILURES: &str = "chatctl_backup_failures_total";
/// Metric: the time of the newest backup in the bucket.
const COPIED: &str = "chatctl_backup_copy_last_success_timestamp_seconds";

/// Receives completed and total bytes; returns whether to continue.
pub type Progress<'p> = &'p mut (dyn FnMut(u64, u64) -> bool + Send);

/// A failed system call on a file.
fn cannot(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let what = format!("cannot {doing} {}", path.display());
    move |error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Kind::NotPermitted
            }
            std::io::ErrorKind::NotFound => Kind::NotFound,
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::DirectoryNotEmpty => {
                Kind::Conflict
            }
            _ => Kind::Failed,
        };
        Failure::new(kind, format!("{what}: {error}"))
    }
}

fn interrupted() -> Failure {
    Failure::new(Kind::Interrupted, "interrupted")
}
