//! Uploaded files: taking them in, handing them out, collecting what nothing refers to.

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

/// What nothing refers to for so long is collected.
pub const UNUSED_FOR: Duration = Duration::from_hours(24);
/// Pictures that are cleaned at the same time: it takes a core each.
const CLEANERS: usize = 2;
/// Bytes of an upload between two looks at the free space.
const LOOK: u64 = 4 * 1024 * 1024;
/// Free bytes that uploads leave, where nothing else is configured, but at most this part of the
/// disk.
const FLOOR: u64 = 256 * 1024 * 1024;
const FLOOR_SHARE: u64 = 20;
/// When somebody who has too many unused files may try again: each hour some are collected.
const PATIENCE: Duration = Duration::from_hours(1);

/// The files with what uploads and the collection share.
pub(super) struct Uploads {
    files: Files,
    /// Whose database this is.
    instance: String,
    limits: config::Media,
    /// Uploads hold it to read while bytes and row come into being, the collection to write while
    /// both go.
    gate: RwLock<()>,
    /// Somebody else has it too: nothing is collected.
    held: Arc<()>,
    cleaners: Semaphore,
    arriving: Arriving,
    standing: Mutex<Standing>,
    /// Whether the directory tells that this instance keeps files there.
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

    /// Refuses while the disk is nearly full, so that there is room for messages.
    async fn check_space(&self) -> Result<()> {
        let (free, all) = self.files.space().await.map_err(|error| unavailable(&error))?;
        let floor = self.limits.min_free_bytes.unwrap_or_else(|| FLOOR.min(all / FLOOR_SHARE));
        if free >= floor {
            return Ok(());
        }
        error!(
            "An upload was refused: {free} bytes are free where uploaded files are kept, less \
             than {floor} ([media] min_free_bytes)."
        );
        counter!("chatctl_unavailable_total", "cause" => "disk").increment(1);
        Err(Error::Unavailable)
    }
}

/// While this lives no uploaded file goes.
#[derive(Debug)]
pub struct MediaHold {
    _held: Arc<()>,
}

/// A file to be handed out.
pub struct Download {
    /// What is known of it.
    pub media: Media,
    /// How a browser may show it.
    pub kind: FileKind,
    /// Its bytes, from the first.
    pub file: tokio::fs::File,
    /// How many there are.
    pub size: u64,
}

/// What an upload has turned out to be.
struct Judged {
    kind: FileKind,
    /// As it is shown; None: it is no picture that may be.
    size: Option<Size>,
    name: String,
    bytes: u64,
}

impl Chat {
    /// Takes a file in: on the disk and known when this returns. The same bytes of the same user
    /// under the same name are one file. `declared` is how long it says to be.
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
            return Err(Error::invalid("body", "is empty"));
        }
        // What others of the same user's have brought in meanwhile is in the store's sum, or still
        // in this one.
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
        // A body may have taken long, and the session may have ended meanwhile.
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

    /// What the user's files that nothing refers to take up; an error where that is too much with
    /// what arrives at this moment.
    async fn check_share(&self, session: &Session) -> Result<u64> {
        // In this order: what ends in between is counted twice rather than not at all.
        let arriving = self.0.uploads.arriving.of(session.user);
        let unused = self.store().unused_media_bytes(session.user).await?;
        if unused + arriving > self.0.uploads.limits.max_unused_bytes_per_user {
            Err(too_much(session))
        } else {
            Ok(unused)
        }
    }

    /// Finds out what has arrived, and cleans it where it is a picture.
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
            // It only begins like one.
            None => Judged {
                kind: FileKind::of("bin"),
                size: None,
                bytes: arrived.bytes,
                name: arrived.name(),
            },
        })
    }

    /// A file that the caller may read: their own, a profile picture, or one in a room of theirs.
    /// `id` says under which name, where it has several; else it is the newest that the caller
    /// may read.
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
            error!("A file that is known is not there: {name}");
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

/// Bytes that are counted and summed up.
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

    /// What a file of them is called.
    fn name(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

/// Sums up what is written through it.
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
        "An upload was refused: the user's files that no message holds take up too much."
    );
    Error::RateLimited(PATIENCE)
}

fn unavailable(error: &io::Error) -> Error {
    error!("The directory of uploaded files cannot be used: {error}");
    Error::Unavailable
}
