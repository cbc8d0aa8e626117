//! Reads untrusted zip files: entries are read by their exact names and never unpacked to the file
//! system, so their paths are harmless, and their unpacked size is limited.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use unicode_normalization::UnicodeNormalization;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::admin::Failure;

/// Maximum number of entries.
const MAX_ENTRIES: usize = 2_000_000;
/// Maximum size of an entry in memory.
pub(super) const MAX_ENTRY: u64 = 128 * 1024 * 1024;
/// An archive may unpack to this many times its size …
const MAX_RATIO: u64 = 200;
/// … plus this allowance.
const ALLOWANCE: u64 = 1 << 30;

/// An open archive.
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    places: HashMap<String, usize>,
    /// Kind of the export in it.
    pub(super) layout: Layout,
    /// Folder that contains the export, with a trailing slash; empty for the top level.
    root: String,
    budget: u64,
    /// Entries already deducted from the budget.
    paid: HashSet<usize>,
}

/// Kind of an export, by the files at the top of its archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Slack: lists of users and channels.
    Slack,
    /// Mattermost: a JSON Lines file of this name.
    Mattermost(String),
    /// Not a known export.
    Unknown,
}

/// Why an entry could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// No entry has this name.
    Missing,
    /// It is larger than allowed.
    TooLarge,
    /// It needs a password.
    Encrypted,
    /// Its compression method is not supported.
    Unsupported,
    /// It is damaged.
    Damaged,
}

impl Unread {
    /// The reason for people.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLarge => "too large",
            Self::Encrypted => "encrypted",
            Self::Unsupported => "compressed with an unsupported method",
            Self::Damaged => "damaged",
        }
    }

    fn of(error: &ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)
            | ZipError::InvalidPassword => Self::Encrypted,
            ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
                Self::Unsupported
            }
            _ => Self::Damaged,
        }
    }
}

impl Archive {
    /// Reads the table of contents.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let broken = |why: &str| Failure::failed(format!("cannot read {}: {why}", path.display()));
        let file = File::open(path).map_err(|error| broken(&error.to_string()))?;
        let size = file.metadata().map_err(|error| broken(&error.to_string()))?.len();
        let zip =
            ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error.to_string()))?;
        if zip.len() > MAX_ENTRIES {
            return Err(broken("it has too many entries"));
        }
        if (0..zip.len()).any(|place| zip.by_index_data(place).is_ok_and(|entry| entry.encrypted()))
        {
            return Err(broken(
                "it is encrypted; unpack it with its password and pack it again without one",
            ));
        }
        let names = zip.file_names_raw().map(plain_name);
        let places: HashMap<String, usize> =
            names.enumerate().map(|(place, name)| (name, place)).collect();
        let (layout, root) = layout(&places);
        Ok(Self {
            zip,
            places,
            layout,
            root,
            budget: size.saturating_mul(MAX_RATIO).saturating_add(ALLOWANCE),
            paid: HashSet::new(),
        })
    }

    /// Index of the entry with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.places.get(&format!("{}{}", self.root, plain_name(name.as_bytes()))).copied()
    }

    /// Names of all entries.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.places
            .keys()
            .filter_map(|name| name.strip_prefix(self.root.as_str()))
            .filter(|name| !is_of_the_system(name))
    }

    /// Reads an entry of at most `limit` bytes.
    pub(super) fn read(&mut self, place: usize, limit: u64) -> Result<Vec<u8>, Unread> {
        let mut bytes = Vec::new();
        let paid = self.paid.contains(&place);
        let limit = if paid { limit } else { limit.min(self.budget) };
        let entry = self.zip.by_index(place).map_err(|error| Unread::of(&error))?;
        // The size in the archive is not trusted.
        let read =
            entry.take(limit + 1).read_to_end(&mut bytes).map_err(|_| Unread::Damaged)? as u64;
        if !paid {
            self.budget = self.budget.saturating_sub(read);
            self.paid.insert(place);
        }
        if read > limit { Err(Unread::TooLarge) } else { Ok(bytes) }
    }

    /// Reads the entry with this name, of at most `limit` bytes.
    pub(super) fn read_named(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, Unread> {
        self.find(name).ok_or(Unread::Missing).and_then(|place| self.read(place, limit))
    }

    /// Copies the lines of a Mattermost export, limited only by the budget of the archive.
    pub(super) fn copy_lines(&mut self, to: &mut File) -> Result<(), Failure> {
        let Layout::Mattermost(name) = &self.layout else {
            return Err(Failure::failed("the archive contains no Mattermost export"));
        };
        let place = self.places.get(name).copied().unwrap_or_default();
        let entry = self.zip.by_index(place).map_err(|error| {
            Failure::failed(format!("{name} in the archive is {}", Unread::of(&error).words()))
        })?;
        let directory = std::env::temp_dir();
        let cannot = |error: std::io::Error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                Failure::failed(format!("{name} in the archive is damaged: {error}"))
            }
            _ => Failure::failed(format!(
                "cannot unpack {name} into {}: {error}; set TMPDIR to use another directory",
                directory.display()
            )),
        };
        let read = std::io::copy(&mut entry.take(self.budget + 1), to).map_err(cannot)?;
        if read > self.budget {
            return Err(Failure::failed(
                "the archive unpacks to more than 200 times its size; nothing was imported",
            ));
        }
        self.budget -= read;
        Ok(())
    }
}

