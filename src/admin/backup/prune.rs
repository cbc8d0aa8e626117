//! Removes old backups.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::format::{DAMAGED, Owner};
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

/// Keeps the newest `keep` backups of their owner; without one, of each owner. Only files that are
/// backups by name and by what they begin with count, and only such go: none of damaged data, and
/// none of another instance. With `dry` none does. Blocks.
pub fn prune(
    directory: &Path,
    keep: usize,
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
        backups.sort_by(|a, b| a.moment().cmp(&b.moment()));
        let stay = backups.len().min(keep);
        backups.truncate(backups.len() - stay);
        kept += stay;
        gone.append(&mut backups);
    }
    gone.sort_by(|a, b| a.moment().cmp(&b.moment()));
    if !dry && !gone.is_empty() {
        for backup in &gone {
            fs::remove_file(&backup.path).map_err(cannot("remove", &backup.path))?;
        }
        sync_directory(directory).map_err(cannot("write in", directory))?;
    }
    Ok(Pruned { gone, kept })
}

/// Of those that were made of damaged data, keeps the newest of this owner: where the damage lasts,
/// each day brings another. Blocks.
pub fn prune_damaged(directory: &Path, owner: &Owner) -> Result<(), Failure> {
    let mut damaged: Vec<Listed> = list(directory)?
        .into_iter()
        .filter(|backup| backup.name.ends_with(DAMAGED) && backup.is_of(owner))
        .collect();
    damaged.sort_by(|a, b| a.moment().cmp(&b.moment()));
    damaged.pop();
    damaged.iter().try_for_each(|backup| {
        fs::remove_file(&backup.path).map_err(cannot("remove", &backup.path))
    })
}
