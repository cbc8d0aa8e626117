//! The lock of the data directory: one process per directory.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

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
                holder.lines().next().unwrap_or_default().trim(),
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

/// Adds the control socket of this server to its lock, so that commands find it if the
/// configuration is changed before the next start.
pub(super) fn note_socket(lock: &mut File, socket: &Path) -> io::Result<()> {
    lock.write_all(b"\n")?;
    lock.write_all(socket.as_os_str().as_bytes())
}

/// The control socket of the server that holds the lock, if it has added it.
pub(super) fn socket_of_holder(data: &Path) -> Option<PathBuf> {
    let mut content = Vec::new();
    open(&data.join("lock")).ok()?.read_to_end(&mut content).ok()?;
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let path = PathBuf::from(OsStr::from_bytes(&content[end + 1..]));
    path.is_absolute().then_some(path)
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
