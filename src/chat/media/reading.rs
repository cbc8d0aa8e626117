//! Downloads.

use std::ops::Range;

use tracing::error;

use super::unavailable;
use crate::chat::Chat;
use crate::model::{Error, FileKind, Media, MediaId, Result, Session};
use crate::store::files::{FileStream, Files};

/// A file to be downloaded.
pub struct Download {
    /// Its row.
    pub media: Media,
    /// How a browser may display it.
    pub kind: FileKind,
    files: Files,
}

impl Download {
    /// Returns a range of its bytes, which must lie within its size.
    pub async fn read(&self, range: Range<u64>) -> Result<FileStream> {
        let Media { name, size, .. } = &self.media;
        let found =
            self.files.read(name, range, *size).await.map_err(|error| unavailable(&error))?;
        found.ok_or_else(|| {
            error!("A known file is missing: {name}");
            Error::MediaNotFound
        })
    }
}

impl Chat {
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
        Ok(Download {
            kind: FileKind::of(&media.kind).unless_shown(media.is_image),
            media,
            files: self.0.uploads.files.clone(),
        })
    }
}