/// The name as UTF-8 with slashes in Unicode form NFC, since archives packed on other systems
/// differ.
fn plain_name(name: &[u8]) -> String {
    let name: String =
        String::from_utf8_lossy(name).nfc().map(|c| if c == '\\' { '/' } else { c }).collect();
    name.trim_start_matches("./").trim_start_matches('/').to_owned()
}

/// Files that desktop environments add to archives.
fn is_of_the_system(name: &str) -> bool {
    name.starts_with("__MACOSX/")
        || name
            .rsplit('/')
            .next()
            .is_some_and(|last| matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini"))
}

/// Folders in one another, around an export, that are searched for it.
const MAX_DEPTH: usize = 8;
/// Folders beside one another that are searched for an export.
const MAX_FOLDERS: usize = 16;

/// The kind of export and its folder: the top level, or the only folder, or the only folder with an
/// export. Deeper files are uploads with arbitrary names.
fn layout(places: &HashMap<String, usize>) -> (Layout, String) {
    let mut root = String::new();
    for _ in 0..MAX_DEPTH {
        if let Some(found) = at(places, &root) {
            return (found, root);
        }
        let inside = places
            .keys()
            .filter(|name| !is_of_the_system(name))
            .filter_map(|name| name.strip_prefix(root.as_str()));
        let folders: BTreeSet<&str> = inside
            .filter_map(|name| name.split_once('/'))
            .map(|(folder, _)| folder)
            .filter(|folder| *folder != "..")
            .collect();
        if folders.len() > MAX_FOLDERS {
            break;
        }
        let found: Vec<_> = folders
            .iter()
            .filter_map(|folder| {
                at(places, &format!("{root}{folder}/")).map(|found| (found, folder))
            })
            .collect();
        match (found.as_slice(), folders.len()) {
            ([(layout, folder)], _) => return (layout.clone(), format!("{root}{folder}/")),
            ([], 1) => root = format!("{root}{}/", folders.first().copied().unwrap_or_default()),
            _ => break,
        }
    }
    (Layout::Unknown, String::new())
}

/// The kind of export directly in this folder.
fn at(places: &HashMap<String, usize>, root: &str) -> Option<Layout> {
    let there = |name: &str| places.contains_key(&format!("{root}{name}"));
    if there("import.jsonl") {
        return Some(Layout::Mattermost(format!("{root}import.jsonl")));
    }
    let users = there("users.json") || there("org_users.json");
    if users && ["channels.json", "groups.json", "dms.json", "mpims.json"].into_iter().any(there) {
        return Some(Layout::Slack);
    }
    let lines = places.keys().filter(|name| {
        name.strip_prefix(root)
            .and_then(|name| name.strip_suffix(".jsonl"))
            .is_some_and(|stem| !stem.contains('/'))
    });
    lines.min().map(|name| Layout::Mattermost(name.clone()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(entries: &[(&str, &str)]) -> Result<Archive, Failure> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("export.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        Archive::open(&path)
    }

    #[test]
    fn entries_are_found_by_name_and_bounded() {
        let bomb = "0".repeat(5000);
        let mut archive = packed(&[
            ("team/users.json", "[]"),
            ("team/channels.json", "[]"),
            ("team/공지/2025-07-15.json", "[1]"),
            ("team\\ops\\2025-07-15.json", "[3]"),
            ("../../outside.json", "[2]"),
            ("team/bomb.json", &bomb),
        ])
        .unwrap();
        assert_eq!(archive.layout, Layout::Slack);
        assert_eq!(archive.read_named("users.json", 10).unwrap(), b"[]");
        let decomposed: String = "공지/2025-07-15.json".nfd().collect();
        assert_eq!(archive.read_named(&decomposed, 10).unwrap(), b"[1]");
        assert_eq!(archive.read_named("ops/2025-07-15.json", 10).unwrap(), b"[3]");
        assert_eq!(archive.read_named("bomb.json", 4999), Err(Unread::TooLarge));
        assert_eq!(archive.read_named("../outside.json", 10), Err(Unread::Missing));
        assert!(!archive.names().any(|name| name.contains("..")));
    }

    #[test]
    fn the_layout_is_detected_from_the_top_folder() {
        let slack = &[("users.json", "[]"), ("channels.json", "[]")][..];
        let version = "{\"type\":\"version\",\"version\":1}";
        for (entries, layout, root) in [
            (slack, Layout::Slack, ""),
            (&[("users.json", ""), ("dms.json", "")], Layout::Slack, ""),
            (&[("org_users.json", ""), ("channels.json", "")], Layout::Slack, ""),
            (
                &[("a\\users.json", ""), ("a\\channels.json", ""), ("a\\general\\x.json", "")],
                Layout::Slack,
                "a/",
            ),
            (
                &[
                    ("a/b/users.json", ""),
                    ("a/b/channels.json", ""),
                    ("__MACOSX/a/._users.json", ""),
                ],
                Layout::Slack,
                "a/b/",
            ),
            (
                &[("a/users.json", ""), ("a/channels.json", ""), ("readme.txt", "")],
                Layout::Slack,
                "a/",
            ),
            (
                &[("import.jsonl", version), ("data/users.json", ""), ("data/channels.json", "")],
                Layout::Mattermost("import.jsonl".to_owned()),
                "",
            ),
            (
                &[("other.jsonl", version), ("data/a/users.json", "")],
                Layout::Mattermost("other.jsonl".to_owned()),
                "",
            ),
            (
                &[("x/import.jsonl", version), ("x/data/a.png", "")],
                Layout::Mattermost("x/import.jsonl".to_owned()),
                "x/",
            ),
            (&[("users.json", "")], Layout::Unknown, ""),
            (&[("data/a/users.json", ""), ("data/b/channels.json", "")], Layout::Unknown, ""),
        ] {
            let archive = packed(entries).unwrap();
            assert_eq!((&archive.layout, archive.root.as_str()), (&layout, root), "{entries:?}");
        }
    }

    #[test]
    fn an_entry_that_is_read_twice_counts_once() {
        let mut archive = packed(&[("a.json", &"0".repeat(600))]).unwrap();
        archive.budget = 1000;
        let place = archive.find("a.json").unwrap();
        assert!(archive.read(place, 600).is_ok() && archive.read(place, 600).is_ok());
        assert_eq!(archive.budget, 400);
    }
}
