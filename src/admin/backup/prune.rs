//! Deletes old backups.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::format::{DAMAGED, Owner};
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

/// Keeps the backups of an instance that the rules keep, or those of each instance if `owner` is
/// None. Only files with the name and the header of a backup are counted and deleted: no backups of damaged
/// data, and none of other instances. With `dry` nothing is deleted. Blocks.
pub fn prune(
    directory: &Path,
    rules: Retention,
    owner: Option<&Owner>,
    dry: bool,
) -> Result<Pruned, Failure> {
    let mut groups: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for backup in list(directory)?.into_iter().filter(Listed::is_sound) {
        let Some(head) = &backup.head else { continue };
        let group = match owner {
            Some(owner) if !owner.owns(head) => continue,
            Some(_) => String::new(),
            None if head.instance.is_empty() => head.epoch.clone(),
            None => head.instance.clone(),
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
    if !dry && !gone.is_empty() {
        for backup in &gone {
            fs::remove_file(&backup.path).map_err(cannot("delete", &backup.path))?;
        }
        sync_directory(directory).map_err(cannot("write in", directory))?;
    }
    Ok(Pruned { gone, kept })
}

/// Keeps only the newest backup of damaged data of this instance, since lasting damage would add
/// one every day. Blocks.
pub fn prune_damaged(directory: &Path, owner: &Owner) -> Result<(), Failure> {
    let mut damaged: Vec<Listed> = list(directory)?
        .into_iter()
        .filter(|backup| backup.name.ends_with(DAMAGED) && backup.is_of(owner))
        .collect();
    damaged.sort_by(|a, b| a.moment().cmp(&b.moment()));
    damaged.pop();
    damaged.iter().try_for_each(|backup| {
        fs::remove_file(&backup.path).map_err(cannot("delete", &backup.path))
    })
}
