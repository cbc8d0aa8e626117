//! Backups: one file with everything, made while the server runs, verified, restored, listed,
//! pruned.
//!
//! `format` says what is in the file; `create` writes it, `read` goes through it and finds what is
//! wrong, `verify` and `restore` do something with what is read; `list` and `prune` look at a
//! directory of them, `schedule` makes them by itself.

mod checksum;
mod create;
mod elsewhere;
mod format;
mod leftovers;
mod list;
mod prune;
mod read;
mod restore;
mod schedule;
mod scratch;
#[cfg(test)]
mod tests;
mod verify;

pub use create::{Made, Source, Written, count, create, verdict, write};
pub use format::{DAMAGED, ENDING, Head, Owner, moment, stamp, unused_name};
pub(super) use leftovers::{COPY_ENDING, EXPORT_PREFIX};
pub use leftovers::{left_over, remove, sweep, sweep_parts};
pub use list::{Listed, list};
pub use prune::{Pruned, prune, prune_damaged};
pub use restore::{Restored, Target, fits, restore};
pub use schedule::Schedule;
pub(super) use scratch::Scratch;
pub use scratch::own_like;
pub use verify::{Verified, verify};

use std::path::Path;

use super::{Failure, Kind};

/// The metrics: when one last succeeded, and how many failed.
const LAST: &str = "chatctl_backup_last_success_timestamp_seconds";
const FAILURES: &str = "chatctl_backup_failures_total";

/// Hears how far it is, of how much; answers whether to go on.
pub type Progress<'p> = &'p mut (dyn FnMut(u64, u64) -> bool + Send);

/// The system's word on a file.
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
