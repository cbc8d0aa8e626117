//! Instances with uploads in a directory: a file with their ids, so that no instance removes files
//! known to another's database.
//!
//! All functions block.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Name of the file in the directory of uploaded files.
pub const OWNER: &str = "owner";

const ABOUT: &str = "# Ids of the chatctl instances with uploads in this directory. While other \
                     instances are listed,\n# no files are removed.\n";

/// Returns their ids; none if no instance is registered.
pub fn owners(root: &Path) -> io::Result<Vec<String>> {
    match fs::read_to_string(root.join(OWNER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => Ok(text?
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()),
    }
}

/// Adds an instance unless it is listed already.
pub fn join(root: &Path, instance: &str) -> io::Result<()> {
    let mut all = owners(root)?;
    if all.iter().any(|owner| owner == instance) {
        return Ok(());
    }
    all.push(instance.to_owned());
    let (path, new) = (root.join(OWNER), root.join(format!("{OWNER}.new")));
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(format!("{ABOUT}{}\n", all.join("\n")).as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)?;
    File::open(root)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_remembered_once_and_notes_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert!(owners(root).unwrap().is_empty());
        for instance in ["aa", "bb", "aa"] {
            join(root, instance).unwrap();
        }
        assert_eq!(owners(root).unwrap(), ["aa", "bb"]);
        fs::write(root.join(OWNER), "# of us\r\n\r\n aa \r\n").unwrap();
        assert_eq!(owners(root).unwrap(), ["aa"]);
    }
}
