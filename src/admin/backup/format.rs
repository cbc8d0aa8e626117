//! The backup format: a tar archive compressed with zstd. It contains `backup.json`, `chat.db`,
//! `media/NAME` for each uploaded file, and `manifest.json` with the checksums of the other
//! entries, in this order; then the seal. `zstd -d` and `tar` can read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::store::engine::upkeep::checkup::{epoch_of, instance_of};
use crate::store::engine::upkeep::{Counts, UpkeepError};
use crate::store::files::place;

/// Version of this format; others are refused.
pub(super) const FORMAT: u32 = 1;
/// Product name in the header.
pub(super) const PRODUCT: &str = "chatctl";
/// Name of the first entry.
pub(super) const HEAD: &str = "backup.json";
/// Name of the database entry.
pub(super) const DATABASE: &str = "chat.db";
/// Name of the last entry.
pub(super) const MANIFEST: &str = "manifest.json";
/// File name ending of a backup.
pub const ENDING: &str = ".tar.zst";
/// Additional ending of an encrypted backup.
pub const ENCRYPTED: &str = ".age";
/// Additional ending of a backup of damaged data, which does not count as a backup but may be all
/// that is left.
pub const DAMAGED: &str = ".damaged";
/// Number of digits of the instance id in a file name.
pub(super) const INSTANCE: usize = 8;
/// Prefix of the entries of uploaded files.
const MEDIA: &str = "media/";

/// The first entry: the header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Format version.
    pub format: u32,
    /// `chatctl`.
    pub product: String,
    /// Version of the product.
    pub version: String,
    /// Schema version of the database.
    pub schema: u32,
    /// Time of the database snapshot, ISO 8601.
    pub created: String,
    /// Epoch of the database.
    pub epoch: String,
    /// Number of accounts, rooms, messages and files.
    pub counts: Counts,
    /// Size of the database.
    pub database_bytes: u64,
    /// Total size of the uploaded files that the backup contains.
    pub media_bytes: u64,
    /// URL of the bucket in which the uploaded files are instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_in: Option<String>,
    /// Id of the instance; empty in backups of earlier versions.
    #[serde(default)]
    pub instance: String,
    /// Host name of the machine; empty in backups of earlier versions.
    #[serde(default)]
    pub host: String,
}

/// The instance that a backup belongs to: several servers may share a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Id of the instance.
    pub instance: String,
    /// Current epoch of its database, which identifies backups of earlier versions.
    pub epoch: String,
}

impl Owner {
    /// The instance of a database, which a server may have open.
    pub fn of(database: &Path, live: bool) -> Result<Self, UpkeepError> {
        Ok(Self { instance: instance_of(database, live)?, epoch: epoch_of(database, live)? })
    }

    /// Whether an encrypted backup belongs to the instance, as far as its name tells.
    pub(super) fn named(&self, named: &Named) -> bool {
        !named.instance.is_empty() && self.instance.starts_with(&named.instance)
    }

    /// Whether a backup with this header belongs to the instance.
    pub fn owns(&self, head: &Head) -> bool {
        if head.instance.is_empty() {
            head.epoch == self.epoch
        } else {
            head.instance == self.instance
        }
    }
}

/// The last entry: the checksums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Size and checksum by entry name.
    pub(super) entries: BTreeMap<String, Sum>,
    /// Uploaded files that were missing when the backup was made.
    pub(super) missing: Vec<String>,
    /// Uploaded files whose content did not match their name when the backup was made.
    #[serde(default)]
    pub(super) altered: Vec<String>,
}

/// Expected size and checksum of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Size in bytes.
    pub(super) bytes: u64,
    /// SHA-256 in hexadecimal.
    pub(super) sha256: String,
}

/// The possible entries. Names in an archive are parsed into these and never used as paths.
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

/// A timestamp for file names: `20261121T081102Z`.
pub fn stamp(at: Timestamp) -> String {
    at.seconds().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// `chatctl-20261121T081102Z-HOST-1a2b3c4d.tar.zst`; a `number` above 1 distinguishes backups of
/// the same second.
pub(super) fn file_name(created: Timestamp, host: &str, instance: &str, number: u32) -> String {
    let instance = instance.get(..INSTANCE).unwrap_or(instance);
    let number = if number > 1 { number.to_string() } else { String::new() };
    let at = stamp(created);
    let parts: Vec<&str> = [PRODUCT, &at, host, instance, &number]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    format!("{}{ENDING}", parts.join("-"))
}

/// What is appended to the name of a backup: `.age`, `.damaged`, or both.
pub fn more_endings(encrypted: bool, damaged: bool) -> String {
    let endings = [(encrypted, ENCRYPTED), (damaged, DAMAGED)];
    endings.iter().filter(|(given, _)| *given).map(|(_, ending)| *ending).collect()
}

/// The name of a backup with this header, with more endings; a `number` above 1 distinguishes
/// backups of the same second.
pub(super) fn name_of(head: &Head, endings: &str, number: u32) -> String {
    let created = moment(&head.created).unwrap_or_else(Timestamp::now);
    format!("{}{endings}", file_name(created, &head.host, &head.instance, number))
}

/// The first unused file name for a backup with this header, with more endings.
pub fn unused_name(directory: &Path, head: &Head, endings: &str) -> PathBuf {
    let named = |number| directory.join(name_of(head, endings, number));
    (1..1_000).map(&named).find(|path| !path.exists()).unwrap_or_else(|| named(1))
}

/// Parses the time in a header.
pub fn moment(text: &str) -> Option<Timestamp> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .ok()
        .map(Timestamp::from)
}

