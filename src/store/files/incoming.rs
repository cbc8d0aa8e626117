//! Files that are being received.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{Place, is_name};

/// Subdirectory of unfinished uploads.
pub(super) const UNFINISHED: &str = "unfinished";
/// Number of bytes read or written at once.
const BLOCK: usize = 64 * 1024;
/// An unfinished upload that was not written to for this time belongs to no server any more.
const ABANDONED: Duration = Duration::from_hours(1);

/// Who lets uploads arrive in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spool {
    /// Only this server: what is unfinished at its start was left by a crash.
    Own,
    /// Other servers, too.
    Shared,
}

/// A file being received; removed on drop unless it was kept.
#[derive(Debug)]
pub struct Incoming {
    file: fs::File,
    path: PathBuf,
    place: Arc<dyn Place>,
}

/// Creates the directory for unfinished uploads, and removes those that a crash has left. Blocks.
pub(super) fn prepare(root: &Path, spool: Spool) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let unfinished = root.join(UNFINISHED);
    if spool == Spool::Own {
        match std::fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&unfinished)?;
    if spool == Spool::Shared {
        let before = SystemTime::now() - ABANDONED;
        for file in std::fs::read_dir(&unfinished)? {
            let file = file?;
            // Another server may have finished it, or removed it as well.
            if file.metadata().and_then(|meta| meta.modified()).is_ok_and(|at| at < before) {
                drop(std::fs::remove_file(file.path()));
            }
        }
    }
    Ok(())
}

impl Incoming {
    pub(super) async fn begin(root: &Path, place: Arc<dyn Place>) -> io::Result<Self> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| io::Error::other(error.to_string()))?;
        let path = root.join(UNFINISHED).join(hex::encode(name));
        let file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Self { file, path, place })
    }

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

    /// Keeps the file under this name: when this returns it is complete and durable.
    pub async fn keep(mut self, name: &str) -> io::Result<()> {
        if !is_name(name) {
            return Err(io::Error::other("not a file name"));
        }
        self.file.flush().await?;
        self.place.put(&self.path, name).await
    }

    #[cfg(test)]
    pub(super) fn path(&self) -> &Path {
        &self.path
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
        // It may have been moved by `keep`; what is left after a crash goes at the next start.
        drop(std::fs::remove_file(&self.path));
    }
}
