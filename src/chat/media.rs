//! Uploaded files: taking them in, handing them out, collecting what nothing refers to.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha512};
use tokio::sync::{RwLock, Semaphore};
use tracing::{error, info};

use super::Chat;
use crate::model::{Error, FileKind, Media, MediaId, Picture, Result, SNIFFED, Session, Shown, Timestamp, clean_picture};
use crate::store::NewMedia;
use crate::store::files::{Files, Incoming};

/// What nothing refers to for so long is collected.
pub const UNUSED_FOR: Duration = Duration::from_hours(24);
/// Longest file name in code points.
const MAX_FILE_NAME: usize = 255;
/// Pictures that are cleaned at the same time: each is in memory twice.
const CLEANERS: usize = 2;
/// Rows that one step of the collection looks at.
const STEP: u32 = 500;

/// The files with what uploads and the collection share.
pub(super) struct Uploads {
    files: Files,
    max_bytes: u64,
    /// Uploads hold it to read while bytes and row come into being, the collection to write while both go.
    gate: RwLock<()>,
    /// Somebody else has it too: nothing is collected.
    held: Arc<()>,
    cleaners: Semaphore,
}

impl Uploads {
    pub(super) fn new(files: Files, max_bytes: u64) -> Self {
        Self { files, max_bytes, gate: RwLock::new(()), held: Arc::default(), cleaners: Semaphore::new(CLEANERS) }
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

impl Chat {
    /// Takes a file in: on the disk and known when this returns. The same bytes of the same user are one file.
    pub async fn upload<B>(&self, session: &Session, file_name: Option<String>, body: &mut B) -> Result<Media>
    where
        B: Stream<Item = Result<Bytes>> + Unpin + Send,
    {
        let file_name = file_name.map(|name| check_file_name(&name)).transpose()?;
        let mut incoming = self.0.uploads.files.begin().await.map_err(|error| unavailable(&error))?;
        let (mut head, mut size, mut hash) = (Vec::new(), 0_u64, Sha512::new());
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            size += chunk.len() as u64;
            if size > self.0.uploads.max_bytes {
                return Err(Error::TooLarge);
            }
            head.extend_from_slice(&chunk[..chunk.len().min(SNIFFED - head.len())]);
            hash.update(&chunk);
            incoming.write(&chunk).await.map_err(|error| unavailable(&error))?;
        }
        if size == 0 {
            return Err(Error::invalid("body", "is empty"));
        }
        let mut kind = FileKind::sniff(&head);
        let picture = if kind.shown == Shown::Picture { self.clean(kind, &mut incoming).await? } else { None };
        if let Some(picture) = &picture {
            size = picture.bytes.len() as u64;
            hash = Sha512::new_with_prefix(&picture.bytes);
        } else if kind.shown == Shown::Picture {
            // It only begins like one.
            kind = FileKind::of("bin");
        }
        let name = hex::encode(hash.finalize());
        let new = NewMedia {
            owner: session.user,
            name: name.clone(),
            kind: kind.ending.to_owned(),
            is_image: picture.is_some(),
            size,
            width: picture.as_ref().map(|picture| picture.width),
            height: picture.as_ref().map(|picture| picture.height),
            file_name,
        };
        let _open = self.0.uploads.gate.read().await;
        // A body may have taken long, and the session may have ended meanwhile.
        self.check_still_open(session).await?;
        incoming.keep(&name).await.map_err(|error| unavailable(&error))?;
        let added = self.store().add_media(new).await?;
        info!(user = session.login, "File uploaded: {size} bytes, {}.", kind.ending);
        Ok(added.value)
    }

    async fn clean(&self, kind: FileKind, incoming: &mut Incoming) -> Result<Option<Picture>> {
        let _permit = self.0.uploads.cleaners.acquire().await.map_err(|_| Error::Unavailable)?;
        let bytes = incoming.bytes().await.map_err(|error| unavailable(&error))?;
        let before = bytes.len();
        let cleaned = tokio::task::spawn_blocking(move || clean_picture(kind, bytes));
        // A reader of pictures that panics must not take anything else with it.
        let picture = cleaned.await.unwrap_or_default();
        if let Some(picture) = &picture {
            debug_assert!(picture.bytes.len() <= before + 64, "cleaning takes away");
            incoming.replace(&picture.bytes).await.map_err(|error| unavailable(&error))?;
        }
        Ok(picture)
    }

    /// A file that the caller may read: their own, a profile picture, or one in a room of theirs.
    pub async fn download(&self, session: &Session, name: &str) -> Result<Download> {
        let media = self.store().media(name, session.user).await?.ok_or(Error::MediaNotFound)?;
        let found = self.0.uploads.files.read(name).await.map_err(|error| unavailable(&error))?;
        let Some((file, size)) = found else {
            error!("A file that is known is not there: {name}");
            return Err(Error::MediaNotFound);
        };
        Ok(Download { kind: FileKind::of(&media.kind), media, file, size })
    }

    /// Removes files that nothing has referred to for a day, and bytes that no upload has finished. Answers how many went.
    pub async fn collect_media(&self) -> Result<usize> {
        let before = Timestamp::now().minus(UNUSED_FOR);
        let mut after = Some(MediaId(0));
        let mut gone = 0;
        while let Some(from) = after {
            let _alone = self.0.uploads.gate.write().await;
            if self.media_is_held() {
                // The next hour tries again.
                return Ok(gone);
            }
            let (unused, next) = self.store().drop_unused_media(before, from, STEP).await?;
            gone += self.remove_bytes(&unused).await;
            after = next;
        }
        let old = self.0.uploads.files.older_than(UNUSED_FOR).await.map_err(|error| unavailable(&error))?;
        for names in old.chunks(STEP as usize) {
            let _alone = self.0.uploads.gate.write().await;
            if self.media_is_held() {
                // The next hour tries again.
                return Ok(gone);
            }
            let known = self.store().known_media(names).await?;
            let orphans: Vec<String> = names.iter().filter(|name| !known.contains(name)).cloned().collect();
            gone += self.remove_bytes(&orphans).await;
        }
        if gone > 0 {
            info!("{gone} files that nothing refers to were removed.");
        }
        Ok(gone)
    }

    /// Keeps all files from being collected, for a backup that has the rows and still wants the bytes.
    pub async fn hold_media(&self) -> MediaHold {
        let hold = MediaHold { _held: Arc::clone(&self.0.uploads.held) };
        // A step of the collection that has begun ends first.
        drop(self.0.uploads.gate.read().await);
        hold
    }

    fn media_is_held(&self) -> bool {
        Arc::strong_count(&self.0.uploads.held) > 1
    }

    async fn remove_bytes(&self, names: &[String]) -> usize {
        for name in names {
            if let Err(error) = self.0.uploads.files.remove(name).await {
                error!("A file cannot be removed: {error}");
            }
        }
        names.len()
    }
}

/// The last part of a path, without control characters; a browser will offer to save under it.
fn check_file_name(name: &str) -> Result<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if last.is_empty() || last.chars().any(char::is_control) || last.chars().count() > MAX_FILE_NAME {
        return Err(Error::invalid("fileName", "must be 1 to 255 characters"));
    }
    Ok(last.to_owned())
}

fn unavailable(error: &io::Error) -> Error {
    error!("The directory of uploaded files cannot be used: {error}");
    Error::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_have_no_directories() {
        assert_eq!(check_file_name("C:\\tmp\\a b.png").unwrap(), "a b.png");
        assert_eq!(check_file_name("../책.txt").unwrap(), "책.txt");
        for bad in ["", "  ", "a/", "a\nb", &"x".repeat(256)] {
            assert!(check_file_name(bad).is_err(), "{bad:?}");
        }
    }
}
