//! What a backup is: a tar archive, compressed by zstd, of `backup.json`, `chat.db`, `media/NAME` of each uploaded file, and
//! `manifest.json` with the sums of all before it, in this order; then the seal. `zstd -d` and `tar` read it too.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::store::files::place;
use crate::store::sqlite::upkeep::Counts;

/// Of what is described here; another number is refused.
pub(super) const FORMAT: u32 = 1;
/// What made it.
pub(super) const PRODUCT: &str = "chatctl";
/// The first entry.
pub(super) const HEAD: &str = "backup.json";
/// The database.
pub(super) const DATABASE: &str = "chat.db";
/// The last entry.
pub(super) const MANIFEST: &str = "manifest.json";
/// Before the name of each uploaded file.
const MEDIA: &str = "media/";

/// The first entry: what can be known without reading the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the format.
    pub format: u32,
    /// `chatctl`.
    pub product: String,
    /// Its version.
    pub version: String,
    /// The schema of the database.
    pub schema: u32,
    /// When its moment was, ISO 8601.
    pub created: String,
    /// The epoch of the database.
    pub epoch: String,
    /// What is in it.
    pub counts: Counts,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes of the uploaded files.
    pub media_bytes: u64,
}

/// The last entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// By the name of the entry.
    pub(super) entries: BTreeMap<String, Sum>,
    /// Uploaded files that the database tells of and that were not there when the backup was made.
    pub(super) missing: Vec<String>,
}

/// What an entry must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Its bytes.
    pub(super) bytes: u64,
    /// In hexadecimal.
    pub(super) sha256: String,
}

/// The entries that there may be. A name of an archive becomes one of these or nothing, so it never becomes a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Head,
    Database,
    Media(String),
    Manifest,
}

impl Entry {
    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        match std::str::from_utf8(name).ok()? {
            HEAD => Some(Self::Head),
            DATABASE => Some(Self::Database),
            MANIFEST => Some(Self::Manifest),
            other => other.strip_prefix(MEDIA).filter(|name| place(Path::new(""), name).is_some()).map(|name| Self::Media(name.to_owned())),
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Head => HEAD.to_owned(),
            Self::Database => DATABASE.to_owned(),
            Self::Media(name) => format!("{MEDIA}{name}"),
            Self::Manifest => MANIFEST.to_owned(),
        }
    }
}

/// `20261121T081102Z`.
pub(super) fn stamp(at: Timestamp) -> String {
    at.seconds().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// `chatctl-20261121T081102Z.tar.zst`.
pub fn file_name(created: Timestamp) -> String {
    format!("{PRODUCT}-{}.tar.zst", stamp(created))
}

/// Whether a file is called as a backup is.
pub(super) fn is_file_name(name: &str) -> bool {
    let Some(at) = name.strip_prefix("chatctl-").and_then(|rest| rest.strip_suffix(".tar.zst")) else { return false };
    at.len() == 16
        && at.char_indices().all(|(n, c)| match n {
            8 => c == 'T',
            15 => c == 'Z',
            _ => c.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_their_moment() {
        let name = file_name(Timestamp(1_752_589_930_245));
        assert_eq!(name, "chatctl-20250715T143210Z.tar.zst");
        assert!(is_file_name(&name));
        for other in ["chatctl-20250715T143210Z.tar.zst.part", "chatctl-20250715T143210.tar.zst", "notes.tar.zst", "chatctl-2025071ST143210Z.tar.zst"] {
            assert!(!is_file_name(other), "{other}");
        }
    }

    #[test]
    fn only_what_is_in_a_backup_is_an_entry() {
        let media = format!("media/{}", "0a".repeat(64));
        for name in [HEAD, DATABASE, MANIFEST, &media] {
            assert_eq!(Entry::parse(name.as_bytes()).map(|entry| entry.name()).as_deref(), Some(name));
        }
        let (upper, long) = (media.to_uppercase(), format!("{media}0"));
        for name in ["", "../chat.db", "/chat.db", "./chat.db", "media/", "media/../chat.db", "media/x", "chat.db/", "search.db", &upper, &long] {
            assert_eq!(Entry::parse(name.as_bytes()), None, "{name}");
        }
        assert_eq!(Entry::parse(b"chat\xff.db"), None);
    }
}
