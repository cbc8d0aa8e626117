//! The bytes of uploaded files: one file each in a directory, named by the SHA-512 of its content.
//!
//! Reads and writes these files, the trash with removed files (`trash`), and the file that lists
//! the instances with uploads in the directory (`owner`). Permissions and references to files are
//! not known here.

pub mod owner;
pub mod trash;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::fs;
use tokio::io::AsyncWriteExt;

/// Subdirectory of unfinished uploads.
const UNFINISHED: &str = "unfinished";
/// Number of bytes read or written at once.
const BLOCK: usize = 64 * 1024;

/// The directory of uploaded files.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

/// A file being received; removed on drop unless it was kept.
#[derive(Debug)]
pub struct Incoming {
    file: fs::File,
    path: PathBuf,
    root: PathBuf,
}

impl Files {
    /// Creates the directory with access for its owner only, and removes unfinished uploads left by
    /// a crash. Blocks.
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

    /// Uses an existing directory without changing it.
    pub fn there(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Returns the path of the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Starts a new file.
    pub async fn begin(&self) -> io::Result<Incoming> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| io::Error::other(error.to_string()))?;
        let path = self.root.join(UNFINISHED).join(hex::encode(name));
        let file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Incoming { file, path, root: self.root.clone() })
    }

    /// Opens a file and returns its size; a file in the trash is restored. None: it does not exist.
    pub async fn read(&self, name: &str) -> io::Result<Option<(fs::File, u64)>> {
        let Some(path) = place(&self.root, name) else { return Ok(None) };
        let mut opened = fs::File::open(&path).await;
        if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            let wanted = vec![name.to_owned()];
            if self.blocking(move |root| trash::take_back(root, &wanted)).await? == 0 {
                return Ok(None);
            }
            opened = fs::File::open(&path).await;
        }
        let file = opened?;
        let size = file.metadata().await?.len();
        Ok(Some((file, size)))
    }

    /// Moves files to the trash; missing ones are ignored.
    pub async fn discard(&self, names: Vec<String>) -> io::Result<()> {
        self.blocking(move |root| trash::discard(root, &names)).await
    }

    /// Runs a blocking function on the directory.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || work(&root)).await.map_err(io::Error::other)?
    }

    /// Returns the free bytes available to this process on the disk of the directory, and the size
    /// of the disk.
    pub async fn space(&self) -> io::Result<(u64, u64)> {
        self.blocking(|root| {
            let found = nix::sys::statvfs::statvfs(root)?;
            Ok((
                found.blocks_available() * found.fragment_size(),
                found.blocks() * found.fragment_size(),
            ))
        })
        .await
    }

    /// Returns the names of files kept longer than this.
    pub async fn older_than(&self, age: Duration) -> io::Result<Vec<String>> {
        self.blocking(move |root| kept_before(root, SystemTime::now() - age)).await
    }
}

impl Incoming {
    /// Appends bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Replaces the content by what `work` writes after reading it. None: the content is unchanged.
    /// `work` runs on a blocking thread; if it panics, the content is unchanged, too.
    pub async fn rewrite<T, W>(&mut self, work: W) -> io::Result<Option<T>>
    where
        T: Send + 'static,
        W: FnOnce(&mut BufReader<File>, &mut BufWriter<File>) -> io::Result<Option<T>>
            + Send
            + 'static,
    {
        use std::os::unix::fs::OpenOptionsExt;
        self.file.flush().await?;
        let (from, other) = (self.path.clone(), Unfinished(self.path.with_extension("new")));
        let rewriting = tokio::task::spawn_blocking(move || {
            let mut from = BufReader::with_capacity(BLOCK, File::open(from)?);
            let to = File::options().write(true).create_new(true).mode(0o600).open(&other.0)?;
            let mut to = BufWriter::with_capacity(BLOCK, to);
            let done = work(&mut from, &mut to)?;
            to.flush()?;
            let to = to.into_inner().map_err(io::IntoInnerError::into_error)?;
            Ok::<_, io::Error>(done.map(|done| (done, to, other)))
        });
        let Some((done, file, other)) = rewriting.await.unwrap_or(Ok(None))? else {
            return Ok(None);
        };
        fs::rename(&other.0, &self.path).await?;
        self.file = fs::File::from_std(file);
        Ok(Some(done))
    }

