//! Lists the backups in a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::format::{Head, INSTANCE, Named, Owner, moment};
use super::read::peek;
use super::{Failure, cannot};
use crate::model::Timestamp;

/// A file whose name is that of a backup.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// File name.
    pub name: String,
    /// Path of the file.
    pub path: PathBuf,
    /// Size of the file.
    pub bytes: u64,
    /// Its header; None if it is encrypted or cannot be read.
    pub head: Option<Head>,
    /// What its name tells.
    pub named: Named,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Why it does not count as a backup.
    pub problem: Option<String>,
}

impl Listed {
    /// Its JSON form. The keys are stable.
    pub fn item(&self) -> Value {
        let head = self.head.as_ref();
        let figure = |of: fn(&Head) -> u64| head.map(of);
        json!({
            "name": self.name,
            "path": self.path,
            "bytes": self.bytes,
            "created": self.created_text(),
            "encrypted": self.encrypted,
            "version": head.map(|head| &head.version),
            "schema": head.map(|head| head.schema),
            "users": figure(|head| head.counts.users),
            "rooms": figure(|head| head.counts.rooms),
            "messages": figure(|head| head.counts.messages),
            "files": figure(|head| head.counts.media),
            "instance": head.map(|head| &head.instance),
            "host": head.map(|head| &head.host),
            "problem": self.problem,
        })
    }

    /// What is known of a file with this name and this begin.
    pub(super) fn of(
        named: Named,
        name: &str,
        path: PathBuf,
        bytes: u64,
        peeked: Result<Option<Head>, String>,
    ) -> Self {
        let why = "the data was damaged when it was created";
        let damaged = named.damaged.then(|| why.to_owned());
        let (head, encrypted, problem) = match peeked {
            Ok(head) => (head.clone(), head.is_none(), damaged),
            Err(why) => (None, false, Some(why)),
        };
        Self { name: name.to_owned(), path, bytes, head, named, encrypted, problem }
    }

    /// Whether it counts as a backup: its data was undamaged, and its header can be read or it is
    /// encrypted.
    pub fn is_sound(&self) -> bool {
        self.problem.is_none()
    }

    /// Whether it belongs to the instance, according to its header, or to its name if it is
    /// encrypted.
    pub fn is_of(&self, owner: &Owner) -> bool {
        match &self.head {
            Some(head) => owner.owns(head),
            None => self.encrypted && owner.named(&self.named),
        }
    }

    /// The same of all backups of an instance, also of the encrypted ones.
    pub(super) fn group(&self) -> String {
        let Some(head) = &self.head else { return self.named.instance.clone() };
        let id = if head.instance.is_empty() { &head.epoch } else { &head.instance };
        id.get(..INSTANCE).unwrap_or(id).to_owned()
    }

    /// Creation time, according to its header, or to its name if it is encrypted.
    pub fn created(&self) -> Option<Timestamp> {
        moment(self.created_text()?)
    }

    fn created_text(&self) -> Option<&str> {
        let of_name = || self.encrypted.then_some(self.named.created.as_str());
        self.head.as_ref().map(|head| head.created.as_str()).or_else(of_name)
    }

    /// Sort key: creation time, then name.
    pub(super) fn moment(&self) -> (&str, &str) {
        (self.created_text().unwrap_or_default(), &self.name)
    }
}

/// The backups in a directory, sorted by name and so by age; only the header of each file is read.
/// Empty if the directory does not exist. Blocks.
pub fn list(directory: &Path) -> Result<Vec<Listed>, Failure> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot("read", directory)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot("read", directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = entry.metadata().map_err(cannot("read", &entry.path()))?;
        let Some(named) = Named::parse(&name).filter(|_| known.is_file()) else { continue };
        let path = entry.path();
        let peeked = fs::File::open(&path).map_err(|error| error.to_string()).and_then(peek);
        found.push(Listed::of(named, &name, path, known.len(), peeked));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
