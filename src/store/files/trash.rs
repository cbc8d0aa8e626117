//! The trash for removed files: `trash/YYYY-MM-DD/NAME`, by the day of removal. All functions
//! block.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::place;
use crate::model::Timestamp;

/// Name of the trash in the directory of uploaded files.
pub const TRASH: &str = "trash";
/// How long files are kept in the trash.
pub const KEPT_FOR: Duration = Duration::from_hours(30 * 24);

/// Moves files to the trash; missing ones are ignored.
pub fn discard(root: &Path, names: &[String]) -> io::Result<()> {
    let day = root.join(TRASH).join(Timestamp::now().date());
    if !names.is_empty() {
        DirBuilder::new().recursive(true).mode(0o700).create(&day)?;
    }
    for name in names {
        let Some(from) = place(root, name) else { continue };
        match fs::rename(&from, day.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Moves files back; returns how many were in the trash. Files uploaded again meanwhile stay.
pub fn take_back(root: &Path, names: &[String]) -> io::Result<usize> {
    let days = days(root)?;
    let mut back = 0;
    for name in names {
        let Some(to) = place(root, name) else { continue };
        let Some(from) = days.iter().map(|day| day.join(name)).find(|from| from.exists()) else {
            continue;
        };
        if !to.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(to.parent().unwrap_or(root))?;
            fs::rename(from, to)?;
            back += 1;
        }
    }
    Ok(back)
}

/// Returns the names of files in the trash.
pub fn names(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for day in days(root)? {
        for file in fs::read_dir(day)? {
            let name = file?.file_name().to_string_lossy().into_owned();
            if place(root, &name).is_some() {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// Deletes files moved to the trash before the day of this time; returns the number of days
/// deleted.
pub fn empty(root: &Path, before: Timestamp) -> io::Result<usize> {
    let first = before.date();
    let old: Vec<PathBuf> = days(root)?
        .into_iter()
        .filter(|day| day.file_name().is_some_and(|day| day.to_string_lossy().into_owned() < first))
        .collect();
    old.iter().try_for_each(fs::remove_dir_all)?;
    Ok(old.len())
}

/// Returns the directories of days, newest first. Other directories are ignored.
fn days(root: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root.join(TRASH)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut days = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let dated = name.len() == 10
            && name.bytes().enumerate().all(|(at, byte)| {
                if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
            });
        if dated && entry.file_type()?.is_dir() {
            days.push(entry.path());
        }
    }
    days.sort_unstable();
    days.reverse();
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_comes_back_until_its_time_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let all = [1, 2, 3].map(|n| format!("{n:02x}").repeat(64));
        for name in &all {
            fs::create_dir_all(place(root, name).unwrap().parent().unwrap()).unwrap();
            fs::write(place(root, name).unwrap(), name).unwrap();
        }
        discard(root, &all[..2]).unwrap();
        discard(root, &["../../x".to_owned(), "77".repeat(64)]).unwrap();
        let mut there = names(root).unwrap();
        there.sort();
        assert_eq!(
            (there, super::super::kept(root).unwrap()),
            (all[..2].to_vec(), vec![all[2].clone()])
        );
        assert_eq!(take_back(root, &all[..1]).unwrap(), 1);
        assert_eq!(take_back(root, &all).unwrap(), 1, "the second; the others are there");
        assert!(names(root).unwrap().is_empty());
        discard(root, &all).unwrap();
        fs::create_dir(root.join(TRASH).join("notes")).unwrap();
        fs::create_dir(root.join(TRASH).join("2020-01-01")).unwrap();
        assert_eq!(empty(root, Timestamp::now().minus(KEPT_FOR)).unwrap(), 1);
        assert_eq!(names(root).unwrap().len(), 3);
        assert_eq!(empty(root, Timestamp::now().plus(Duration::from_hours(24))).unwrap(), 1);
        assert!(names(root).unwrap().is_empty() && root.join(TRASH).join("notes").exists());
    }
}