    /// Keeps the file under this name: when this returns it is complete and on disk.
    pub async fn keep(mut self, name: &str) -> io::Result<()> {
        let target = place(&self.root, name).ok_or_else(|| io::Error::other("not a file name"))?;
        self.file.flush().await?;
        self.file.sync_all().await?;
        let folder = target.parent().unwrap_or(&self.root).to_owned();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).await?;
        fs::rename(&self.path, &target).await?;
        fs::File::open(&folder).await?.sync_all().await?;
        fs::File::open(&self.root).await?.sync_all().await
    }
}

/// A file that is removed on drop, unless it was moved.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Nothing is left after `keep`; otherwise the next start removes it.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Returns the path of a file, `ab/abcdef…` below the directory; None for an invalid name.
pub fn place(root: &Path, name: &str) -> Option<PathBuf> {
    let sound =
        name.len() == 128 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    sound.then(|| root.join(name.get(..2).unwrap_or_default()).join(name))
}

/// Returns the names of files kept before this time. Blocks.
pub fn kept_before(root: &Path, before: SystemTime) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    each_kept(root, |name, file| {
        if file.metadata()?.modified()? < before {
            names.push(name);
        }
        Ok(())
    })?;
    Ok(names)
}

/// Returns the names of all kept files. Blocks.
pub fn kept(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    each_kept(root, |name, _| {
        names.push(name);
        Ok(())
    })?;
    Ok(names)
}

fn each_kept(
    root: &Path,
    mut take: impl FnMut(String, &std::fs::DirEntry) -> io::Result<()>,
) -> io::Result<()> {
    for folder in std::fs::read_dir(root)? {
        let folder = folder?;
        // Other directories contain no uploads: unfinished, trash.
        if folder.file_name().len() != 2 || !folder.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder.path())? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            if place(root, &name).is_some_and(|place| place == file.path()) {
                take(name, &file)?;
            }
        }
    }
    Ok(())
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
        let seen = incoming.rewrite(|from, to| {
            io::copy(from, to)?;
            to.write_all(b"!")?;
            Ok(None::<()>)
        });
        assert_eq!(seen.await.unwrap(), None, "left as it is");
        assert!(
            incoming
                .rewrite(|_, _| -> io::Result<Option<()>> { panic!("a fault of the reader") })
                .await
                .unwrap()
                .is_none()
        );
        let read = incoming.rewrite(|from, to| {
            let read = io::read_to_string(from)?;
            to.write_all(b"other")?;
            Ok(Some(read))
        });
        assert_eq!(read.await.unwrap().as_deref(), Some("some bytes"));
        incoming.write(b" bytes").await.unwrap();
        incoming.keep(&name).await.unwrap();
        assert_eq!(files.read(&name).await.unwrap().unwrap().1, 11);
        let mut dropped = files.begin().await.unwrap();
        dropped.write(b"x").await.unwrap();
        drop(dropped);
        assert_eq!(std::fs::read_dir(dir.path().join(UNFINISHED)).unwrap().count(), 0);
        assert_eq!(files.older_than(Duration::ZERO).await.unwrap(), std::slice::from_ref(&name));
        assert!(files.older_than(Duration::from_mins(1)).await.unwrap().is_empty());
        files.discard(vec![name.clone()]).await.unwrap();
        files.discard(vec![name.clone()]).await.unwrap();
        assert!(kept(dir.path()).unwrap().is_empty());
        assert_eq!(files.read(&name).await.unwrap().unwrap().1, 11, "out of the trash again");
        assert_eq!(kept(dir.path()).unwrap(), [name]);
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
