//! Removes old backups.

use std::fs;
use std::path::Path;

use super::list::{Listed, list};
use super::scratch::sync_directory;
use super::{Failure, cannot};

/// What a pruning came to.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// What went, or would go; oldest first.
    pub gone: Vec<Listed>,
    /// What stays.
    pub kept: usize,
}

/// Keeps the newest `keep` backups. Only files that are backups by name and by what they begin with count, and only such go;
/// with `dry` none does. Blocks.
pub fn prune(directory: &Path, keep: usize, dry: bool) -> Result<Pruned, Failure> {
    let mut backups = list(directory)?;
    backups.retain(|backup| backup.head.is_some());
    backups.sort_by(|a, b| a.moment().cmp(&b.moment()));
    let kept = backups.len().min(keep);
    backups.truncate(backups.len() - kept);
    if !dry && !backups.is_empty() {
        for backup in &backups {
            fs::remove_file(&backup.path).map_err(cannot("remove", &backup.path))?;
        }
        sync_directory(directory).map_err(cannot("write in", directory))?;
    }
    Ok(Pruned { gone: backups, kept })
}
