//! Creates a backup: first a snapshot of the database, then the uploaded files that it refers to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{counter, gauge};
use sha2::{Digest, Sha256, Sha512};

use super::checksum::Sealing;
use super::encryption::{Encrypting, Recipients};
use super::format::{
    Entry, FORMAT, Head, Manifest, Owner, PRODUCT, Sum, file_name, host, more_endings, unused_name,
};
use super::leftovers::{COPY_ENDING, PART, PREFIX};
use super::prune::prune_damaged;
use super::scratch::{Scratch, own_like, sync_directory};
use super::{FAILURES, Failure, Kind, LAST, cannot, interrupted};
use crate::chat::{Chat, MediaHold};
use crate::config::Config;
use crate::model::Timestamp;
use crate::model::rules::count as plural;
use crate::store::engine::Embedded;
use crate::store::engine::upkeep::{Inspected, examine, inspect};
use crate::store::files::place;

/// Bytes per database page, to report the progress of the copy.
const PAGE: u64 = 4096;
/// The default level of zstd: uploads are compressed already, and text shrinks to a third.
const LEVEL: i32 = 3;
/// Bytes read at once.
const BLOCK: usize = 128 * 1024;

/// The data to back up.
pub struct Source {
    /// The database.
    pub store: Embedded,
    /// The data directory, which also holds the temporary copy.
    pub data: PathBuf,
    /// The uploaded files.
    pub media: Uploads,
    /// Prevents uploaded files from being deleted while the backup is made; None only if nothing
    /// deletes files.
    pub hold: Option<MediaHold>,
}

/// Where the uploaded files are.
#[derive(Clone, Debug)]
pub enum Uploads {
    /// In this directory: a backup contains them.
    Directory(PathBuf),
    /// In a bucket, at this URL: a backup does not contain them.
    Bucket(String),
}

impl Uploads {
    fn of(config: &Config) -> Self {
        match config.media.bucket() {
            Some(url) => Self::Bucket(url.to_owned()),
            None => Self::Directory(config.server.data_dir.join(&config.media.directory)),
        }
    }

    /// The path of a file that a backup contains.
    fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Directory(directory) => place(directory, name),
            Self::Bucket(_) => None,
        }
    }
}

impl Source {
    /// The data of a server; while this exists no uploaded file is deleted.
    pub async fn of(config: &Config, chat: &Chat, store: &Embedded) -> Self {
        let data = config.server.data_dir.clone();
        Self {
            store: store.clone(),
            media: Uploads::of(config),
            data,
            hold: Some(chat.hold_media().await),
        }
    }
}

/// A backup file that was created.
#[derive(Clone, Debug)]
pub struct Made {
    /// Path of the file.
    pub path: PathBuf,
    /// Size of the file.
    pub bytes: u64,
    /// Its header.
    pub head: Head,
}

/// A backup that was written to a stream.
#[derive(Debug)]
pub struct Written<W> {
    /// Its header.
    pub head: Head,
    /// Problems of the source data, one sentence each; they are logged already.
    pub problems: Vec<String>,
    /// The stream it was written to.
    pub out: W,
}

/// The result of a backup that found these problems.
pub fn verdict(problems: &[String]) -> Result<(), Failure> {
    let Some(first) = problems.first() else { return Ok(()) };
    let more = if problems.len() > 1 {
        format!(" ({} in all; see the log)", plural(problems.len(), "problem"))
    } else {
        String::new()
    };
    Err(Failure::new(Kind::Problems, format!("the data is damaged: {first}{more}")))
}

/// Creates a backup in a directory, named after its time and its instance. It is written to a
/// temporary file, synced, then renamed; a failure leaves nothing behind. A backup of damaged data
/// gets another file name ending, and is a failure. It is encrypted if there are recipients.
pub async fn create(
    source: &Source,
    directory: &Path,
    recipients: &Recipients,
    progress: impl FnMut(u64, u64) -> bool + Send + 'static,
) -> Result<Made, Failure> {
    let made = make(source, directory, recipients, progress).await;
    count(made.as_ref().err());
    made
}

/// Updates the metrics of backups; an interrupted backup does not count as failed.
pub fn count(failure: Option<&Failure>) {
    match failure {
        None => gauge!(LAST).set(seconds(Timestamp::now())),
        Some(failure) if failure.kind == Kind::Interrupted => (),
        Some(_) => counter!(FAILURES).increment(1),
    }
}

