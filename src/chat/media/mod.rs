//! Uploaded files: upload, download, and collecting unreferenced files.

mod arriving;
mod collect;

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use metrics::counter;
use sha2::{Digest, Sha512};
use tokio::sync::{RwLock, Semaphore};
use tracing::{error, info};

use super::Chat;
use crate::config;
use crate::model::{
    Error, FileKind, Media, MediaId, Result, SNIFFED, Session, Shown, Size, check_file_name,
    copy_picture,
};
use crate::store::NewMedia;
use crate::store::files::{Files, Incoming};

use arriving::Arriving;
use collect::Standing;

pub use collect::PERMISSION;

/// Age at which an unreferenced file is collected.
pub const UNUSED_FOR: Duration = Duration::from_hours(24);
/// Maximum number of pictures cleaned at the same time: each takes a core.
const CLEANERS: usize = 2;
/// Number of bytes of an upload between checks of the free space.
const LOOK: u64 = 4 * 1024 * 1024;
/// Free bytes that uploads must leave unless configured otherwise, but at most this part of the
/// disk.
const FLOOR: u64 = 256 * 1024 * 1024;
const FLOOR_SHARE: u64 = 20;
/// When a user with too many unused files may try again: unused files are collected every hour.
const PATIENCE: Duration = Duration::from_hours(1);

/// The files, with the state shared by uploads and collection.
pub(super) struct Uploads {
    files: Files,
    /// Id of the database.
    instance: String,
    limits: config::Media,
    /// Uploads hold it for reading while they create file and row, the collection for writing while
    /// it removes both.
    gate: RwLock<()>,
    /// Shared with every [`MediaHold`]: while there is one, nothing is collected.
    held: Arc<()>,
    cleaners: Semaphore,
    arriving: Arriving,
    standing: Mutex<Standing>,
    /// Whether the owner file names this instance.
    noted: AtomicBool,
}

impl Uploads {
    pub(super) fn new(files: Files, instance: String, limits: &config::Media) -> Self {
        Self {
            files,
            instance,
            limits: limits.clone(),
            gate: RwLock::new(()),
            held: Arc::default(),
            cleaners: Semaphore::new(CLEANERS),
            arriving: Arriving::default(),
            standing: Mutex::default(),
            noted: AtomicBool::new(false),
        }
    }

    /// Refuses uploads while the disk is nearly full, so that messages can still be stored.
    async fn check_space(&self) -> Result<()> {
        let (free, all) = self.files.space().await.map_err(|error| unavailable(&error))?;
        let floor = self.limits.min_free_bytes.unwrap_or_else(|| FLOOR.min(all / FLOOR_SHARE));
        if free >= floor {
            return Ok(());
        }
        error!(
            "An upload was refused: {free} bytes are free on the disk of uploaded files, less than \
             {floor} ([media] min_free_bytes)."
        );
        counter!("chatctl_unavailable_total", "cause" => "disk").increment(1);
        Err(Error::Unavailable)
    }
}

/// While this exists, uploaded files are not removed.
#[derive(Debug)]
pub struct MediaHold {
    _held: Arc<()>,
}

/// A file to be downloaded.
pub struct Download {
    /// Its row.
    pub media: Media,
    /// How a browser may display it.
    pub kind: FileKind,
    /// The file, at its start.
    pub file: tokio::fs::File,
    /// Its size in bytes.
    pub size: u64,
}

/// Properties detected in an upload.
struct Judged {
    kind: FileKind,
    /// Displayed size; None: it cannot be displayed as a picture.
    size: Option<Size>,
    name: String,
    bytes: u64,
}

