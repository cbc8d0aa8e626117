//! The backups of a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::format::{DAMAGED, Head, Owner, is_file_name, moment};
use super::read::read_head;
use super::{Failure, cannot};
use crate::model::Timestamp;

/// A file that is called as a backup is.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// What it begins with; None when that cannot be read.
    pub head: Option<Head>,
    /// Why not, or why it does not count although it can.
    pub problem: Option<String>,
}

impl Listed {
    /// Whether it counts as a backup: it was made of whole data, and its beginning can be read.
    pub fn is_sound(&self) -> bool {
        self.head.is_some() && self.problem.is_none()
    }

    /// Whether it is theirs, as far as it says.
    pub fn is_of(&self, owner: &Owner) -> bool {
        self.head.as_ref().is_some_and(|head| owner.owns(head))
    }

    /// When it was made, as it says.
    pub fn created(&self) -> Option<Timestamp> {
        moment(&self.head.as_ref()?.created)
    }

    /// What orders backups: their moment, then their name.
    pub(super) fn moment(&self) -> (&str, &str) {
        (self.head.as_ref().map_or("", |head| &head.created), &self.name)
    }
}

/// What is there, oldest first by name; only the beginning of each file is read. A directory that
/// is not there has none. Blocks.
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
            Ok(head) => (Some(head), damaged.then(|| "it was made of damaged data".to_owned())),
            Err(why) => (None, Some(why)),
        };
        found.push(Listed { name, path: entry.path(), bytes: known.len(), head, problem });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
