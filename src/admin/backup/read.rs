//! Reads a backup from its first byte to its last and collects its problems.
//!
//! The content of a backup is not trusted: names are parsed into known entries, anything but a
//! regular file is refused, and every checksum is recomputed.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::checksum::Unsealing;
use super::encryption::{TELLING, is_encrypted};
use super::format::{DATABASE, Entry, FORMAT, HEAD, Head, MANIFEST, Manifest, PRODUCT, Sum};
use super::input::Input;
use super::{Failure, Progress, interrupted};
use crate::admin::Kind;
use crate::store::engine::upkeep::{UpkeepError, examine, inspect};

/// Maximum size of the first entry.
const MAX_HEAD: u64 = 64 * 1024;
/// Maximum size of the last entry, enough for millions of files.
const MAX_MANIFEST: u64 = 1024 * 1024 * 1024;
/// Maximum number of reported problems of each kind.
const MOST: usize = 20;

/// The content of a backup and its problems.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) head: Option<Head>,
    pub(super) manifest: Manifest,
    /// Entries with their computed checksums.
    pub(super) entries: BTreeMap<Entry, Sum>,
    /// Problems, one sentence each.
    pub(super) problems: Vec<String>,
}

/// Opens the target file of an entry; None only computes the checksum.
pub(super) type Place<'p> = &'p mut dyn FnMut(&Entry) -> io::Result<Option<File>>;

/// Reads a backup. Fails only if the file cannot be opened, a target cannot be written, or it was
/// interrupted.
pub(super) fn read(
    input: Input,
    place: Place<'_>,
    progress: Progress<'_>,
) -> Result<Contents, Failure> {
    let mut contents = Contents::default();
    let Input { opened, bytes, done, trouble, .. } = input;
    let from = match opened {
        Ok(from) => from,
        Err(problem) => {
            contents.problems.push(problem);
            return Ok(contents);
        }
    };
    let stopped = Cell::new(false);
    let mut sealed =
        Unsealing::new(Counted { from, done, all: bytes, progress, stopped: &stopped });
    let went = through(&mut sealed, place, &mut contents);
    if stopped.get() {
        return Err(interrupted());
    }
    if let Some(failure) = trouble.get() {
        return Err(failure.clone());
    }
    match went {
        Ok(()) => {
            contents.compare();
            if contents.problems.is_empty() && !sealed.whole() {
                contents
                    .problems
                    .push("The file has changed: its checksum does not match.".to_owned());
            }
        }
        Err(Stop::Unreadable(error)) => {
            contents.problems.push(format!("The file is damaged or truncated: {error}."));
        }
        Err(Stop::Refused(why)) => contents.problems.push(why),
        Err(Stop::Place(error)) => {
            return Err(Failure::failed(format!(
                "cannot write the content of the backup: {error}"
            )));
        }
    }
    Ok(contents)
}

/// Reads only the header; None if the file is encrypted.
pub(super) fn peek(mut from: impl Read) -> Result<Option<Head>, String> {
    let mut begin = Vec::new();
    from.by_ref()
        .take(TELLING as u64)
        .read_to_end(&mut begin)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if is_encrypted(&begin) { Ok(None) } else { read_head(begin.as_slice().chain(from)).map(Some) }
}

/// Reads only the header of a backup that is not encrypted.
pub(super) fn read_head(from: impl Read) -> Result<Head, String> {
    let unreadable = |error: io::Error| format!("it is damaged or not a backup: {error}");
    let mut archive = tar::Archive::new(zstd::Decoder::new(from).map_err(unreadable)?);
    let first =
        archive.entries().map_err(unreadable)?.next().ok_or("it is empty")?.map_err(unreadable)?;
    if first.path_bytes().as_ref() != HEAD.as_bytes() {
        return Err(format!("it does not begin with {HEAD}"));
    }
    let mut text = Vec::new();
    first.take(MAX_HEAD).read_to_end(&mut text).map_err(unreadable)?;
    head(&text)
}

