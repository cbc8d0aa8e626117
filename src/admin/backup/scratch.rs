//! Temporary files and directories that are removed on drop unless they are kept.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// A file, which may not exist yet, or a directory; removed with its content on drop.
#[derive(Debug)]
pub(in crate::admin) struct Scratch(PathBuf);

impl Scratch {
    /// Creates a directory with a unique name, accessible by its owner only.
    pub(in crate::admin) fn directory(
        within: &Path,
        prefix: &str,
        ending: &str,
    ) -> io::Result<Self> {
        let scratch = Self(within.join(format!("{prefix}{}{ending}", unused()?)));
        DirBuilder::new().mode(0o700).create(&scratch.0)?;
        Ok(scratch)
    }

    /// A file of this name, which the caller creates.
    pub(super) fn file(path: PathBuf) -> Self {
        Self(path)
    }

    pub(in crate::admin) fn path(&self) -> &Path {
        &self.0
    }

    /// Does not remove it on drop.
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
                tracing::warn!("Cannot remove a temporary file: {error}");
            }
            _ => {}
        }
    }
}

/// Eight random hexadecimal digits.
fn unused() -> io::Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(hex::encode(bytes))
}

/// Syncs the entries of a directory to disk.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Gives files of root the owner of another file, recursively; files of other users stay unchanged.
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
    // The directory last: from here on its new owner can replace its content.
    lchown(path, Some(user), Some(group))
}
