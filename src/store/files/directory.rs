//! Files in a directory: `ab/abcdef…`, `trash/YYYY-MM-DD/NAME`, and the file `owner` with the ids
//! of the instances that keep files there, so that no instance removes files known to another's
//! database.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{FileStream, Listed, Pages, Place, Work, is_name, path_of, trash};
use crate::model::Timestamp;

/// Name of the file with the owners.
const OWNER: &str = "owner";
const ABOUT: &str = "# Ids of the chatctl instances with uploads in this directory. While other \
                     instances are listed,\n# no files are removed.\n";
/// Number of bytes read at once.
const CHUNK: usize = 64 * 1024;

/// A directory of files.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Runs a blocking function on the directory.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || work(&root)).await.map_err(io::Error::other)?
    }

    async fn keep(&self, from: &Path, name: &str) -> io::Result<()> {
        let target = self.root.join(path_of(name));
        fs::File::open(from).await?.sync_all().await?;
        let folder = target.parent().unwrap_or(&self.root).to_owned();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).await?;
        fs::rename(from, &target).await?;
        fs::File::open(&folder).await?.sync_all().await?;
        fs::File::open(&self.root).await?.sync_all().await
    }

    async fn open(&self, name: &str, range: Range<u64>) -> io::Result<Option<FileStream>> {
        let mut file = match fs::File::open(self.root.join(path_of(name))).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        if range.start > 0 {
            file.seek(io::SeekFrom::Start(range.start)).await?;
        }
        let part = file.take(range.end.saturating_sub(range.start));
        Ok(Some(ReaderStream::with_capacity(part, CHUNK).boxed()))
    }

    /// Lists folders, each of which is one page.
    fn pages(
        &self,
        folders: fn(&Path) -> io::Result<Vec<PathBuf>>,
        page: fn(&Path) -> io::Result<Vec<Listed>>,
    ) -> Pages<'_> {
        let folders = async move {
            Ok::<_, io::Error>(stream::iter(self.blocking(folders).await?.into_iter().map(Ok)))
        };
        let folders = stream::once(folders).try_flatten();
        folders.and_then(move |folder: PathBuf| self.blocking(move |_| page(&folder))).boxed()
    }
}

impl Place for Directory {
    fn put<'a>(&'a self, from: &'a Path, name: &'a str) -> Work<'a, ()> {
        Box::pin(self.keep(from, name))
    }

    fn read<'a>(
        &'a self,
        name: &'a str,
        range: Range<u64>,
        _size: u64,
    ) -> Work<'a, Option<FileStream>> {
        Box::pin(self.open(name, range))
    }

    fn has<'a>(&'a self, name: &'a str) -> Work<'a, bool> {
        Box::pin(async move { fs::try_exists(self.root.join(path_of(name))).await })
    }

    fn discard<'a>(&'a self, name: &'a str) -> Work<'a, ()> {
        let name = name.to_owned();
        Box::pin(self.blocking(move |root| trash::discard(root, &name)))
    }

    fn take_back<'a>(&'a self, name: &'a str) -> Work<'a, bool> {
        let name = name.to_owned();
        Box::pin(self.blocking(move |root| trash::take_back(root, &name)))
    }

    fn forget<'a>(&'a self, name: &'a str, before: Timestamp) -> Work<'a, ()> {
        let name = name.to_owned();
        Box::pin(self.blocking(move |root| trash::forget(root, &name, before)))
    }

    fn kept(&self) -> Pages<'_> {
        self.pages(folders, files_in)
    }

    fn thrown(&self) -> Pages<'_> {
        self.pages(trash::days, trash::thrown_on)
    }

    fn owners(&self) -> Work<'_, Vec<String>> {
        Box::pin(self.blocking(owners))
    }

    fn join<'a>(&'a self, instance: &'a str) -> Work<'a, ()> {
        let instance = instance.to_owned();
        Box::pin(self.blocking(move |root| join(root, &instance)))
    }

    fn take_mark<'a>(&'a self, mark: &'a str) -> Work<'a, bool> {
        Box::pin(async move {
            match fs::remove_file(self.root.join(mark)).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                removed => removed.map(|()| true),
            }
        })
    }

    fn probe(&self) -> Work<'_, ()> {
        // It was created, or could not be.
        Box::pin(async { Ok(()) })
    }

    fn url(&self, name: &str) -> String {
        if name.is_empty() {
            return self.root.display().to_string();
        }
        self.root.join(name).display().to_string()
    }

    fn how_to_own(&self, instance: &str) -> String {
        format!("replace the content of its file {OWNER} by {instance}")
    }
}

/// Returns the path of a file, `ab/abcdef…` below the directory; None for an invalid name.
pub fn place(root: &Path, name: &str) -> Option<PathBuf> {
    is_name(name).then(|| root.join(path_of(name)))
}

/// Returns the names of all files in a directory. Blocks.
pub fn kept(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in folders(root)? {
        names.extend(files_in(&folder)?.into_iter().map(|file| file.name));
    }
    Ok(names)
}

/// Returns the folders that contain uploads: not those of unfinished and removed ones.
fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(root)? {
        let folder = folder?;
        if folder.file_name().len() == 2 && folder.file_type()?.is_dir() {
            found.push(folder.path());
        }
    }
    Ok(found)
}

fn files_in(folder: &Path) -> io::Result<Vec<Listed>> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if !is_name(&name) || !folder.ends_with(name.get(..2).unwrap_or_default()) {
            continue;
        }
        match file.metadata() {
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            meta => {
                let meta = meta?;
                found.push(Listed { name, bytes: meta.len(), at: meta.modified()?.into() });
            }
        }
    }
    Ok(found)
}

/// Returns the ids of the instances; none if no instance is registered.
fn owners(root: &Path) -> io::Result<Vec<String>> {
    match std::fs::read_to_string(root.join(OWNER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => Ok(text?
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()),
    }
}

/// Adds an instance unless it is listed already.
fn join(root: &Path, instance: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut all = owners(root)?;
    if all.iter().any(|owner| owner == instance) {
        return Ok(());
    }
    all.push(instance.to_owned());
    // Servers of one instance may do so at the same time.
    let mut own = [0; 4];
    getrandom::fill(&mut own).map_err(|error| io::Error::other(error.to_string()))?;
    let (path, new) = (root.join(OWNER), root.join(format!("{OWNER}.{}", hex::encode(own))));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(format!("{ABOUT}{}\n", all.join("\n")).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, path)?;
    File::open(root)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_remembered_once_and_notes_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert!(owners(root).unwrap().is_empty());
        for instance in ["aa", "bb", "aa"] {
            join(root, instance).unwrap();
        }
        assert_eq!(owners(root).unwrap(), ["aa", "bb"]);
        assert_eq!(std::fs::read_dir(root).unwrap().count(), 1, "nothing else is left");
        std::fs::write(root.join(OWNER), "# of us\r\n\r\n aa \r\n").unwrap();
        assert_eq!(owners(root).unwrap(), ["aa"]);
    }
}