/// Why reading ended early.
enum Stop {
    Unreadable(io::Error),
    Refused(String),
    Place(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

fn through(from: impl Read, place: Place<'_>, contents: &mut Contents) -> Result<(), Stop> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(from)?);
    let mut media = 0_u64;
    for item in archive.entries()? {
        let mut item = item?;
        let name = item.path_bytes().into_owned();
        let shown = String::from_utf8_lossy(&name).escape_debug().to_string();
        let Some(entry) = Entry::parse(&name) else {
            return Err(Stop::Refused(format!("Unexpected entry {shown}.")));
        };
        if item.header().entry_type() != tar::EntryType::Regular {
            return Err(Stop::Refused(format!("{shown} is not a regular file.")));
        }
        if contents.head.is_none() != (entry == Entry::Head)
            || contents.entries.contains_key(&Entry::Manifest)
            || contents.entries.contains_key(&entry)
        {
            return Err(Stop::Refused(format!("{shown} is in the wrong position.")));
        }
        let bytes = item.size();
        if let Some(head) = &contents.head {
            // The header limits how much is written to disk.
            let announced = match &entry {
                Entry::Database if bytes != head.database_bytes => Some(head.database_bytes),
                Entry::Media(_) if media.saturating_add(bytes) > head.media_bytes => {
                    Some(head.media_bytes)
                }
                _ => None,
            };
            if let Some(announced) = announced {
                return Err(Stop::Refused(format!(
                    "{shown} has {bytes} bytes instead of the {announced} in {HEAD}."
                )));
            }
            media += if matches!(entry, Entry::Media(_)) { bytes } else { 0 };
        }
        let sum = match &entry {
            Entry::Head => {
                let text = text(&mut item, MAX_HEAD, &shown)?;
                contents.head =
                    Some(head(&text).map_err(|why| {
                        Stop::Refused(format!("The header cannot be read: {why}."))
                    })?);
                sha256(&text)
            }
            Entry::Manifest => {
                let text = text(&mut item, MAX_MANIFEST, &shown)?;
                contents.manifest = serde_json::from_slice(&text).map_err(|error| {
                    Stop::Refused(format!("{MANIFEST} cannot be read: {error}."))
                })?;
                sha256(&text)
            }
            Entry::Database | Entry::Media(_) => {
                spill(&mut item, place(&entry).map_err(Stop::Place)?)?
            }
        };
        contents.entries.insert(entry, Sum { bytes, sha256: sum });
    }
    nothing_follows(archive.into_inner())
}

fn nothing_follows(mut rest: impl Read) -> Result<(), Stop> {
    // Only padding and the seal may follow the end of the archive.
    let mut block = [0; 8192];
    loop {
        let count = rest.read(&mut block)?;
        if count == 0 {
            return Ok(());
        }
        if block.iter().take(count).any(|byte| *byte != 0) {
            return Err(Stop::Refused("Unexpected data after the end.".to_owned()));
        }
    }
}

fn text(item: &mut impl Read, most: u64, shown: &str) -> Result<Vec<u8>, Stop> {
    let mut text = Vec::new();
    item.take(most + 1).read_to_end(&mut text)?;
    if text.len() as u64 > most {
        return Err(Stop::Refused(format!("{shown} is too long.")));
    }
    Ok(text)
}

/// Hashes the rest of an entry and writes it to its target.
fn spill(item: &mut impl Read, mut place: Option<File>) -> Result<String, Stop> {
    let mut sum = Sha256::new();
    let mut block = vec![0; 128 * 1024];
    loop {
        let count = item.read(&mut block)?;
        let some = block.get(..count).unwrap_or_default();
        if some.is_empty() {
            return Ok(hex::encode(sum.finalize()));
        }
        sum.update(some);
        if let Some(file) = &mut place {
            file.write_all(some).map_err(Stop::Place)?;
        }
    }
}

fn head(text: &[u8]) -> Result<Head, String> {
    // Checked first, since other formats may have other fields.
    let value: serde_json::Value =
        serde_json::from_slice(text).map_err(|error| format!("{HEAD}: {error}"))?;
    let number = value.get("format").and_then(serde_json::Value::as_u64);
    if value.get("product").and_then(serde_json::Value::as_str) != Some(PRODUCT) {
        return Err("it is not a backup of chatctl".to_owned());
    }
    if number != Some(u64::from(FORMAT)) {
        let number = number.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
        return Err(format!(
            "its format version is {number}, and this chatctl supports version {FORMAT}"
        ));
    }
    serde_json::from_value(value).map_err(|error| format!("{HEAD}: {error}"))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Contents {
    /// Compares the entries with the manifest.
    fn compare(&mut self) {
        if !self.entries.contains_key(&Entry::Manifest) {
            self.problems.push(format!("It is truncated: {MANIFEST} is missing."));
            return;
        }
        let found: BTreeMap<String, &Sum> = self
            .entries
            .iter()
            .filter(|(entry, _)| **entry != Entry::Manifest)
            .map(|(entry, sum)| (entry.name(), sum))
            .collect();
        let mut problems = Vec::new();
        for (name, wanted) in &self.manifest.entries {
            match found.get(name) {
                None => problems.push(format!("{} is missing.", name.escape_debug())),
                Some(sum) if sum.bytes != wanted.bytes => problems
                    .push(format!("{name} has {} bytes instead of {}.", sum.bytes, wanted.bytes)),
                Some(sum) if sum.sha256 != wanted.sha256 => {
                    problems.push(format!("{name} has changed: its SHA-256 does not match."));
                }
                Some(_) => {}
            }
        }
        problems.extend(
            found
                .keys()
                .filter(|name| !self.manifest.entries.contains_key(*name))
                .map(|name| format!("{name} is not in {MANIFEST}.")),
        );
        if !found.contains_key(DATABASE) && !self.manifest.entries.contains_key(DATABASE) {
            problems.push(format!("{DATABASE} is missing."));
        }
        self.tell(problems);
    }

    /// Checks the extracted database against the other entries. Returns notes, which are not
    /// problems.
    pub(super) fn check_database(&mut self, database: &Path) -> Result<Vec<String>, Failure> {
        match self.look_into(database) {
            Ok(notes) => Ok(notes),
            Err(UpkeepError::Interrupted | UpkeepError::Unavailable) => {
                Err(Failure::new(Kind::Failed, "the database of the backup could not be checked"))
            }
            Err(error) => {
                self.problems.push(format!("The database cannot be used: {error}."));
                Ok(Vec::new())
            }
        }
    }

    fn look_into(&mut self, database: &Path) -> Result<Vec<String>, UpkeepError> {
        let inspected = inspect(database)?;
        self.tell(examine(database)?);
        let missing: BTreeSet<&String> = self.manifest.missing.iter().collect();
        let lost = inspected
            .media
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !self.entries.contains_key(&Entry::Media((*name).clone())));
        let (known, lost): (Vec<_>, Vec<_>) = lost.partition(|name| missing.contains(*name));
        let altered = self.manifest.altered.iter().map(|name| {
            format!(
                "The uploaded file {} was already damaged when the backup was made.",
                name.escape_debug()
            )
        });
        let elsewhere = self.head.as_ref().and_then(|head| head.media_in.as_deref());
        let lost = if elsewhere.is_some() { Vec::new() } else { lost };
        let elsewhere = elsewhere.map(|url| {
            format!(
                "The uploaded files are not part of the backup: they are in {}.",
                url.escape_debug()
            )
        });
        let notes = known
            .iter()
            .map(|name| {
                format!("The uploaded file {name} was already missing when the backup was made.")
            })
            .chain(altered)
            .chain(elsewhere)
            .collect();
        let rows: BTreeSet<&String> = inspected.media.iter().map(|(name, _)| name).collect();
        let strays = self
            .entries
            .keys()
            .filter_map(|entry| if let Entry::Media(name) = entry { Some(name) } else { None })
            .filter(|name| !rows.contains(name));
        let mut problems: Vec<_> =
            lost.iter().map(|name| format!("The uploaded file {name} is missing.")).collect();
        problems
            .extend(strays.map(|name| format!("The uploaded file {name} is not in the database.")));
        if self.head.as_ref().is_some_and(|head| {
            head.counts != inspected.counts || head.schema != inspected.plan.schema
        }) {
            problems.push(format!("{HEAD} does not match the database."));
        }
        self.tell(problems);
        Ok(notes)
    }

    /// Adds problems, at most [`MOST`] of a kind.
    fn tell(&mut self, mut problems: Vec<String>) {
        let more = problems.len().saturating_sub(MOST);
        problems.truncate(MOST);
        self.problems.extend(problems);
        if more > 0 {
            self.problems.push(format!("… and {more} more of this kind."));
        }
    }
}

/// Reports progress of what is read.
struct Counted<'a> {
    from: Box<dyn Read + Send>,
    /// Bytes of the file that were read; an encrypted one has more than are decrypted.
    done: Arc<AtomicU64>,
    all: u64,
    progress: Progress<'a>,
    stopped: &'a Cell<bool>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        if (self.progress)(self.done.load(Ordering::Relaxed).min(self.all), self.all) {
            Ok(count)
        } else {
            self.stopped.set(true);
            Err(io::Error::other("interrupted"))
        }
    }
}
