//! Makes a backup: first the database as it is at one moment, then the uploaded files that it tells of.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::format::{Entry, FORMAT, Head, Manifest, PRODUCT, Sum, file_name, is_file_name};
use super::scratch::{Scratch, own_like, sync_directory};
use super::seal::Sealing;
use super::{Failure, cannot, interrupted};
use crate::chat::{Chat, MediaHold};
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::files::place;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::upkeep::{Inspected, inspect};

/// How the copy of the database is called while a backup is made.
const PREFIX: &str = "backup-";
/// The same while an export is written.
pub(in crate::admin) const EXPORT_PREFIX: &str = "export-";
/// How both end.
pub(in crate::admin) const COPY_ENDING: &str = ".tmp";
/// What is not finished.
const PART: &str = ".part";
/// An unfinished backup that has not grown for so long does not grow any more.
const LEFT: Duration = Duration::from_hours(1);
/// Of a page, for the progress of the copy.
const PAGE: u64 = 4096;
/// zstd's usual level: uploads are compressed already, and texts become a third.
const LEVEL: i32 = 3;
/// Read at once.
const BLOCK: usize = 128 * 1024;

/// Of what a backup is made.
pub struct Source {
    /// The database.
    pub store: Sqlite,
    /// The data directory, where the copy lies meanwhile.
    pub data: PathBuf,
    /// The directory of the uploaded files.
    pub media: PathBuf,
    /// Keeps files from being collected between the copy and their turn; None only where nobody collects.
    pub hold: Option<MediaHold>,
}

impl Source {
    /// Everything of a server; while this lives no uploaded file goes.
    pub async fn of(config: &Config, chat: &Chat, store: &Sqlite) -> Self {
        let data = config.server.data_dir.clone();
        Self { store: store.clone(), media: data.join(&config.media.directory), data, hold: Some(chat.hold_media().await) }
    }
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// What it begins with.
    pub head: Head,
}

/// Makes a backup in this directory, under the name of its moment: written beside, synced, then renamed; whatever fails leaves nothing.
pub async fn create(source: &Source, directory: &Path, progress: impl FnMut(u64, u64) -> bool + Send + 'static) -> Result<Made, Failure> {
    let directory = directory.to_owned();
    let (making, like) = (directory.clone(), source.data.clone());
    let opened = tokio::task::spawn_blocking(move || {
        use std::os::unix::fs::DirBuilderExt;
        if !making.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&making).map_err(cannot("make", &making))?;
            own_like(&making, &like).map_err(cannot("make", &making))?;
        }
        let path = making.join(file_name(Timestamp::now()));
        let part = with_ending(&path, PART);
        if path.exists() {
            return Err(Failure::new(super::Kind::Conflict, format!("{} is there already", path.display())));
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(cannot("write", &part))?;
        let part = Scratch::file(part);
        own_like(part.path(), &like).map_err(cannot("write", part.path()))?;
        Ok((path, part, file))
    });
    let (path, part, file) = joined(opened.await)??;
    let (head, out) = write(source, BufWriter::with_capacity(BLOCK, file), progress).await?;
    let finished = tokio::task::spawn_blocking(move || {
        let finish = || {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            let bytes = file.metadata()?.len();
            fs::rename(part.path(), &path)?;
            sync_directory(&directory)?;
            Ok::<_, io::Error>(bytes)
        };
        let bytes = finish().map_err(cannot("write", &path))?;
        part.keep();
        Ok(Made { path, bytes, head })
    });
    joined(finished.await)?
}

/// Writes a backup into anything. `progress` hears of the bytes of the copy first, then of those of the backup, and answers whether to go on.
pub async fn write<W: Write + Send + 'static>(source: &Source, out: W, progress: impl FnMut(u64, u64) -> bool + Send + 'static) -> Result<(Head, W), Failure> {
    let progress = Arc::new(Mutex::new(progress));
    let tell = move |done, all| (*progress.lock().unwrap_or_else(PoisonError::into_inner))(done, all);
    let copy = Scratch::directory(&source.data, PREFIX, COPY_ENDING).map_err(cannot("write in", &source.data))?;
    let database = copy.path().join("chat.db");
    let created = Timestamp::now();
    let of_copy = tell.clone();
    source.store.copy(database.clone(), move |done, all| of_copy(done * PAGE, all * PAGE)).await?;
    let media = source.media.clone();
    let packed = tokio::task::spawn_blocking(move || {
        let copy = copy;
        let inspected = inspect(&database)?;
        let bytes = fs::metadata(&database).map_err(cannot("read", &database))?.len();
        let head = head(&inspected, created, bytes);
        let out = pack(&head, &inspected, &database, &media, out, tell)?;
        drop(copy);
        Ok((head, out))
    });
    joined(packed.await)?
}

/// Removes what interrupted backups and exports have left in the data directory and, when nobody has written on for an hour, where backups go.
/// To be called by whoever holds the lock of the data directory, before anything is made. Blocks.
pub fn sweep(data: &Path, backups: &Path) -> io::Result<()> {
    left_over(data, backups, true)?.iter().try_for_each(|path| remove(path))
}

