//! Deletes old backups.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::format::Owner;
use super::list::{Listed, list};
use super::retention::Retention;
use super::scratch::sync_directory;
use super::{Failure, cannot};

/// Result of pruning.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// Deleted backups, or those a dry run would delete; oldest first.
    pub gone: Vec<Listed>,
    /// Number of backups that are kept.
    pub kept: usize,
}

/// Keeps the backups of an instance in a directory that the rules keep, or those of each instance
/// if `owner` is None. With `dry` nothing is deleted. Blocks.
pub fn prune(
    directory: &Path,
    rules: Retention,
    owner: Option<&Owner>,
    dry: bool,
) -> Result<Pruned, Failure> {
    let pruned = superfluous(list(directory)?, rules, owner);
    if !dry && !pruned.gone.is_empty() {
        for backup in &pruned.gone {
            fs::remove_file(&backup.path).map_err(cannot("delete", &backup.path))?;
        }
        sync_directory(directory).map_err(cannot("write in", directory))?;
    }
    Ok(pruned)
}

/// The backups that no rule keeps. Only files with the name of a backup, and the header of one or
/// its encryption, are counted and deleted: no backups of damaged data, none of other instances.
pub(super) fn superfluous(listed: Vec<Listed>, rules: Retention, owner: Option<&Owner>) -> Pruned {
    let mut groups: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for backup in listed.into_iter().filter(Listed::is_sound) {
        let group = match owner {
            Some(owner) if !backup.is_of(owner) => continue,
            Some(_) => String::new(),
            None => backup.group(),
        };
        groups.entry(group).or_default().push(backup);
    }
    let (mut gone, mut kept) = (Vec::new(), 0);
    for mut backups in groups.into_values() {
        backups.sort_by(|a, b| b.moment().cmp(&a.moment()));
        let times: Vec<_> = backups.iter().map(Listed::created).collect();
        for (backup, stays) in backups.into_iter().zip(rules.kept(&times)) {
            if stays {
                kept += 1;
            } else {
                gone.push(backup);
            }
        }
    }
    gone.sort_by(|a, b| a.moment().cmp(&b.moment()));
    Pruned { gone, kept }
}

/// Keeps only the newest backup of damaged data of this instance, since lasting damage would add
/// one every day. Blocks.
pub fn prune_damaged(directory: &Path, owner: &Owner) -> Result<(), Failure> {
    let mut damaged: Vec<Listed> = list(directory)?
        .into_iter()
        .filter(|backup| backup.named.damaged && backup.is_of(owner))
        .collect();
    damaged.sort_by(|a, b| a.moment().cmp(&b.moment()));
    damaged.pop();
    damaged.iter().try_for_each(|backup| {
        fs::remove_file(&backup.path).map_err(cannot("delete", &backup.path))
    })
}
