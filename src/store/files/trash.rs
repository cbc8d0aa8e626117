//! The trash of a directory: `trash/YYYY-MM-DD/NAME`, by the day of removal. All functions block.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{Listed, is_name, path_of};
use crate::model::Timestamp;

/// Name of the trash in the directory of uploaded files.
pub(super) const TRASH: &str = "trash";

/// Moves a file to the trash, unless it does not exist.
pub(super) fn discard(root: &Path, name: &str) -> io::Result<()> {
    let (from, day) = (root.join(path_of(name)), root.join(TRASH).join(Timestamp::now().date()));
    if !from.exists() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&day)?;
    match fs::rename(&from, day.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Moves a file back; returns whether it did. A file that was put again meanwhile stays.
pub(super) fn take_back(root: &Path, name: &str) -> io::Result<bool> {
    let to = root.join(path_of(name));
    let Some(from) = days(root)?.iter().map(|day| day.join(name)).find(|from| from.exists()) else {
        return Ok(false);
    };
    if to.exists() {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(to.parent().unwrap_or(root))?;
    match fs::rename(from, &to) {
        // Somebody else did.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(to.exists()),
        moved => moved.map(|()| true),
    }
}

/// Deletes a file that was moved to the trash before the day of this time, and days without files.
pub(super) fn forget(root: &Path, name: &str, before: Timestamp) -> io::Result<()> {
    let first = before.date();
    for day in days(root)? {
        if day.file_name().is_none_or(|day| *day.to_string_lossy() >= *first) {
            continue;
        }
        match fs::remove_file(day.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // Fails as long as there are others.
            _ => drop(fs::remove_dir(&day)),
        }
    }
    Ok(())
}

/// Returns the files that were removed on the day of this directory, with the end of that day.
pub(super) fn thrown_on(day: &Path) -> io::Result<Vec<Listed>> {
    let at = day.file_name().and_then(|day| end_of(&day.to_string_lossy()));
    let mut found = Vec::new();
    for file in fs::read_dir(day)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if is_name(&name)
            && let Ok(meta) = file.metadata()
        {
            let at = at.unwrap_or_else(Timestamp::now);
            found.push(Listed { name, bytes: meta.len(), at });
        }
    }
    Ok(found)
}
/// Returns the end of a day, `2025-07-15`.
fn end_of(day: &str) -> Option<Timestamp> {
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = time::Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = time::Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(date.next_day()?.midnight().assume_utc().into())
}

/// Returns the directories of days, newest first. Other directories are ignored.
pub(super) fn days(root: &Path) -> io::Result<Vec<PathBuf>> {
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
    fn a_day_ends_when_the_next_begins() {
        assert_eq!(end_of("2025-12-31").unwrap().millis(), "2026-01-01T00:00:00.000Z");
        for bad in ["2025-13-01", "2025-02-30", "notes", ""] {
            assert_eq!(end_of(bad), None, "{bad}");
        }
    }
}
