//! The data directory's lock: one process a directory, and whose files those in it are.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, lchown};
use std::path::Path;

use crate::admin::Failure;

/// Takes the lock. It goes with the process, however it ends; while another process has it: a conflict that names it.
pub(super) fn take(data: &Path) -> Result<File, Failure> {
    let path = data.join("lock");
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let mut file = opened.map_err(|error| Failure::io(&format!("cannot write in the data directory {}", data.display()), &error))?;
    match file.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            drop(file.read_to_string(&mut holder));
            return Err(Failure::conflict(format!("another chatctl (process {}) is running on the data directory {}", holder.trim(), data.display())));
        }
        Err(TryLockError::Error(error)) => return Err(Failure::io(&format!("cannot lock {}", path.display()), &error)),
    }
    let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    noted.map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?;
    Ok(file)
}

/// What the superuser has made in somebody else's data directory becomes theirs, so that their server can use it.
pub(super) fn give_back(data: &Path) {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let Ok(owner) = std::fs::metadata(data) else { return };
    if owner.uid() != 0 {
        give(data, owner.uid(), owner.gid());
    }
}

fn give(directory: &Path, uid: u32, gid: u32) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        if meta.uid() == 0 {
            // `doctor` finds what could not be given.
            drop(lchown(entry.path(), Some(uid), Some(gid)));
        }
        if meta.is_dir() {
            give(&entry.path(), uid, gid);
        }
    }
}
