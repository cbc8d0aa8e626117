//! Lists the backups in a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::format::{DAMAGED, Head, Owner, is_file_name, moment};
use super::read::read_head;
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
    /// Its header; None if it cannot be read.
    pub head: Option<Head>,
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
            "created": head.map(|head| &head.created),
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

    /// Whether it counts as a backup: its data was undamaged and its header can be read.
    pub fn is_sound(&self) -> bool {
        self.head.is_some() && self.problem.is_none()
    }

    /// Whether it belongs to the instance, according to its header.
    pub fn is_of(&self, owner: &Owner) -> bool {
        self.head.as_ref().is_some_and(|head| owner.owns(head))
    }

    /// Creation time, according to its header.
    pub fn created(&self) -> Option<Timestamp> {
        moment(&self.head.as_ref()?.created)
    }

    /// Sort key: creation time, then name.
    pub(super) fn moment(&self) -> (&str, &str) {
        (self.head.as_ref().map_or("", |head| &head.created), &self.name)
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
        let damaged = name.ends_with(DAMAGED);
        if !is_file_name(name.strip_suffix(DAMAGED).unwrap_or(&name)) || !known.is_file() {
            continue;
        }
        let (head, problem) = match read_head(&entry.path()) {
            Ok(head) => {
                (Some(head), damaged.then(|| "the data was damaged when it was created".to_owned()))
            }
            Err(why) => (None, Some(why)),
        };
        found.push(Listed { name, path: entry.path(), bytes: known.len(), head, problem });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
