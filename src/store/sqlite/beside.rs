//! Reads a database file beside SQLite, without harm to its locks.
//!
//! POSIX drops all locks of a process on a file as soon as the process closes any descriptor of it,
//! also those that SQLite holds: another program would then believe that nobody uses the database,
//! and remove its write-ahead log. So a file that was opened here is never closed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The files opened so far, by device and inode.
static OPENED: Mutex<Option<HashMap<(u64, u64), File>>> = Mutex::new(None);

/// Returns the first bytes of a file, at most so many.
pub(super) fn head(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.get_or_insert_default();
    let meta = fs::metadata(path)?;
    let key = (meta.dev(), meta.ino());
    let file = match opened.get(&key) {
        Some(file) => file,
        None => opened.entry(key).or_insert(File::open(path)?),
    };
    let mut bytes = vec![0; most];
    let mut read = 0;
    while read < most {
        match file.read_at(&mut bytes[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_that_of_the_present_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert_eq!(head(&path, 4).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, "one").unwrap();
        assert_eq!(head(&path, 4).unwrap(), b"one");
        fs::write(dir.path().join("other"), "another").unwrap();
        fs::rename(dir.path().join("other"), &path).unwrap();
        assert_eq!(head(&path, 4).unwrap(), b"anot");
    }
}