/// What interrupted backups have left. The data directory is looked at only by whoever is `alone` with it: else a backup may be
/// under way. Blocks.
pub fn left_over(data: &Path, backups: &Path, alone: bool) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for (name, entry) in if alone { entries(data)? } else { Vec::new() } {
        if [PREFIX, EXPORT_PREFIX].iter().any(|prefix| name.starts_with(prefix)) && name.ends_with(COPY_ENDING) && entry.file_type()?.is_dir() {
            left.push(entry.path());
        }
    }
    // That backups cannot be made there is said by whoever makes them, and keeps no server from starting.
    let there = entries(backups).unwrap_or_else(|error| {
        tracing::warn!("Unfinished backups cannot be looked for: {error}");
        Vec::new()
    });
    for (name, entry) in there {
        // Another server may share the directory and be writing.
        let idle = || Ok::<_, io::Error>(entry.metadata()?.modified()?.elapsed().is_ok_and(|since| since > LEFT));
        if name.strip_suffix(PART).is_some_and(is_file_name) && idle()? {
            left.push(entry.path());
        }
    }
    Ok(left)
}

/// Removes something that was left over.
pub fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// What is in a directory; one that is not there is empty.
fn entries(directory: &Path) -> io::Result<Vec<(String, fs::DirEntry)>> {
    let found = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    found.map(|entry| entry.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry))).collect()
}

fn head(inspected: &Inspected, created: Timestamp, database_bytes: u64) -> Head {
    Head {
        format: FORMAT,
        product: PRODUCT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: inspected.plan.schema,
        created: created.seconds(),
        epoch: inspected.epoch.clone(),
        counts: inspected.counts,
        database_bytes,
        media_bytes: inspected.media.iter().map(|(_, size)| size).sum(),
    }
}

fn pack<W: Write>(head: &Head, inspected: &Inspected, database: &Path, media: &Path, out: W, tell: impl Fn(u64, u64) -> bool) -> Result<W, Failure> {
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::BrokenPipe => interrupted(),
        _ => Failure::failed(format!("cannot write the backup: {error}")),
    };
    let mut compressed = zstd::Encoder::new(Sealing::new(out), LEVEL).map_err(broken)?;
    compressed.include_checksum(true).map_err(broken)?;
    let mut archive = Archive { tar: tar::Builder::new(compressed), manifest: Manifest::default(), done: 0, all: head.database_bytes + head.media_bytes, tell };
    archive.text(&Entry::Head, &json(head)?).map_err(broken)?;
    archive.file(&Entry::Database, &mut File::open(database).map_err(cannot("read", database))?).map_err(broken)?;
    for (name, size) in &inspected.media {
        let place = place(media, name).ok_or_else(|| Failure::failed(format!("the database tells of a file with an impossible name, {name:?}")))?;
        match File::open(&place) {
            Ok(mut file) => archive.file(&Entry::Media(name.clone()), &mut file).map_err(broken)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // The rest is worth saving all the same.
                tracing::warn!("An uploaded file is missing and is not in the backup: {name}");
                archive.manifest.missing.push(name.clone());
                archive.done += size;
            }
            Err(error) => return Err(cannot("read", &place)(error)),
        }
    }
    let manifest = json(&archive.manifest)?;
    archive.text(&Entry::Manifest, &manifest).map_err(broken)?;
    let compressed = archive.tar.into_inner().map_err(broken)?;
    compressed.finish().and_then(Sealing::seal).map_err(broken)
}

/// An archive that is being written.
struct Archive<W: Write, T> {
    tar: tar::Builder<W>,
    manifest: Manifest,
    done: u64,
    all: u64,
    tell: T,
}

impl<W: Write, T: Fn(u64, u64) -> bool> Archive<W, T> {
    fn text(&mut self, entry: &Entry, text: &[u8]) -> io::Result<()> {
        self.add(entry, text.len() as u64, &mut &*text)
    }

    fn file(&mut self, entry: &Entry, file: &mut File) -> io::Result<()> {
        let bytes = file.metadata()?.len();
        self.add(entry, bytes, file)
    }

    fn add(&mut self, entry: &Entry, bytes: u64, from: &mut dyn Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        let mut summed = Summed { from, sum: Sha256::new(), read: 0, done: self.done, all: self.all, tell: &self.tell };
        // What is written must be as long as was said, also when the file has become longer.
        self.tar.append_data(&mut header, entry.name(), (&mut summed).take(bytes))?;
        let (read, sum) = (summed.read, summed.sum.finalize());
        if read != bytes {
            return Err(io::Error::other(format!("{} has become shorter", entry.name())));
        }
        if matches!(entry, Entry::Database | Entry::Media(_)) {
            self.done += read;
        }
        self.manifest.entries.insert(entry.name(), Sum { bytes, sha256: hex::encode(sum) });
        Ok(())
    }
}

/// Sums up what is read through it, and asks whether to go on.
struct Summed<'a, T> {
    from: &'a mut dyn Read,
    sum: Sha256,
    read: u64,
    done: u64,
    all: u64,
    tell: &'a T,
}

impl<T: Fn(u64, u64) -> bool> Read for Summed<'_, T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.sum.update(into.get(..count).unwrap_or_default());
        self.read += count as u64;
        if (self.tell)((self.done + self.read).min(self.all), self.all) {
            Ok(count)
        } else {
            // Not `Interrupted`: that would be tried again.
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec_pretty(value).map_err(|error| Failure::failed(error.to_string()))
}

fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, Failure> {
    result.map_err(|_| Failure::failed("the backup ended unexpectedly"))
}

pub(in crate::admin) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