/// The host name of this machine, reduced to characters that are safe in file names.
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

/// What the name of a backup tells: of an encrypted one, nothing else is known without its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Creation time, ISO 8601.
    pub created: String,
    /// First eight digits of the instance id; empty in backups of earlier versions.
    pub instance: String,
    /// Whether it ends in `.age`.
    pub encrypted: bool,
    /// Whether it ends in `.damaged`.
    pub damaged: bool,
}

impl Named {
    /// Parses the name of a backup; None if it does not have the form of one.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (name, damaged) = strip(name, DAMAGED);
        let (name, encrypted) = strip(name, ENCRYPTED);
        let (at, rest) =
            name.strip_prefix("chatctl-")?.strip_suffix(ENDING)?.split_at_checked(16)?;
        let is_stamp = at.char_indices().all(|(n, c)| match n {
            8 => c == 'T',
            15 => c == 'Z',
            _ => c.is_ascii_digit(),
        });
        let is_plain = |c: char| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit();
        if !is_stamp || !(rest.is_empty() || rest.starts_with('-') && rest.chars().all(is_plain)) {
            return None;
        }
        let (date, time) = (at.get(..8)?, at.get(9..15)?);
        let of_date = [date.get(..4)?, date.get(4..6)?, date.get(6..)?].join("-");
        let of_time = [time.get(..2)?, time.get(2..4)?, time.get(4..)?].join(":");
        let created = format!("{of_date}T{of_time}Z");
        Some(Self { created, instance: instance_in(rest).to_owned(), encrypted, damaged })
    }
}

/// Removes an ending; second: whether it was there.
fn strip<'a>(name: &'a str, ending: &str) -> (&'a str, bool) {
    name.strip_suffix(ending).map_or((name, false), |name| (name, true))
}

/// The instance in `-HOST-INSTANCE` or `-HOST-INSTANCE-NUMBER`.
fn instance_in(rest: &str) -> &str {
    let is_instance =
        |part: &&str| part.len() == INSTANCE && part.chars().all(|c| c.is_ascii_hexdigit());
    let is_number = |part: &str| part.len() <= 3 && part.chars().all(|c| c.is_ascii_digit());
    let mut parts = rest.rsplit('-');
    match parts.next() {
        Some(last) if is_instance(&last) => last,
        Some(last) if is_number(last) => parts.next().filter(is_instance).unwrap_or_default(),
        _ => "",
    }
}

/// Whether a file name has the form of the name of an undamaged backup.
pub(super) fn is_file_name(name: &str) -> bool {
    Named::parse(name).is_some_and(|named| !named.damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_their_time() {
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
            "chatctl-20250715T143210Z-a.tar.zst.age.damaged",
            "chatctl-20250715T143210Z-a.tar.zst.age.age",
            "chatctl-20250715T143210Z-a.age",
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
    fn a_name_tells_time_and_instance() {
        for (rest, instance) in [
            ("", ""),
            ("-chat-1-01234567", "01234567"),
            ("-chat-1-01234567-2", "01234567"),
            ("-01234567-2", "01234567"),
            ("-chat-1", ""),
            ("-0123456", ""),
            ("-01234567-chat", ""),
        ] {
            for encrypted in [false, true] {
                let endings = more_endings(encrypted, true);
                let name = format!("chatctl-20250715T143210Z{rest}.tar.zst{endings}");
                let wanted = Named {
                    created: "2025-07-15T14:32:10Z".to_owned(),
                    instance: instance.to_owned(),
                    encrypted,
                    damaged: true,
                };
                assert_eq!(Named::parse(&name), Some(wanted), "{name}");
            }
        }
    }

    #[test]
    fn a_host_name_is_reduced_to_safe_characters() {
        for (name, wanted) in
            [("Chat.Example.org\n", "chat-example-org"), ("", ""), ("-a_b-", "a-b")]
        {
            assert_eq!(host_of(name), wanted);
        }
        assert_eq!(host_of(&"x".repeat(80)), "x".repeat(32));
    }

    #[test]
    fn only_known_names_are_entries() {
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
