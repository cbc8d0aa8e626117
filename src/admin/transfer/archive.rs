//! A zip file of somebody else: entries are read by their exact names and never unpacked to the disk, so their paths do no harm, and
//! what they may unpack to is bounded.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use unicode_normalization::UnicodeNormalization;
use zip::ZipArchive;

use crate::admin::Failure;

/// Entries of an archive.
const MAX_ENTRIES: usize = 2_000_000;
/// One entry in memory.
pub(super) const MAX_ENTRY: u64 = 128 * 1024 * 1024;
/// An archive may unpack to so many times its size …
const MAX_RATIO: u64 = 200;
/// … and this.
const ALLOWANCE: u64 = 1 << 30;

/// An open archive.
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    places: HashMap<String, usize>,
    root: String,
    budget: u64,
}

/// Why an entry was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// There is none of this name.
    Missing,
    /// It is larger than allowed.
    TooLarge,
    /// It is damaged.
    Damaged,
}

impl Archive {
    /// Reads the table of contents.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let broken = |why: &str| Failure::failed(format!("cannot read {}: {why}", path.display()));
        let file = File::open(path).map_err(|error| broken(&error.to_string()))?;
        let size = file.metadata().map_err(|error| broken(&error.to_string()))?.len();
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error.to_string()))?;
        if zip.len() > MAX_ENTRIES {
            return Err(broken("it has too many entries"));
        }
        // Names are UTF-8 whatever the archive says of them, and composed: one that was packed anew on another system may differ.
        let names = zip.file_names_raw().map(|name| String::from_utf8_lossy(name).nfc().collect::<String>());
        let places: HashMap<String, usize> = names.enumerate().map(|(place, name)| (name, place)).collect();
        // Some tools put everything into one folder.
        let users = places.keys().filter(|name| *name == "users.json" || name.ends_with("/users.json")).min_by_key(|name| name.len());
        let root = users.and_then(|name| name.strip_suffix("users.json")).unwrap_or_default().to_owned();
        Ok(Self { zip, places, root, budget: size.saturating_mul(MAX_RATIO).saturating_add(ALLOWANCE) })
    }

    /// Where an entry is.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.places.get(&format!("{}{}", self.root, name.nfc().collect::<String>())).copied()
    }

    /// The names of all entries.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().filter_map(|name| name.strip_prefix(self.root.as_str()))
    }

    /// What an entry holds, up to `limit` bytes.
    pub(super) fn read(&mut self, place: usize, limit: u64) -> Result<Vec<u8>, Unread> {
        let mut bytes = Vec::new();
        let limit = limit.min(self.budget);
        let entry = self.zip.by_index(place).map_err(|_| Unread::Damaged)?;
        // What the archive says of the size proves nothing.
        let read = entry.take(limit + 1).read_to_end(&mut bytes).map_err(|_| Unread::Damaged)? as u64;
        self.budget = self.budget.saturating_sub(read);
        if read > limit { Err(Unread::TooLarge) } else { Ok(bytes) }
    }

    /// The entry of this name, up to `limit` bytes.
    pub(super) fn read_named(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, Unread> {
        self.find(name).ok_or(Unread::Missing).and_then(|place| self.read(place, limit))
    }

    /// Copies an entry, however large within what the archive may unpack to.
    pub(super) fn copy(&mut self, place: usize, to: &mut File) -> Result<(), Failure> {
        let entry = self.zip.by_index(place).map_err(|error| Failure::failed(format!("the archive is damaged: {error}")))?;
        let read = std::io::copy(&mut entry.take(self.budget + 1), to).map_err(|error| Failure::failed(format!("cannot unpack the archive: {error}")))?;
        if read > self.budget {
            return Err(Failure::failed("the archive unpacks to more than 200 times its size; nothing was taken"));
        }
        self.budget -= read;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn entries_are_found_by_name_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("export.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in
            [("team/users.json", "[]"), ("team/공지/2025-07-15.json", "[1]"), ("../../outside.json", "[2]"), ("team/bomb.json", &"0".repeat(5000))]
        {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        let mut archive = Archive::open(&path).unwrap();
        assert_eq!(archive.read_named("users.json", 10).unwrap(), b"[]");
        let decomposed: String = "공지/2025-07-15.json".nfd().collect();
        assert_eq!(archive.read_named(&decomposed, 10).unwrap(), b"[1]");
        assert_eq!(archive.read_named("bomb.json", 4999), Err(Unread::TooLarge));
        assert_eq!(archive.read_named("../outside.json", 10), Err(Unread::Missing));
        assert!(!archive.names().any(|name| name.contains("..")));
    }
}