async fn make(
    source: &Source,
    directory: &Path,
    recipients: &Recipients,
    progress: impl FnMut(u64, u64) -> bool + Send + 'static,
) -> Result<Made, Failure> {
    let directory = directory.to_owned();
    let (making, like) = (directory.clone(), source.data.clone());
    let opened = tokio::task::spawn_blocking(move || {
        use std::os::unix::fs::DirBuilderExt;
        if !making.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&making)
                .map_err(cannot("create", &making))?;
            own_like(&making, &like).map_err(cannot("create", &making))?;
        }
        let part = making.join(part_name()?);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(cannot("write", &part))?;
        let part = Scratch::file(part);
        own_like(part.path(), &like).map_err(cannot("write", part.path()))?;
        Ok::<_, Failure>((part, file))
    });
    let (part, file) = joined(opened.await)??;
    let out = Encrypting::begin(BufWriter::with_capacity(BLOCK, file), recipients)
        .map_err(cannot("write", part.path()))?;
    let encrypted = recipients.encrypt();
    let Written { head, problems, out } = write(source, out, progress).await?;
    let finished = tokio::task::spawn_blocking(move || {
        let path = unused_name(&directory, &head, &more_endings(encrypted, !problems.is_empty()));
        let finish = || {
            let file = out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            let bytes = file.metadata()?.len();
            fs::rename(part.path(), &path)?;
            sync_directory(&directory)?;
            Ok::<_, io::Error>(bytes)
        };
        let bytes = finish().map_err(cannot("write", &path))?;
        part.keep();
        let owner = Owner { instance: head.instance.clone(), epoch: head.epoch.clone() };
        verdict(&problems)
            .map_err(|failure| {
                Failure::new(
                    failure.kind,
                    format!("{failure}; the readable part was saved as {}", path.display()),
                )
            })
            .inspect_err(|_| drop(prune_damaged(&directory, &owner)))?;
        Ok(Made { path, bytes, head })
    });
    joined(finished.await)?
}

/// A unique name of a temporary file, which is removed later if it is left over.
fn part_name() -> Result<String, Failure> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(error.to_string()))?;
    Ok(format!("{}{PART}", file_name(Timestamp::now(), "", &hex::encode(bytes), 1)))
}

/// Writes a backup to a stream. `progress` receives the bytes of the database copy first, then
/// those of the backup, and returns whether to continue. The copy is checked as `verify` would
/// check it, and each file against its name.
pub async fn write<W: Write + Send + 'static>(
    source: &Source,
    out: W,
    progress: impl FnMut(u64, u64) -> bool + Send + 'static,
) -> Result<Written<W>, Failure> {
    let written = write_checked(source, out, progress).await;
    if let Ok(written) = &written {
        for problem in &written.problems {
            tracing::error!("The data of this backup is damaged: {problem}");
        }
    }
    written
}

async fn write_checked<W: Write + Send + 'static>(
    source: &Source,
    out: W,
    progress: impl FnMut(u64, u64) -> bool + Send + 'static,
) -> Result<Written<W>, Failure> {
    let progress = Arc::new(Mutex::new(progress));
    let tell =
        move |done, all| (*progress.lock().unwrap_or_else(PoisonError::into_inner))(done, all);
    let copy = Scratch::directory(&source.data, PREFIX, COPY_ENDING)
        .map_err(cannot("write in", &source.data))?;
    let database = copy.path().join("chat.db");
    let created = Timestamp::now();
    let of_copy = tell.clone();
    source.store.copy(database.clone(), move |done, all| of_copy(done * PAGE, all * PAGE)).await?;
    let media = source.media.clone();
    let packed = tokio::task::spawn_blocking(move || {
        let copy = copy;
        let mut problems = examine(&database)?;
        let inspected = inspect(&database).inspect_err(|_| {
            for problem in &problems {
                tracing::error!("Cannot create a backup: {problem}");
            }
        })?;
        let bytes = fs::metadata(&database).map_err(cannot("read", &database))?.len();
        let head = head(&inspected, created, bytes, &media);
        let (out, of_files) = pack(&head, &inspected, &database, &media, out, tell)?;
        problems.extend(of_files);
        drop(copy);
        Ok(Written { head, problems, out })
    });
    joined(packed.await)?
}

/// A timestamp in seconds, for metrics.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are exact")]
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.0 as f64 / 1000.0
}

