//! Moves unreferenced files to the trash, only in a directory that belongs to this instance, and
//! never unusually many at once.

use std::io;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::{MediaHold, UNUSED_FOR, Uploads, unavailable};
use crate::chat::Chat;
use crate::model::{MediaId, Result, Timestamp};
use crate::store::files::owner::{OWNER, join, owners};
use crate::store::files::{kept, trash};

/// Rows read per step.
const STEP: u32 = 500;
/// Number of files examined to judge a directory without an owner.
const SAMPLE: usize = 2_000;
/// Up to this number, files without a row are never unusual; each upload interrupted by a crash may
/// leave one.
const FEW_STRAYS: usize = 10;
/// Up to this number, unused rows are never unusual.
const FEW_UNUSED: u64 = 100;
/// Name of the file that permits one unusual removal.
pub const PERMISSION: &str = "remove-anyway";

/// Permission of this server in the directory of uploaded files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not checked yet, or other instances keep files there: nothing may be removed.
    #[default]
    Guest,
    /// The directory was claimed in this run, at this time: nothing is removed until the age of
    /// unused files has passed.
    New(Instant),
    /// The directory already belonged to this instance.
    Owner,
}

impl Chat {
    /// Determines the owner of the directory of uploaded files, and claims it if it has none. Files
    /// in use that are in the trash, because another database was used meanwhile, are restored.
    pub async fn claim_media(&self) -> Result<()> {
        let standing = self.standing().await.map_err(|error| unavailable(&error))?;
        *self.0.uploads.standing.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            standing;
        if standing == Standing::Guest {
            return Ok(());
        }
        let thrown = self
            .0
            .uploads
            .files
            .blocking(trash::names)
            .await
            .map_err(|error| unavailable(&error))?;
        let mut wanted = Vec::new();
        for names in thrown.chunks(STEP as usize) {
            wanted.extend(self.store().known_media(names).await?);
        }
        let back = self
            .0
            .uploads
            .files
            .blocking(move |root| trash::take_back(root, &wanted))
            .await
            .map_err(|error| unavailable(&error))?;
        if back > 0 {
            warn!("{back} uploaded files in use were restored from the trash.");
        }
        Ok(())
    }

    async fn standing(&self) -> io::Result<Standing> {
        let Uploads { files, instance, .. } = &self.0.uploads;
        let all = files.blocking(owners).await?;
        if !all.is_empty() {
            if all == [instance.as_str()] {
                return Ok(Standing::Owner);
            }
            self.others(&all);
            return Ok(Standing::Guest);
        }
        let names = files.blocking(kept).await?;
        let sample = &names[..names.len().min(SAMPLE)];
        let mut known = 0;
        for names in sample.chunks(STEP as usize) {
            known += self
                .store()
                .known_media(names)
                .await
                .map_err(|error| io::Error::other(error.to_string()))?
                .len();
        }
        if known * 2 < sample.len() {
            error!(
                "{} uploaded files are in {}, but this database knows few or none of them: it may \
                 be the wrong database. No files are removed. If they belong to this server \
                 anyway, write {instance} into the file {OWNER} there.",
                names.len(),
                files.root().display(),
            );
            return Ok(Standing::Guest);
        }
        let mine = instance.clone();
        files.blocking(move |root| join(root, &mine)).await?;
        Ok(Standing::New(Instant::now()))
    }

    fn others(&self, all: &[String]) {
        let Uploads { files, instance, .. } = &self.0.uploads;
        error!(
            "The directory of uploaded files {} belongs to another instance ({}; this one is \
             {instance}): no files are removed. If only this server uses it, replace the content \
             of its file {OWNER} by {instance}.",
            files.root().display(),
            all.iter()
                .filter(|owner| *owner != instance)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        );
    }

    /// Records that this instance keeps files in the directory, so that other instances do not
    /// claim it.
    pub(super) async fn note_owner(&self) -> io::Result<()> {
        let Uploads { files, instance, noted, .. } = &self.0.uploads;
        if noted.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(());
        }
        let mine = instance.clone();
        files.blocking(move |root| join(root, &mine)).await?;
        noted.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    /// Returns whether files may be removed now: the directory belongs to this instance, not just
    /// since now, and to no other.
    async fn may_collect(&self) -> Result<bool> {
        let standing =
            *self.0.uploads.standing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match standing {
            Standing::Guest => return Ok(false),
            Standing::New(since) if since.elapsed() < UNUSED_FOR => return Ok(false),
            Standing::New(_) | Standing::Owner => {}
        }
        let all =
            self.0.uploads.files.blocking(owners).await.map_err(|error| unavailable(&error))?;
        let ours = all == [self.0.uploads.instance.as_str()];
        if !ours {
            self.others(&all);
        }
        Ok(ours)
    }

