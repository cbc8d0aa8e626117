//! Finds and removes leftovers of interrupted backups and exports.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::format::is_file_name;

/// Name prefix of the database copy during a backup.
pub(super) const PREFIX: &str = "backup-";
/// Name prefix of the database copy during an export.
pub(in crate::admin) const EXPORT_PREFIX: &str = "export-";
/// Name ending of both.
pub(in crate::admin) const COPY_ENDING: &str = ".tmp";
/// Name ending of an unfinished backup.
pub(super) const PART: &str = ".part";
/// An unfinished backup that was not written to for this time counts as abandoned.
const LEFT: Duration = Duration::from_hours(1);

/// Removes leftovers of interrupted backups and exports from the data directory, and abandoned ones
/// from the backup directory. The caller must hold the lock of the data directory. Blocks.
pub fn sweep(data: &Path, backups: &Path) -> io::Result<()> {
    left_over(data, backups, true)?.iter().try_for_each(|path| remove(path))
}

/// Leftovers of interrupted backups. The data directory is searched only if the caller is `alone`:
/// otherwise a backup may be running. Blocks.
pub fn left_over(data: &Path, backups: &Path, alone: bool) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for (name, entry) in if alone { entries(data)? } else { Vec::new() } {
        if [PREFIX, EXPORT_PREFIX].iter().any(|prefix| name.starts_with(prefix))
            && name.ends_with(COPY_ENDING)
            && entry.file_type()?.is_dir()
        {
            left.push(entry.path());
        }
    }
    // An inaccessible backup directory must not prevent a start; creating a backup reports it.
    left.extend(idle_parts(backups).unwrap_or_else(|error| {
        tracing::warn!("Cannot search for unfinished backups: {error}");
        Vec::new()
    }));
    Ok(left)
}

/// Removes abandoned backups from any backup directory. Blocks.
pub fn sweep_parts(directory: &Path) -> io::Result<()> {
    idle_parts(directory)?.iter().try_for_each(|path| remove(path))
}

fn idle_parts(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for (name, entry) in entries(directory)? {
        // Another server may be writing to the same directory.
        let idle = || {
            Ok::<_, io::Error>(
                entry.metadata()?.modified()?.elapsed().is_ok_and(|since| since > LEFT),
            )
        };
        if name.strip_suffix(PART).is_some_and(is_file_name) && idle()? {
            left.push(entry.path());
        }
    }
    Ok(left)
}

/// Removes a leftover file or directory.
pub fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// The entries of a directory; empty if it does not exist.
fn entries(directory: &Path) -> io::Result<Vec<(String, fs::DirEntry)>> {
    let found = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    found
        .map(|entry| entry.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry)))
        .collect()
}
