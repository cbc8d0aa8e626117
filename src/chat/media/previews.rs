//! Previews of pictures: made when first asked for, and kept.

use bytes::Bytes;
use futures_util::TryStreamExt;
use tracing::{error, warn};

use super::reading::{Download, Source};
use super::unavailable;
use crate::chat::Chat;
use crate::model::{Error, FileKind, Media, MediaId, Result, Session, preview, side_for};
use crate::store::files::Known;

impl Chat {
    /// Returns a preview that shows a picture sharply on this many pixels of its longer side, or
    /// the picture itself where that is better. The same permission as for [`Chat::download`].
    pub async fn preview(
        &self,
        session: &Session,
        name: &str,
        id: Option<MediaId>,
        pixels: u32,
    ) -> Result<Download> {
        let picture = self.download(session, name, id).await?;
        if !picture.media.is_image {
            return Err(Error::MediaNotFound);
        }
        let allowed = self.0.uploads.limits.preview_bytes > 0;
        let Some(side) = side_for(pixels).filter(|_| allowed) else { return Ok(picture) };
        let known = match self.known_preview(name, side).await? {
            Some(known) => known,
            None if !may_have_preview(&picture.media, side) => Known::Itself,
            None => self.make_preview(&picture, side).await?,
        };
        Ok(match known {
            Known::Itself => picture,
            Known::Preview(kind, bytes) => {
                let media = Media { size: bytes.len() as u64, ..picture.media };
                Download { kind, media, source: Source::Preview(side, bytes) }
            }
        })
    }

    /// Deletes previews that nobody uses, and those beyond `[media] preview_bytes`. Failures are
    /// logged.
    pub async fn trim_previews(&self) {
        let uploads = &self.0.uploads;
        let (previews, max) = (uploads.files.previews(), uploads.limits.preview_bytes);
        let trimmed = tokio::task::spawn_blocking(move || previews.trim(max)).await;
        if let Err(error) = trimmed.map_err(std::io::Error::other).flatten() {
            error!("Previews of pictures cannot be deleted: {error}");
        }
    }

    async fn known_preview(&self, name: &str, side: u32) -> Result<Option<Known>> {
        let (previews, name) = (self.0.uploads.files.previews(), name.to_owned());
        let known = tokio::task::spawn_blocking(move || previews.get(&name, side)).await;
        known.map_err(|error| unavailable(&std::io::Error::other(error)))
    }

    async fn make_preview(&self, picture: &Download, side: u32) -> Result<Known> {
        let _alone = self.0.uploads.previewer.acquire().await.map_err(|_| Error::Unavailable)?;
        let media = &picture.media;
        // Others may have asked for the same one.
        if let Some(known) = self.known_preview(&media.name, side).await? {
            return Ok(known);
        }
        let parts = picture.read(0..media.size).await?;
        let parts: Vec<Bytes> = parts.try_collect().await.map_err(|error| unavailable(&error))?;
        let (kind, name) = (FileKind::of(&media.kind), media.name.clone());
        let previews = self.0.uploads.files.previews();
        let has_space = self.0.uploads.check_space().await.is_ok();
        let made = tokio::task::spawn_blocking(move || {
            let known = match preview(kind, &parts.concat(), side) {
                Some(preview) => Known::Preview(preview.kind, preview.bytes.into()),
                None => Known::Itself,
            };
            if has_space && let Err(error) = previews.put(&name, side, &known) {
                warn!("A preview of a picture cannot be kept: {error}");
            }
            known
        });
        // A decoder that panics, which has been logged, costs the preview only.
        Ok(made.await.unwrap_or(Known::Itself))
    }
}

/// Whether a picture of this type and size can have a preview, without reading it.
fn may_have_preview(media: &Media, side: u32) -> bool {
    media.kind != "gif" && media.width.max(media.height).is_none_or(|longer| longer > side)
}
