//! Moves the files of expired messages to the trash. The collection of unused files would do it, too,
//! but it is wary of unusually many.

use super::{UNUSED_FOR, unavailable};
use crate::chat::Chat;
use crate::model::{MediaId, Result, Timestamp};

impl Chat {
    /// Moves those of these files to the trash that nothing uses any more and that were not
    /// uploaded just now, with their previews. Returns how many. In a place of files that belongs to
    /// other instances too, they stay.
    pub(in crate::chat) async fn discard_expired(&self, ids: &[MediaId]) -> Result<u64> {
        if ids.is_empty() || !self.owns_place().await? {
            return Ok(0);
        }
        let before = Timestamp::now().minus(UNUSED_FOR);
        let mut gone = 0;
        for id in ids {
            let alone = self.while_not_held().await;
            let above = MediaId(id.0 - 1);
            let (names, _) = self.store().drop_unused_media(before, above, 1).await?;
            if names.is_empty() {
                continue;
            }
            gone += self.discard(&names).await? as u64;
            drop(alone);
            let previews = self.0.uploads.files.previews();
            let removed = tokio::task::spawn_blocking(move || previews.remove(&names)).await;
            removed.map_err(std::io::Error::other).flatten().map_err(|e| unavailable(&e))?;
        }
        Ok(gone)
    }
}
