//! Downloads.

use std::ops::Range;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tracing::error;

use super::unavailable;
use crate::chat::Chat;
use crate::model::{Error, FileKind, Media, MediaId, Result, Session, Size, Timestamp, UserId};
use crate::store::files::{FileStream, Files};

/// A file to be downloaded.
pub struct Download {
    /// Its row; of a preview, that of the picture, with the size of the preview. One in memory has
    /// none: only name, type and sizes of it are meant.
    pub media: Media,
    /// How a browser may display it.
    pub kind: FileKind,
    pub(super) source: Source,
}

/// Where its bytes come from.
pub(super) enum Source {
    /// The uploaded files.
    Files(Files),
    /// A preview whose longer side has this many pixels.
    Preview(u32, Bytes),
}

impl Download {
    /// A picture in memory, with its name, its type and its bytes.
    pub(in crate::chat) fn of_bytes(name: &str, kind: FileKind, bytes: &Bytes, size: Size) -> Self {
        let media = Media {
            id: MediaId(0),
            name: name.to_owned(),
            kind: kind.ending.to_owned(),
            owner: UserId(0),
            is_image: true,
            size: bytes.len() as u64,
            width: Some(size.width),
            height: Some(size.height),
            file_name: None,
            created: Timestamp(0),
        };
        let source = Source::Preview(size.width.max(size.height), bytes.clone());
        Self { media, kind, source }
    }

    /// Returns what identifies these bytes among those of the same address: an `ETag` without
    /// quotes.
    pub fn tag(&self) -> String {
        match &self.source {
            Source::Files(_) => self.media.name.clone(),
            Source::Preview(side, _) => format!("{}-{side}", self.media.name),
        }
    }

    /// Whether the bytes can be verified by the name of the file.
    pub fn is_named_by_content(&self) -> bool {
        matches!(self.source, Source::Files(_))
    }

    /// Returns a range of its bytes, which must lie within its size.
    pub async fn read(&self, range: Range<u64>) -> Result<FileStream> {
        let Media { name, size, .. } = &self.media;
        let files = match &self.source {
            Source::Files(files) => files,
            Source::Preview(_, bytes) => return Ok(part(bytes, range)),
        };
        let found = files.read(name, range, *size).await.map_err(|error| unavailable(&error))?;
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
            source: Source::Files(self.0.uploads.files.clone()),
        })
    }
}

fn part(bytes: &Bytes, range: Range<u64>) -> FileStream {
    let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    let part = bytes.slice(within(range.start)..within(range.end));
    stream::once(std::future::ready(Ok(part))).boxed()
}
