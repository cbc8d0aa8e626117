//! Which instances keep uploads in a directory: a file with their ids, so that nobody removes what
//! another's database knows.
//!
//! All of it blocks.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How the file is called below the directory of uploaded files.
pub const OWNER: &str = "owner";

const ABOUT: &str = "# The instances of chatctl whose uploads are here. While there is another \
                     than the one that runs, nothing is removed.\n";

/// Their ids; none where nobody has said so yet.
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

/// Adds an instance, if it is not among them.
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
