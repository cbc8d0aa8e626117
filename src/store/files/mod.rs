//! The bytes of uploaded files, named by the SHA-512 of their content, in a directory or in a
//! bucket of an S3 server.
//!
//! A file arrives in a directory of this machine ([`Incoming`]) and is put in its place once it is
//! complete. Permissions and references to files are not known here.
//!
//! Nothing locks a file between servers. Who adds one puts it, then adds its row, then makes sure
//! that it is there ([`Files::has`]); who removes one removes its row, then the file
//! ([`Files::discard`]), then looks for a new row. Whichever comes last sees the other, and the
//! trash gives back what was removed.

mod broken;
mod bucket;
mod directory;
mod incoming;
mod previews;
#[cfg(test)]
mod tests;
mod trash;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::Timestamp;
use crate::s3;

pub use directory::{kept, place};
pub use incoming::{Incoming, Spool};
pub use previews::{Known, Previews};

/// How long removed files are kept in the trash.
pub const KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// Files moved at the same time.
const AT_ONCE: usize = 8;

/// The bytes of a file, part by part.
pub type FileStream = BoxStream<'static, io::Result<Bytes>>;
/// Names, sizes and ages of files, page by page.
pub type Pages<'a> = BoxStream<'a, io::Result<Vec<Listed>>>;
/// An operation on a [`Place`].
type Work<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// A file as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was put, or moved to the trash (a directory knows only the day of that).
    pub at: Timestamp,
}

/// Where files are kept. All names are valid ([`is_name`]).
trait Place: Send + Sync + fmt::Debug {
    /// Puts the finished file at `from`, which may be moved away: it is durable when this returns.
    /// An existing file of this name has the same content.
    fn put<'a>(&'a self, from: &'a Path, name: &'a str) -> Work<'a, ()>;
    /// Returns a range of the bytes of a file of this size. None: it does not exist.
    fn read<'a>(
        &'a self,
        name: &'a str,
        range: Range<u64>,
        size: u64,
    ) -> Work<'a, Option<FileStream>>;
    /// Returns whether a file exists.
    fn has<'a>(&'a self, name: &'a str) -> Work<'a, bool>;
    /// Moves a file to the trash, unless it does not exist.
    fn discard<'a>(&'a self, name: &'a str) -> Work<'a, ()>;
    /// Moves a file back from the trash, unless it was put again meanwhile; returns whether it did.
    fn take_back<'a>(&'a self, name: &'a str) -> Work<'a, bool>;
    /// Deletes a file that was moved to the trash before this time.
    fn forget<'a>(&'a self, name: &'a str, before: Timestamp) -> Work<'a, ()>;
    /// Lists all files.
    fn kept(&self) -> Pages<'_>;
    /// Lists the files in the trash.
    fn thrown(&self) -> Pages<'_>;
    /// Returns the ids of the instances that keep files here.
    fn owners(&self) -> Work<'_, Vec<String>>;
    /// Adds an instance.
    fn join<'a>(&'a self, instance: &'a str) -> Work<'a, ()>;
    /// Removes a mark that somebody has put here; returns whether there was one.
    fn take_mark<'a>(&'a self, mark: &'a str) -> Work<'a, bool>;
    /// Tries everything that files need.
    fn probe(&self) -> Work<'_, ()>;
    /// Returns where something is, or the place itself for an empty name.
    fn url(&self, name: &str) -> String;
    /// Says what makes this instance the only owner; continues a sentence.
    fn how_to_own(&self, instance: &str) -> String;
}

/// The uploaded files. Clones share the place.
#[derive(Clone, Debug)]
pub struct Files {
    place: Arc<dyn Place>,
    spool: PathBuf,
    local: Option<PathBuf>,
}

impl fmt::Display for Files {
    /// Where they are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place.url(""))
    }
}

impl Files {
    /// The files in a directory. Changes nothing.
    pub fn in_directory(root: &Path) -> Self {
        let place = Arc::new(directory::Directory::new(root));
        Self { place, spool: root.to_owned(), local: Some(root.to_owned()) }
    }

    /// The files in a bucket. Uploads arrive in the directory `spool`. Changes nothing.
    pub fn in_bucket(place: s3::Place, spool: &Path) -> Self {
        let place = Arc::new(bucket::Bucket::new(place));
        Self { place, spool: spool.to_owned(), local: None }
    }

    /// Files that cannot be used, with the reason. Changes nothing.
    pub fn unusable(url: &str, why: &str, spool: &Path) -> Self {
        let place = Arc::new(broken::Broken { url: url.to_owned(), why: why.to_owned() });
        Self { place, spool: spool.to_owned(), local: None }
    }

