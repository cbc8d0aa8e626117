//! What a backup is: a tar archive, compressed by zstd, of `backup.json`, `chat.db`, `media/NAME`
//! of each uploaded file, and `manifest.json` with the sums of all before it, in this order; then
//! the seal. `zstd -d` and `tar` read it too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::store::engine::upkeep::checkup::{epoch_of, instance_of};
use crate::store::engine::upkeep::{Counts, UpkeepError};
use crate::store::files::place;

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
/// How a backup ends.
pub const ENDING: &str = ".tar.zst";
/// What comes behind that when the data were not whole: it is never taken for a backup, but may be
/// all there is.
pub const DAMAGED: &str = ".damaged";
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
    /// Whose it is; empty in those of earlier versions.
    #[serde(default)]
    pub instance: String,
    /// The name of the machine that made it; empty in those of earlier versions.
    #[serde(default)]
    pub host: String,
}

/// To whom a backup belongs: several servers may keep theirs in one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The id of the instance.
    pub instance: String,
    /// The epoch of its database now, by which backups of earlier versions are known.
    pub epoch: String,
}

impl Owner {
    /// Whose the database of a data directory is, which a server may have open.
    pub fn of(database: &Path, live: bool) -> Result<Self, UpkeepError> {
        Ok(Self { instance: instance_of(database, live)?, epoch: epoch_of(database, live)? })
    }

    /// Whether a backup that begins so is theirs.
    pub fn owns(&self, head: &Head) -> bool {
        if head.instance.is_empty() {
            head.epoch == self.epoch
        } else {
            head.instance == self.instance
        }
    }
}

/// The last entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// By the name of the entry.
    pub(super) entries: BTreeMap<String, Sum>,
    /// Uploaded files that the database tells of and that were not there when the backup was made.
    pub(super) missing: Vec<String>,
    /// Uploaded files whose bytes were not those of their name any more when the backup was made.
    #[serde(default)]
    pub(super) altered: Vec<String>,
}

/// What an entry must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Its bytes.
    pub(super) bytes: u64,
    /// In hexadecimal.
    pub(super) sha256: String,
}

/// The entries that there may be. A name of an archive becomes one of these or nothing, so it never
/// becomes a path.
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
            other => other
                .strip_prefix(MEDIA)
                .filter(|name| place(Path::new(""), name).is_some())
                .map(|name| Self::Media(name.to_owned())),
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
pub fn stamp(at: Timestamp) -> String {
    at.seconds().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// `chatctl-20261121T081102Z-HOST-1a2b3c4d.tar.zst`; `number` above 1 tells several of one second
/// apart.
pub(super) fn file_name(created: Timestamp, host: &str, instance: &str, number: u32) -> String {
    let instance = instance.get(..8).unwrap_or(instance);
    let number = if number > 1 { number.to_string() } else { String::new() };
    let at = stamp(created);
    let parts: Vec<&str> = [PRODUCT, &at, host, instance, &number]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    format!("{}{ENDING}", parts.join("-"))
}

/// The first name of this head that no file of the directory has yet.
pub fn unused_name(directory: &Path, head: &Head, ending: &str) -> PathBuf {
    let created = moment(&head.created).unwrap_or_else(Timestamp::now);
    let named = |number| {
        directory
            .join(format!("{}{ending}", file_name(created, &head.host, &head.instance, number)))
    };
    (1..1_000).map(&named).find(|path| !path.exists()).unwrap_or_else(|| named(1))
}

/// The moment that a backup says of itself.
pub fn moment(text: &str) -> Option<Timestamp> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .ok()
        .map(Timestamp::from)
}

/// The name of this machine as it may stand in the name of a file.
pub(super) fn host() -> String {
    host_of(&std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default())
}

fn host_of(name: &str) -> String {
    let plain: String = name
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(32)
        .collect();
    plain.trim_matches('-').to_owned()
}

/// Whether a file is called as a backup is.
pub(super) fn is_file_name(name: &str) -> bool {
    let Some(at) = name.strip_prefix("chatctl-").and_then(|rest| rest.strip_suffix(ENDING)) else {
        return false;
    };
    let Some((at, rest)) = at.split_at_checked(16) else { return false };
    let stamp = at.char_indices().all(|(n, c)| match n {
        8 => c == 'T',
        15 => c == 'Z',
        _ => c.is_ascii_digit(),
    });
    stamp
        && (rest.is_empty()
            || rest.starts_with('-')
                && rest.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_their_moment() {
        let at = Timestamp(1_752_589_930_245);
        for (host, instance, number, wanted) in [
            ("", "", 1, "chatctl-20250715T143210Z.tar.zst"),
            ("chat-1", "0123456789abcdef", 1, "chatctl-20250715T143210Z-chat-1-01234567.tar.zst"),
            ("chat-1", "0123456789abcdef", 2, "chatctl-20250715T143210Z-chat-1-01234567-2.tar.zst"),
        ] {
            let name = file_name(at, host, instance, number);
            assert_eq!(name, wanted);
            assert!(is_file_name(&name));
        }
        for other in [
            "chatctl-20250715T143210Zx.tar.zst",
            "chatctl-20250715T143210Z-A.tar.zst",
            "chatctl-20250715T143210Z-a.tar.zst.damaged",
            "chatctl-.tar.zst",
            "chatctl-20250715T143210Z.tar.zst.part",
            "chatctl-20250715T143210.tar.zst",
            "notes.tar.zst",
            "chatctl-2025071ST143210Z.tar.zst",
        ] {
            assert!(!is_file_name(other), "{other}");
        }
    }

    #[test]
    fn a_host_is_named_by_what_any_file_system_takes() {
        for (name, wanted) in
            [("Chat.Example.org\n", "chat-example-org"), ("", ""), ("-a_b-", "a-b")]
        {
            assert_eq!(host_of(name), wanted);
        }
        assert_eq!(host_of(&"x".repeat(80)), "x".repeat(32));
    }

    #[test]
    fn only_what_is_in_a_backup_is_an_entry() {
        let media = format!("media/{}", "0a".repeat(64));
        for name in [HEAD, DATABASE, MANIFEST, &media] {
            assert_eq!(
                Entry::parse(name.as_bytes()).map(|entry| entry.name()).as_deref(),
                Some(name)
            );
        }
        let (upper, long) = (media.to_uppercase(), format!("{media}0"));
        for name in [
            "",
            "../chat.db",
            "/chat.db",
            "./chat.db",
            "media/",
            "media/../chat.db",
            "media/x",
            "chat.db/",
            "search.db",
            &upper,
            &long,
        ] {
            assert_eq!(Entry::parse(name.as_bytes()), None, "{name}");
        }
        assert_eq!(Entry::parse(b"chat\xff.db"), None);
    }
}
