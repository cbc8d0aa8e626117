//! What backups and exports leave that were interrupted: found, and removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::format::is_file_name;

/// How the copy of the database is called while a backup is made.
pub(super) const PREFIX: &str = "backup-";
/// The same while an export is written.
pub(in crate::admin) const EXPORT_PREFIX: &str = "export-";
/// How both end.
pub(in crate::admin) const COPY_ENDING: &str = ".tmp";
/// What is not finished.
pub(super) const PART: &str = ".part";
/// An unfinished backup that has not grown for so long does not grow any more.
const LEFT: Duration = Duration::from_hours(1);

/// Removes what interrupted backups and exports have left in the data directory and, when nobody
/// has written on for an hour, where backups go. To be called by whoever holds the lock of the data
/// directory, before anything is made. Blocks.
pub fn sweep(data: &Path, backups: &Path) -> io::Result<()> {
    left_over(data, backups, true)?.iter().try_for_each(|path| remove(path))
}

/// What interrupted backups have left. The data directory is looked at only by whoever is `alone`
/// with it: else a backup may be under way. Blocks.
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
    // That backups cannot be made there is said by whoever makes them, and keeps no server from
    // starting.
    left.extend(idle_parts(backups).unwrap_or_else(|error| {
        tracing::warn!("Unfinished backups cannot be looked for: {error}");
        Vec::new()
    }));
    Ok(left)
}

/// Removes what interrupted backups have left in a directory of backups, which may be any. Blocks.
pub fn sweep_parts(directory: &Path) -> io::Result<()> {
    idle_parts(directory)?.iter().try_for_each(|path| remove(path))
}

fn idle_parts(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for (name, entry) in entries(directory)? {
        // Another server may share the directory and be writing.
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

/// Removes something that was left over.
pub fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// What is in a directory; one that is not there is empty.
fn entries(directory: &Path) -> io::Result<Vec<(String, fs::DirEntry)>> {
    let found = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    found
        .map(|entry| entry.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry)))
        .collect()
}
