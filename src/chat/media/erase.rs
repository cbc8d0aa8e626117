//! Deletes the files of one user at once, without the trash.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::unavailable;
use crate::chat::{Chat, Operator};
use crate::model::{MediaId, Result, Timestamp, UserId};
use crate::store::OwnFile;

/// Rows per step.
const STEP: u32 = 100;
/// Interval of checks whether a backup still needs the files.
const LOOK: Duration = Duration::from_millis(200);
/// Everything that is in the trash by now was moved there before this time from now, whatever the
/// time zone of its day.
const ANY: Duration = Duration::from_hours(48);

/// Numbers of deleted files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedFiles {
    /// Files that are not the user's any more.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those of them whose bytes stay: another user has uploaded the same, or another instance
    /// keeps files in the same place.
    pub kept: u64,
}

impl ErasedFiles {
    /// Adds a file; `kept`: its bytes stay.
    fn add(&mut self, file: &OwnFile, kept: bool) {
        self.files += 1;
        self.bytes += file.media.size;
        self.kept += u64::from(kept);
    }
}

impl Chat {
    /// Counts the files of a user that [`erase_files`](Self::erase_files) deletes once their
    /// messages and profile are erased.
    pub async fn count_files(&self, _: &Operator, user: UserId) -> Result<ErasedFiles> {
        let (mut counted, mut after) = (ErasedFiles::default(), Some(MediaId(0)));
        if self.store().own_files(user, MediaId(0), 1).await?.0.is_empty() {
            return Ok(counted);
        }
        let ours = self.owns_place().await?;
        while let Some(from) = after {
            let (page, next) = self.store().own_files(user, from, STEP).await?;
            for file in page.iter().filter(|file| !file.stays) {
                counted.add(file, !ours || file.bytes_stay);
            }
            after = next;
        }
        Ok(counted)
    }

    /// Deletes the files of a user that no message, profile or emoji uses: their bytes, copies of
    /// them in the trash, previews, and last their rows, so that all of it can be repeated.
    pub async fn erase_files(&self, _: &Operator, user: UserId) -> Result<ErasedFiles> {
        let (mut erased, mut after) = (ErasedFiles::default(), Some(MediaId(0)));
        if self.store().own_files(user, MediaId(0), 1).await?.0.is_empty() {
            return Ok(erased);
        }
        let ours = self.owns_place().await?;
        while let Some(from) = after {
            let alone = self.while_not_held().await;
            let (page, next) = self.store().own_files(user, from, STEP).await?;
            if ours {
                self.destroy(user, from, &page).await?;
            }
            let ids: Vec<MediaId> = page.iter().map(|file| file.media.id).collect();
            self.store().drop_own_files(user, &ids).await?;
            drop(alone);
            let (left, _) = self.store().own_files(user, from, STEP).await?;
            let left: BTreeSet<MediaId> = left.iter().map(|file| file.media.id).collect();
            for file in page.iter().filter(|file| !left.contains(&file.media.id)) {
                erased.add(file, !ours || file.needed);
            }
            after = next;
        }
        Ok(erased)
    }

    /// Deletes the bytes of those of these files, read above `from`, that nobody needs.
    async fn destroy(&self, user: UserId, from: MediaId, page: &[OwnFile]) -> Result<()> {
        let files = &self.0.uploads.files;
        let names = unneeded(page);
        files.discard(&names).await.map_err(|error| unavailable(&error))?;
        // Somebody else may have uploaded the same meanwhile: whoever comes last sees the other.
        let (again, _) = self.store().own_files(user, from, STEP).await?;
        let again = unneeded(&again);
        let (gone, wanted): (Vec<String>, Vec<String>) =
            names.into_iter().partition(|name| again.contains(name));
        files.take_back(&wanted).await.map_err(|error| unavailable(&error))?;
        let before = Timestamp::now().plus(ANY);
        files.forget(&gone, before).await.map_err(|error| unavailable(&error))?;
        let previews = files.previews();
        let removed = tokio::task::spawn_blocking(move || previews.remove(&gone)).await;
        removed.map_err(std::io::Error::other).flatten().map_err(|error| unavailable(&error))
    }

    /// Waits until no backup needs the files, and keeps collections from running.
    pub(super) async fn while_not_held(&self) -> MutexGuard<'_, ()> {
        loop {
            let alone = self.0.uploads.step.lock().await;
            if !self.media_is_held() {
                return alone;
            }
            drop(alone);
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The names of those of these files whose bytes nobody needs.
fn unneeded(files: &[OwnFile]) -> Vec<String> {
    let names = files.iter().filter(|file| !file.needed).map(|file| file.media.name.clone());
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
