//! The bytes of uploaded files: one file each, called by the SHA-512 of what is in it, below one directory.
//!
//! What may live here: reading and writing those files. Who may read one, and what refers to it, is not known here.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::fs;
use tokio::io::AsyncWriteExt;

/// Where unfinished uploads lie.
const UNFINISHED: &str = "unfinished";

/// The directory.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

/// A file that is being received; it goes when it is dropped before it is kept.
#[derive(Debug)]
pub struct Incoming {
    file: fs::File,
    path: PathBuf,
    root: PathBuf,
}

impl Files {
    /// Makes the directory, for its owner alone, and clears away what a crash has left unfinished. Blocks.
    pub fn open(root: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let unfinished = root.join(UNFINISHED);
        match std::fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&unfinished)?;
        Ok(Self { root: root.to_owned() })
    }

    /// The directory as it is, whoever uses it.
    pub fn there(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// A place for a new file.
    pub async fn begin(&self) -> io::Result<Incoming> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| io::Error::other(error.to_string()))?;
        let path = self.root.join(UNFINISHED).join(hex::encode(name));
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Incoming { file, path, root: self.root.clone() })
    }

    /// The file and its size. None: it is not there.
    pub async fn read(&self, name: &str) -> io::Result<Option<(fs::File, u64)>> {
        let Some(path) = place(&self.root, name) else { return Ok(None) };
        match fs::File::open(&path).await {
            Ok(file) => {
                let size = file.metadata().await?.len();
                Ok(Some((file, size)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a file; it may be gone already.
    pub async fn remove(&self, name: &str) -> io::Result<()> {
        let Some(path) = place(&self.root, name) else { return Ok(()) };
        match fs::remove_file(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Names of files that were kept longer ago than this.
    pub async fn older_than(&self, age: Duration) -> io::Result<Vec<String>> {
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || kept_before(&root, SystemTime::now() - age)).await.map_err(io::Error::other)?
    }
}

impl Incoming {
    /// More of it.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// All of it so far.
    pub async fn bytes(&mut self) -> io::Result<Bytes> {
        self.file.flush().await?;
        Ok(fs::read(&self.path).await?.into())
    }

    /// Other bytes in its place.
    pub async fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        use tokio::io::AsyncSeekExt;
        self.file.set_len(0).await?;
        self.file.rewind().await?;
        self.file.write_all(bytes).await
    }

    /// Keeps it under this name: when this returns it is on the disk, and whole.
    pub async fn keep(mut self, name: &str) -> io::Result<()> {
        let target = place(&self.root, name).ok_or_else(|| io::Error::other("no name of a file"))?;
        self.file.flush().await?;
        self.file.sync_all().await?;
        let folder = target.parent().unwrap_or(&self.root).to_owned();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).await?;
        fs::rename(&self.path, &target).await?;
        fs::File::open(&folder).await?.sync_all().await?;
        fs::File::open(&self.root).await?.sync_all().await
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After `keep` there is nothing left; otherwise the next start clears it away.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Where a file of this name lies, `ab/abcdef…` below the directory; None for what is no name.
pub fn place(root: &Path, name: &str) -> Option<PathBuf> {
    let sound = name.len() == 128 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    sound.then(|| root.join(name.get(..2).unwrap_or_default()).join(name))
}

/// Names of files that were kept before this moment. Blocks.
pub fn kept_before(root: &Path, before: SystemTime) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in std::fs::read_dir(root)? {
        let folder = folder?;
        if folder.file_name() == UNFINISHED || !folder.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder.path())? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            if place(root, &name).is_some() && file.metadata()?.modified()? < before {
                names.push(name);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_there_and_what_is_not_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let name = "ab".repeat(64);
        let mut incoming = files.begin().await.unwrap();
        incoming.write(b"some ").await.unwrap();
        incoming.write(b"bytes").await.unwrap();
        assert_eq!(incoming.bytes().await.unwrap(), "some bytes");
        incoming.replace(b"other").await.unwrap();
        incoming.keep(&name).await.unwrap();
        assert_eq!(files.read(&name).await.unwrap().unwrap().1, 5);
        let mut dropped = files.begin().await.unwrap();
        dropped.write(b"x").await.unwrap();
        drop(dropped);
        assert_eq!(std::fs::read_dir(dir.path().join(UNFINISHED)).unwrap().count(), 0);
        assert_eq!(files.older_than(Duration::ZERO).await.unwrap(), std::slice::from_ref(&name));
        assert!(files.older_than(Duration::from_mins(1)).await.unwrap().is_empty());
        files.remove(&name).await.unwrap();
        files.remove(&name).await.unwrap();
        assert!(files.read(&name).await.unwrap().is_none());
        for bad in ["", "../../etc/passwd", &"AB".repeat(64), &"zz".repeat(64)] {
            assert!(files.read(bad).await.unwrap().is_none(), "{bad}");
        }
    }

    #[tokio::test]
    async fn what_a_crash_has_left_goes_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let left = files.begin().await.unwrap();
        let path = left.path.clone();
        std::mem::forget(left);
        assert!(path.exists());
        Files::open(dir.path()).unwrap();
        assert!(!path.exists());
    }
}