    /// Creates the directory in which uploads arrive, with access for its owner only, and removes
    /// unfinished uploads. Blocks.
    pub fn prepare(&self, spool: Spool) -> io::Result<()> {
        incoming::prepare(&self.spool, spool)
    }

    /// Returns the directory of the files if they are on this machine.
    pub fn directory(&self) -> Option<&Path> {
        self.local.as_deref()
    }

    /// Returns the previews of pictures among the files.
    pub fn previews(&self) -> Previews {
        Previews::below(&self.spool)
    }

    /// Returns where something in the place of the files is.
    pub fn url(&self, name: &str) -> String {
        self.place.url(name)
    }

    /// Tries everything that files need of their place, if it is on another machine. The error
    /// carries an [`s3::Fault`].
    pub async fn probe(&self) -> io::Result<()> {
        self.place.probe().await
    }

    /// Starts a new file.
    pub async fn begin(&self) -> io::Result<Incoming> {
        Incoming::begin(&self.spool, Arc::clone(&self.place)).await
    }

    /// Returns the bytes of a range of a file of this size; a file in the trash is restored. None:
    /// it does not exist.
    pub async fn read(
        &self,
        name: &str,
        range: Range<u64>,
        size: u64,
    ) -> io::Result<Option<FileStream>> {
        if !is_name(name) {
            return Ok(None);
        }
        if let Some(found) = self.place.read(name, range.clone(), size).await? {
            return Ok(Some(found));
        }
        // Somebody else may have restored it.
        if !self.place.take_back(name).await? && !self.place.has(name).await? {
            return Ok(None);
        }
        self.place.read(name, range, size).await
    }

    /// Returns whether a file exists; one in the trash is restored.
    pub async fn has(&self, name: &str) -> io::Result<bool> {
        Ok(is_name(name) && (self.place.has(name).await? || self.place.take_back(name).await?))
    }

    /// Moves files to the trash; missing ones are ignored.
    pub async fn discard(&self, names: &[String]) -> io::Result<()> {
        self.each(names, |name| self.place.discard(name)).await.map(drop)
    }

    /// Moves files back from the trash; returns how many were there.
    pub async fn take_back(&self, names: &[String]) -> io::Result<usize> {
        let back = self.each(names, |name| self.place.take_back(name)).await?;
        Ok(back.into_iter().filter(|back| *back).count())
    }

    /// Deletes files that were moved to the trash before this time.
    pub async fn forget(&self, names: &[String], before: Timestamp) -> io::Result<()> {
        self.each(names, |name| self.place.forget(name, before)).await.map(drop)
    }

    async fn each<'a, T>(
        &'a self,
        names: &'a [String],
        work: impl Fn(&'a str) -> Work<'a, T>,
    ) -> io::Result<Vec<T>> {
        let names = names.iter().map(String::as_str).filter(|name| is_name(name));
        let works: Vec<_> = names.map(work).collect();
        stream::iter(works).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Lists all files, in no useful order.
    pub fn kept(&self) -> Pages<'_> {
        self.place.kept()
    }

    /// Lists the files in the trash.
    pub fn thrown(&self) -> Pages<'_> {
        self.place.thrown()
    }

    /// Returns the ids of the instances that keep files in this place.
    pub async fn owners(&self) -> io::Result<Vec<String>> {
        self.place.owners().await
    }

    /// Adds an instance to them.
    pub async fn join(&self, instance: &str) -> io::Result<()> {
        self.place.join(instance).await
    }

    /// Says what makes this instance the only one; continues a sentence.
    pub fn how_to_own(&self, instance: &str) -> String {
        self.place.how_to_own(instance)
    }

    /// Removes a mark that somebody has put among the files; returns whether there was one.
    pub async fn take_mark(&self, mark: &str) -> io::Result<bool> {
        self.place.take_mark(mark).await
    }

    /// Returns the free bytes available to this process on the disk on which uploads arrive, and
    /// the size of the disk.
    pub async fn space(&self) -> io::Result<(u64, u64)> {
        let spool = self.spool.clone();
        let measured = tokio::task::spawn_blocking(move || {
            let found = nix::sys::statvfs::statvfs(&spool)?;
            Ok((
                found.blocks_available() * found.fragment_size(),
                found.blocks() * found.fragment_size(),
            ))
        });
        measured.await.map_err(io::Error::other)?
    }
}

/// Returns whether a text is the name of a file.
pub fn is_name(name: &str) -> bool {
    name.len() == 128 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns the path of a file below its place, `ab/abcdef…`.
fn path_of(name: &str) -> String {
    format!("{}/{name}", name.get(..2).unwrap_or_default())
}
