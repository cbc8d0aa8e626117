//! A small file system that can be full, since the tests run as root.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of a few megabytes, removed on drop.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts it at this directory.
    pub(crate) fn mount(at: &Path) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(at)
            .status()
            .unwrap();
        assert!(mounted.success(), "a file system can be mounted: the tests run as root");
        Self(at.to_owned())
    }

    /// Fills it completely.
    pub(crate) fn fill(&self) {
        let mut file =
            File::options().append(true).create(true).open(self.0.join("filling")).unwrap();
        for size in [65_536, 4096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    /// Removes what filled it.
    pub(crate) fn empty(&self) {
        fs::remove_file(self.0.join("filling")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