    /// Moves files unreferenced for a day and bytes of unfinished uploads to the trash, and deletes
    /// old files from the trash. Returns the number of files moved. If they are unusually many,
    /// none is moved without permission.
    pub async fn collect_media(&self) -> Result<usize> {
        if !self.may_collect().await? {
            return Ok(0);
        }
        let files = &self.0.uploads.files;
        let first = Timestamp::now().minus(trash::KEPT_FOR);
        let days = files
            .blocking(move |root| trash::empty(root, first))
            .await
            .map_err(|error| unavailable(&error))?;
        if days > 0 {
            info!(
                "Files in {} for more than 30 days were deleted: {days} days.",
                files.root().join(trash::TRASH).display()
            );
        }
        let before = Timestamp::now().minus(UNUSED_FOR);
        let strays = self.strays(UNUSED_FOR).await?;
        if !self.is_usual(before, strays.len()).await? {
            return Ok(0);
        }
        let mut after = Some(MediaId(0));
        let mut gone = 0;
        while let Some(from) = after {
            let _alone = self.0.uploads.gate.write().await;
            if self.media_is_held() {
                // Tried again in the next hour.
                return Ok(gone);
            }
            let (unused, next) = self.store().drop_unused_media(before, from, STEP).await?;
            gone += self.discard(unused).await;
            after = next;
        }
        for names in strays.chunks(STEP as usize) {
            let _alone = self.0.uploads.gate.write().await;
            if self.media_is_held() {
                return Ok(gone);
            }
            // An upload of the same bytes may have finished in between.
            gone += self.discard(self.unknown(names).await?).await;
        }
        if gone > 0 {
            info!(
                "{gone} unused files were removed; they stay in {} for 30 days.",
                files.root().join(trash::TRASH).display()
            );
        }
        Ok(gone)
    }

    /// Returns files of this age without a row.
    async fn strays(&self, age: Duration) -> Result<Vec<String>> {
        let old =
            self.0.uploads.files.older_than(age).await.map_err(|error| unavailable(&error))?;
        let mut strays = Vec::new();
        for names in old.chunks(STEP as usize) {
            strays.extend(self.unknown(names).await?);
        }
        Ok(strays)
    }

    async fn unknown(&self, names: &[String]) -> Result<Vec<String>> {
        let known = self.store().known_media(names).await?;
        Ok(names.iter().filter(|name| !known.contains(name)).cloned().collect())
    }

    /// Returns whether this number of files may be removed without permission: more indicates that
    /// the database does not belong to these files.
    async fn is_usual(&self, before: Timestamp, strays: usize) -> Result<bool> {
        let files = &self.0.uploads.files;
        let (mut rows, mut unused, mut after) = (0, 0, Some(MediaId(0)));
        while let Some(from) = after {
            let (looked, some, next) = self.store().count_unused_media(before, from, STEP).await?;
            (rows, unused, after) = (rows + looked, unused + some, next);
        }
        let all = files.blocking(kept).await.map_err(|error| unavailable(&error))?.len();
        if !are_unusual(strays, all) && !rows_are_unusual(unused, rows) {
            return Ok(true);
        }
        let permission = files.root().join(PERMISSION);
        if tokio::fs::remove_file(&permission).await.is_ok() {
            warn!(
                "Removing {strays} of {all} uploaded files without a row and {unused} of {rows} \
                 unused rows, as permitted by {}.",
                permission.display()
            );
            return Ok(true);
        }
        error!(
            "No files are removed from {}: {strays} of {all} uploaded files are unknown to the \
             database, and {unused} of the {rows} known to it are unused. That is unusual; check \
             that it is the right and the latest database. To remove them anyway (into the trash): \
             touch {}",
            files.root().display(),
            permission.display(),
        );
        Ok(false)
    }

    /// Keeps all files from being collected, for a backup that has copied the rows but not the
    /// files.
    pub async fn hold_media(&self) -> MediaHold {
        let hold = MediaHold { _held: std::sync::Arc::clone(&self.0.uploads.held) };
        // Waits for the current step of a collection.
        drop(self.0.uploads.gate.read().await);
        hold
    }

    fn media_is_held(&self) -> bool {
        std::sync::Arc::strong_count(&self.0.uploads.held) > 1
    }

    async fn discard(&self, names: Vec<String>) -> usize {
        let count = names.len();
        if let Err(error) = self.0.uploads.files.discard(names).await {
            error!("Files cannot be removed: {error}");
        }
        count
    }
}

/// More than one in twenty of the files, and more than [`FEW_STRAYS`].
fn are_unusual(strays: usize, all: usize) -> bool {
    strays > FEW_STRAYS && strays * 20 > all
}

/// More than half of the rows, and more than one busy hour leaves: a purged room may have had many.
fn rows_are_unusual(unused: u64, rows: u64) -> bool {
    unused > FEW_UNUSED && unused * 2 > rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_share_is_unusual_unless_it_is_a_handful() {
        for (strays, all, unusual) in [
            (0, 0, false),
            (10, 10, false),
            (11, 11, true),
            (11, 220, false),
            (11, 219, true),
            (50, 1_000, false),
            (51, 1_000, true),
        ] {
            assert_eq!(are_unusual(strays, all), unusual, "{strays} of {all}");
        }
        for (unused, rows, unusual) in [
            (100, 100, false),
            (101, 101, true),
            (101, 202, false),
            (500, 1_000, false),
            (501, 1_000, true),
        ] {
            assert_eq!(rows_are_unusual(unused, rows), unusual, "{unused} of {rows}");
        }
    }
}
