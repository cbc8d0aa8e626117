//! Reads the latest log lines from the log files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Maximum bytes read from one file.
const MOST: u64 = 4 << 20;

/// The latest lines of all log files, oldest first.
pub(super) fn latest(directory: &Path, count: usize) -> io::Result<String> {
    let mut lines: Vec<String> = Vec::new();
    for path in newest_first(directory)? {
        if lines.len() >= count {
            break;
        }
        let mut earlier = last_of(&path)?;
        earlier.append(&mut lines);
        lines = earlier;
    }
    let from = lines.len().saturating_sub(count);
    Ok(lines[from..].iter().flat_map(|line| [line.as_str(), "\n"]).collect())
}

fn newest_first(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let meta = entry.metadata()?;
        // Skip old files that logrotate has compressed.
        if meta.is_file()
            && name.starts_with("chatctl.log")
            && entry.path().extension().is_none_or(|ending| ending != "gz")
        {
            found.push((meta.modified()?, entry.path()));
        }
    }
    found.sort();
    Ok(found.into_iter().rev().map(|(_, path)| path).collect())
}

fn last_of(path: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let begin = file.metadata()?.len().saturating_sub(MOST);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line may be incomplete.
    Ok(text.lines().skip(usize::from(begin > 0)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_from_several_files() {
        let dir = tempfile::tempdir().unwrap();
        for (age, name, text) in [
            (3, "chatctl.log.2025-07-13", "a\nb\n"),
            (2, "chatctl.log.2025-07-14", "c\nd\n"),
            (1, "chatctl.log.2025-07-15", "e\n"),
            (0, "other", "x\n"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
            let file = File::options().write(true).open(dir.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
        }
        assert_eq!(latest(dir.path(), 2).unwrap(), "d\ne\n");
        assert_eq!(latest(dir.path(), 4).unwrap(), "b\nc\nd\ne\n");
        assert_eq!(latest(dir.path(), 100).unwrap(), "a\nb\nc\nd\ne\n");
    }
}
