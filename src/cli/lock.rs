//! The lock of the data directory: one process per directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::admin::{Failure, identity};

/// Takes the lock, which the system releases when the process ends. If another process holds it,
/// the conflict names that process.
pub(super) fn take(data: &Path) -> Result<File, Failure> {
    let path = data.join("lock");
    let opened = match open(&path) {
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied
                && take_over(&path, data).is_ok() =>
        {
            open(&path)
        }
        opened => opened,
    };
    let mut file = opened.map_err(|error| {
        Failure::io(&format!("cannot open {} in the data directory", path.display()), &error)
    })?;
    match file.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            drop(file.read_to_string(&mut holder));
            return Err(Failure::conflict(format!(
                "another chatctl (process {}) is running on the data directory {}",
                holder.trim(),
                data.display()
            )));
        }
        Err(TryLockError::Error(error)) => {
            return Err(Failure::io(&format!("cannot lock {}", path.display()), &error));
        }
    }
    let noted = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| write!(file, "{}", std::process::id()));
    noted.map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?;
    Ok(file)
}

/// Opens the lock file, never through a planted link.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits())
        .open(path)
}

/// Hands a lock file of root to the owner of the data directory; earlier versions left such files.
fn take_over(path: &Path, data: &Path) -> io::Result<()> {
    let owner = std::fs::metadata(data)?;
    if !identity::caller().is_root() || geteuid().is_root() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    identity::as_caller(|| {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(path)?;
        let meta = file.metadata()?;
        // A hard link may be another name of a file outside the data directory.
        if !meta.is_file() || meta.uid() != 0 || meta.nlink() != 1 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        fchown(&file, Some(owner.uid()), Some(owner.gid()))
    })
}
