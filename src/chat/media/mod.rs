//! Uploaded files: upload, download, and collecting unreferenced files.

mod arriving;
mod collect;
mod erase;
mod expired;
mod owner;
mod previews;
mod reading;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use metrics::counter;
use sha2::{Digest, Sha512};
use tokio::sync::{Mutex, OnceCell, Semaphore};
use tracing::{error, info, warn};

use super::Chat;
use crate::config;
use crate::model::{
    Error, FileKind, Media, Picture, Result, SNIFFED, Session, Shown, Size, UserId,
    check_file_name, copy_picture,
};
use crate::store::NewMedia;
use crate::store::files::{Files, Incoming};

use arriving::Arriving;
use owner::Standing;

pub use collect::PERMISSION;
pub use erase::ErasedFiles;
pub use reading::Download;

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
    /// Held by the collection while it removes rows and files.
    step: Mutex<()>,
    /// Shared with every [`MediaHold`]: while there is one, nothing is collected.
    held: Arc<()>,
    cleaners: Semaphore,
    /// Previews are made one at a time: each takes a core and up to 250 MB.
    previewer: Arc<Semaphore>,
    arriving: Arriving,
    /// Decided once, before the first upload.
    standing: OnceCell<Standing>,
    /// Whether this instance is known to be among the owners.
    noted: AtomicBool,
    /// Whether files in use were looked for in the trash.
    restored: AtomicBool,
}

impl Uploads {
    pub(super) fn new(files: Files, instance: String, limits: &config::Media) -> Self {
        Self {
            files,
            instance,
            limits: limits.clone(),
            step: Mutex::default(),
            held: Arc::default(),
            cleaners: Semaphore::new(CLEANERS),
            previewer: Arc::new(Semaphore::new(1)),
            arriving: Arriving::default(),
            standing: OnceCell::new(),
            noted: AtomicBool::new(false),
            restored: AtomicBool::new(false),
        }
    }

    /// Permits decoding one picture.
    pub(super) fn previewer(&self) -> Arc<Semaphore> {
        Arc::clone(&self.previewer)
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

/// Properties detected in an upload.
struct Judged {
    kind: FileKind,
    /// Displayed size; None: it cannot be displayed as a picture.
    size: Option<Size>,
    name: String,
    bytes: u64,
}

impl Chat {
    /// Stores a file: durable and known when this returns. The same bytes of the same user
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
        // The body may have taken long, and the session may have ended meanwhile.
        self.check_still_open(session).await?;
        self.note_owner().await.map_err(|error| unavailable(&error))?;
        incoming.keep(&judged.name).await.map_err(|error| unavailable(&error))?;
        // So may have putting it on another machine.
        self.check_still_open(session).await?;
        let added = self.store().add_media(new).await?;
        self.make_sure(&judged.name).await?;
        info!(
            user = session.login,
            "File uploaded: {} bytes, {}.", judged.bytes, judged.kind.ending
        );
        Ok(added.value)
    }

    /// Stores a picture of this user that was checked and has no metadata.
    pub(super) async fn keep_picture(
        &self,
        owner: UserId,
        kind: FileKind,
        picture: &Picture,
    ) -> Result<Media> {
        let uploads = &self.0.uploads;
        uploads.check_space().await?;
        let mut incoming = uploads.files.begin().await.map_err(|error| unavailable(&error))?;
        incoming.write(&picture.bytes).await.map_err(|error| unavailable(&error))?;
        let mut arrived = Arrived::default();
        arrived.take(&picture.bytes);
        let (size, name) = (arrived.bytes, arrived.name());
        self.note_owner().await.map_err(|error| unavailable(&error))?;
        incoming.keep(&name).await.map_err(|error| unavailable(&error))?;
        let new = NewMedia {
            owner,
            name,
            kind: kind.ending.to_owned(),
            is_image: true,
            size,
            width: Some(picture.size.width),
            height: Some(picture.size.height),
            file_name: None,
        };
        Ok(self.store().add_media(new).await?.value)
    }

    /// Makes sure that a file is there that is used from now on.
    pub(super) async fn check_kept(&self, media: &Media) -> Result<()> {
        self.make_sure(&media.name).await
    }

    /// Returns the size of the user's unreferenced files; an error if that is too much together
    /// with their unfinished uploads.
    pub(super) async fn check_share(&self, session: &Session) -> Result<u64> {
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

    /// Makes sure that a file is there whose row was just added: a collection, perhaps of another
    /// server, may have removed the same bytes while nobody owned them.
    async fn make_sure(&self, name: &str) -> Result<()> {
        match self.0.uploads.files.has(name).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                error!("An uploaded file has vanished: {name}");
                Err(Error::Unavailable)
            }
            Err(error) => {
                // It was there a moment ago, and the trash keeps what was removed.
                warn!("Whether an uploaded file is there could not be checked: {error}");
                Ok(())
            }
        }
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
    error!("Uploaded files cannot be read or written: {error}");
    counter!("chatctl_unavailable_total", "cause" => "media").increment(1);
    Error::Unavailable
}