fn head(inspected: &Inspected, created: Timestamp, database_bytes: u64, uploads: &Uploads) -> Head {
    // A file may be longer than its database row claims, and readers of the backup rely on this
    // size.
    let length = |name: &str| {
        uploads.path(name).and_then(|path| fs::metadata(path).ok()).map_or(0, |file| file.len())
    };
    let (media_bytes, media_in) = match uploads {
        Uploads::Directory(_) => {
            (inspected.media.iter().map(|(name, size)| length(name).max(*size)).sum(), None)
        }
        Uploads::Bucket(url) => (0, Some(url.clone())),
    };
    Head {
        format: FORMAT,
        product: PRODUCT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: inspected.plan.schema,
        created: created.seconds(),
        epoch: inspected.epoch.clone(),
        counts: inspected.counts,
        database_bytes,
        media_bytes,
        media_in,
        instance: inspected.instance.clone(),
        host: host(),
    }
}

fn pack<W: Write>(
    head: &Head,
    inspected: &Inspected,
    database: &Path,
    uploads: &Uploads,
    out: W,
    tell: impl Fn(u64, u64) -> bool,
) -> Result<(W, Vec<String>), Failure> {
    let mut problems = Vec::new();
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::BrokenPipe => interrupted(),
        _ => Failure::failed(format!("cannot write the backup: {error}")),
    };
    let mut compressed = zstd::Encoder::new(Sealing::new(out), LEVEL).map_err(broken)?;
    compressed.include_checksum(true).map_err(broken)?;
    let mut archive = Archive {
        tar: tar::Builder::new(compressed),
        manifest: Manifest::default(),
        done: 0,
        all: head.database_bytes + head.media_bytes,
        tell,
    };
    archive.text(&Entry::Head, &json(head)?).map_err(broken)?;
    archive
        .file(&Entry::Database, &mut File::open(database).map_err(cannot("read", database))?)
        .map_err(broken)?;
    let contained = match uploads {
        Uploads::Directory(_) => &inspected.media[..],
        Uploads::Bucket(_) => &[],
    };
    for (name, size) in contained {
        let place = uploads.path(name).ok_or_else(|| {
            Failure::failed(format!("the database refers to a file with an invalid name, {name:?}"))
        })?;
        match File::open(&place) {
            Ok(mut file) => {
                let found = archive.upload(name, &mut file).map_err(broken)?;
                if found != *name {
                    problems.push(format!(
                        "The uploaded file {name} has changed: its SHA-512 does not match its \
                         name."
                    ));
                    archive.manifest.altered.push(name.clone());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Back up the rest anyway.
                problems.push(format!("The uploaded file {name} is missing."));
                archive.manifest.missing.push(name.clone());
                archive.done += size;
            }
            Err(error) => return Err(cannot("read", &place)(error)),
        }
    }
    let manifest = json(&archive.manifest)?;
    archive.text(&Entry::Manifest, &manifest).map_err(broken)?;
    let compressed = archive.tar.into_inner().map_err(broken)?;
    let out = compressed.finish().and_then(Sealing::seal).map_err(broken)?;
    Ok((out, problems))
}

/// The archive being written.
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

    /// Adds an uploaded file; returns its SHA-512, which should be its name.
    fn upload(&mut self, name: &str, file: &mut File) -> io::Result<String> {
        let bytes = file.metadata()?.len();
        let mut named = Named { file, sum: Sha512::new() };
        self.add(&Entry::Media(name.to_owned()), bytes, &mut named)?;
        Ok(hex::encode(named.sum.finalize()))
    }

    fn add(&mut self, entry: &Entry, bytes: u64, from: &mut dyn Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        let mut summed = Summed {
            from,
            sum: Sha256::new(),
            read: 0,
            done: self.done,
            all: self.all,
            tell: &self.tell,
        };
        // The entry must have exactly the announced size, even if the file has grown.
        self.tar.append_data(&mut header, entry.name(), (&mut summed).take(bytes))?;
        let (read, sum) = (summed.read, summed.sum.finalize());
        if read != bytes {
            return Err(io::Error::other(format!("{} was truncated meanwhile", entry.name())));
        }
        if matches!(entry, Entry::Database | Entry::Media(_)) {
            self.done += read;
        }
        self.manifest.entries.insert(entry.name(), Sum { bytes, sha256: hex::encode(sum) });
        Ok(())
    }
}

/// Computes the SHA-512 of an uploaded file, which is its name.
struct Named<'a> {
    file: &'a mut File,
    sum: Sha512,
}

impl Read for Named<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.sum.update(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Hashes what is read through it, and reports progress.
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
            // Not `ErrorKind::Interrupted`, which readers retry.
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