impl Chat {
    /// Stores a file: written to disk and known when this returns. The same bytes of the same user
    /// under the same name are one file. `declared` is the announced length.
    pub async fn upload<B>(
        &self,
        session: &Session,
        file_name: Option<String>,
        declared: Option<u64>,
        body: &mut B,
    ) -> Result<Media>
    where
        B: Stream<Item = Result<Bytes>> + Unpin + Send,
    {
        let file_name = file_name.map(|name| check_file_name("fileName", &name)).transpose()?;
        let uploads = &self.0.uploads;
        if declared.is_some_and(|declared| declared > uploads.limits.max_bytes) {
            return Err(Error::TooLarge);
        }
        uploads.check_space().await?;
        let mut arriving = uploads.arriving.begin(session.user);
        arriving.add(1);
        let unused = self.check_share(session).await?;
        let mut incoming = uploads.files.begin().await.map_err(|error| unavailable(&error))?;
        let (mut head, mut arrived) = (Vec::new(), Arrived::default());
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            let (before, bytes) = (arrived.bytes, chunk.len() as u64);
            arrived.take(&chunk);
            arriving.add(bytes);
            if arrived.bytes > uploads.limits.max_bytes {
                return Err(Error::TooLarge);
            }
            if unused + uploads.arriving.of(session.user) > uploads.limits.max_unused_bytes_per_user
            {
                return Err(too_much(session));
            }
            if before / LOOK != arrived.bytes / LOOK {
                uploads.check_space().await?;
            }
            head.extend_from_slice(&chunk[..chunk.len().min(SNIFFED - head.len())]);
            incoming.write(&chunk).await.map_err(|error| unavailable(&error))?;
        }
        if arrived.bytes == 0 {
            return Err(Error::invalid("body", "must not be empty"));
        }
        // Other uploads of the same user that finished meanwhile are counted by the store,
        // unfinished ones here.
        self.check_share(session).await?;
        let judged = self.judge(FileKind::sniff(&head), arrived, &mut incoming).await?;
        let new = NewMedia {
            owner: session.user,
            name: judged.name.clone(),
            kind: judged.kind.ending.to_owned(),
            is_image: judged.size.is_some(),
            size: judged.bytes,
            width: judged.size.map(|size| size.width),
            height: judged.size.map(|size| size.height),
            file_name,
        };
        let _open = uploads.gate.read().await;
        // The body may have taken long, and the session may have ended meanwhile.
        self.check_still_open(session).await?;
        self.note_owner().await.map_err(|error| unavailable(&error))?;
        incoming.keep(&judged.name).await.map_err(|error| unavailable(&error))?;
        let added = self.store().add_media(new).await?;
        info!(
            user = session.login,
            "File uploaded: {} bytes, {}.", judged.bytes, judged.kind.ending
        );
        Ok(added.value)
    }

    /// Returns the size of the user's unreferenced files; an error if that is too much together
    /// with their unfinished uploads.
    async fn check_share(&self, session: &Session) -> Result<u64> {
        // In this order, uploads that finish in between are counted twice rather than not at all.
        let arriving = self.0.uploads.arriving.of(session.user);
        let unused = self.store().unused_media_bytes(session.user).await?;
        if unused + arriving > self.0.uploads.limits.max_unused_bytes_per_user {
            Err(too_much(session))
        } else {
            Ok(unused)
        }
    }

    /// Detects the type of an upload, and removes metadata from pictures.
    async fn judge(
        &self,
        kind: FileKind,
        arrived: Arrived,
        incoming: &mut Incoming,
    ) -> Result<Judged> {
        if kind.shown != Shown::Picture {
            return Ok(Judged { kind, size: None, bytes: arrived.bytes, name: arrived.name() });
        }
        let _permit = self.0.uploads.cleaners.acquire().await.map_err(|_| Error::Unavailable)?;
        let cleaned = incoming.rewrite(move |from, to| {
            let mut to = Summed { to, sum: Arrived::default() };
            Ok(copy_picture(kind, from, &mut to)?.map(|size| (size, to.sum)))
        });
        Ok(match cleaned.await.map_err(|error| unavailable(&error))? {
            Some((size, sum)) => Judged {
                kind,
                size: Some(size).filter(|size| !size.is_too_large()),
                bytes: sum.bytes,
                name: sum.name(),
            },
            // Only the first bytes look like a picture.
            None => Judged {
                kind: FileKind::of("bin"),
                size: None,
                bytes: arrived.bytes,
                name: arrived.name(),
            },
        })
    }

    /// Returns a file that the caller may read: their own, a profile picture, or one in a room of
    /// theirs. `id` selects one of several names; without it the newest one readable for the caller
    /// is used.
    pub async fn download(
        &self,
        session: &Session,
        name: &str,
        id: Option<MediaId>,
    ) -> Result<Download> {
        let media =
            self.store().media(name, id, session.user).await?.ok_or(Error::MediaNotFound)?;
        let found = self.0.uploads.files.read(name).await.map_err(|error| unavailable(&error))?;
        let Some((file, size)) = found else {
            error!("A known file is missing: {name}");
            return Err(Error::MediaNotFound);
        };
        Ok(Download {
            kind: FileKind::of(&media.kind).unless_shown(media.is_image),
            media,
            file,
            size,
        })
    }
}

/// Bytes received, counted and hashed.
#[derive(Default)]
struct Arrived {
    bytes: u64,
    hash: Sha512,
}

impl Arrived {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// Returns the file name for these bytes.
    fn name(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

/// Counts and hashes all bytes written through it.
struct Summed<W> {
    to: W,
    sum: Arrived,
}

impl<W: io::Write> io::Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sum.take(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn too_much(session: &Session) -> Error {
    info!(
        user = session.login,
        "An upload was refused: the user's unused files take up too much space."
    );
    Error::RateLimited(PATIENCE)
}

fn unavailable(error: &io::Error) -> Error {
    error!("The directory of uploaded files cannot be used: {error}");
    Error::Unavailable
}
