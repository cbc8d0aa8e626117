//! Files and directories that go away by themselves unless they are kept.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// A file that may not be there yet, or a directory with all that is in it; removed when this is
/// dropped.
#[derive(Debug)]
pub(in crate::admin) struct Scratch(PathBuf);

impl Scratch {
    /// A directory for its owner alone, with an unused name between these.
    pub(in crate::admin) fn directory(
        within: &Path,
        prefix: &str,
        ending: &str,
    ) -> io::Result<Self> {
        let scratch = Self(within.join(format!("{prefix}{}{ending}", unused()?)));
        DirBuilder::new().mode(0o700).create(&scratch.0)?;
        Ok(scratch)
    }

    /// A file of this name, made by whoever wants it.
    pub(super) fn file(path: PathBuf) -> Self {
        Self(path)
    }

    pub(in crate::admin) fn path(&self) -> &Path {
        &self.0
    }

    /// Somebody else answers for it now.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        let removed =
            if self.0.is_dir() { fs::remove_dir_all(&self.0) } else { fs::remove_file(&self.0) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("A temporary file cannot be removed: {error}");
            }
            _ => {}
        }
    }
}

/// Eight letters that nobody has used.
fn unused() -> io::Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(hex::encode(bytes))
}

/// Brings the entries of a directory to the disk.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Gives what the superuser has made to the owner of another file, with all that is in it; others
/// keep what they have made.
pub fn own_like(path: &Path, like: &Path) -> io::Result<()> {
    let (own, wanted) = (fs::symlink_metadata(path)?, fs::metadata(like)?);
    if own.uid() == 0 && (wanted.uid(), wanted.gid()) != (own.uid(), own.gid()) {
        give(path, wanted.uid(), wanted.gid())?;
    }
    Ok(())
}

fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user, group)?;
        }
    }
    // Last: from here on its owner can put something else in the place of what is in it.
    lchown(path, Some(user), Some(group))
}
