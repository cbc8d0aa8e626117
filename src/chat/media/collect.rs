//! Moves unreferenced files to the trash, only in a place that belongs to this instance, and never
//! unusually many at once. Of several servers of an instance, one at a time does it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::TryStreamExt;
use tracing::{error, info, warn};

use super::{MediaHold, UNUSED_FOR, unavailable};
use crate::chat::Chat;
use crate::model::{Error, MediaId, Result, Timestamp};
use crate::store::files::{KEPT_FOR, Listed, Pages};

/// Rows read per step.
const STEP: u32 = 500;
/// Up to this number, files without a row are never unusual; each upload interrupted by a crash may
/// leave one.
const FEW_STRAYS: usize = 10;
/// Up to this number, unused rows are never unusual.
const FEW_UNUSED: u64 = 100;
/// Name of the file that permits one unusual removal.
pub const PERMISSION: &str = "remove-anyway";
/// What one server of an instance does at a time.
const WORK: &str = "media";
/// A server that was not heard of for this time does it no more.
const LEAD: Duration = Duration::from_mins(5);
/// For so long no other server begins, once one has finished. Less than an hour, so that the same
/// one does not pause for two.
const REST: Duration = Duration::from_mins(50);

/// What is in the place of the files.
#[derive(Default)]
struct Survey {
    /// Number of files.
    all: usize,
    /// Names of files that are old enough and have no row.
    strays: Vec<String>,
}

impl Chat {
    /// Moves files unreferenced for a day and bytes of unfinished uploads to the trash, and deletes
    /// old files from the trash. Returns the number of files moved. If they are unusually many,
    /// none is moved without permission.
    pub async fn collect_media(&self) -> Result<usize> {
        if !self.store().lead(WORK, LEAD).await? {
            return Ok(0);
        }
        let collected = self.collect().await;
        // Failures are tried again by whichever server is next.
        let rest = if collected.is_ok() { REST } else { LEAD };
        drop(self.store().lead(WORK, rest).await);
        collected
    }

    async fn collect(&self) -> Result<usize> {
        if !self.may_collect().await? {
            return Ok(0);
        }
        self.restore_used().await?;
        self.empty_trash().await?;
        let before = Timestamp::now().minus(UNUSED_FOR);
        let survey = self.survey(before).await?;
        if !self.is_usual(before, &survey).await? {
            return Ok(0);
        }
        let mut after = Some(MediaId(0));
        let mut gone = 0;
        while let Some(from) = after {
            let _alone = self.0.uploads.step.lock().await;
            if !self.goes_on().await? {
                // Tried again in the next hour.
                return Ok(gone);
            }
            let (unused, next) = self.store().drop_unused_media(before, from, STEP).await?;
            gone += self.discard(&unused).await?;
            after = next;
        }
        for names in survey.strays.chunks(STEP as usize) {
            let _alone = self.0.uploads.step.lock().await;
            if !self.goes_on().await? {
                return Ok(gone);
            }
            // An upload of the same bytes may have finished in between.
            gone += self.discard(&self.unknown(names.to_vec()).await?).await?;
        }
        if gone > 0 {
            info!(
                "{gone} unused files were removed; they stay in {} for 30 days.",
                self.0.uploads.files.url("trash")
            );
        }
        Ok(gone)
    }

    /// Returns whether this server may still remove files.
    async fn goes_on(&self) -> Result<bool> {
        Ok(!self.media_is_held() && self.store().lead(WORK, LEAD).await?)
    }

    /// Restores files in use that are in the trash, because another database was used meanwhile; at
    /// the first collection only.
    async fn restore_used(&self) -> Result<()> {
        let uploads = &self.0.uploads;
        if uploads.restored.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (mut pages, mut back) = (uploads.files.thrown(), 0);
        while let Some(page) = next(&mut pages).await? {
            back += self.restore_known(&names(page)).await?;
        }
        if back > 0 {
            warn!("{back} uploaded files in use were restored from the trash.");
        }
        uploads.restored.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Restores those of the files in the trash that have a row; returns how many.
    async fn restore_known(&self, thrown: &[String]) -> Result<usize> {
        let mut back = 0;
        for names in thrown.chunks(STEP as usize) {
            let used = self.store().known_media(names).await?;
            back += self.0.uploads.files.take_back(&used).await.map_err(|e| unavailable(&e))?;
        }
        Ok(back)
    }

    /// Deletes files that have been in the trash for long enough, except those in use.
    pub(super) async fn empty_trash(&self) -> Result<()> {
        let (files, before) = (&self.0.uploads.files, Timestamp::now().minus(KEPT_FOR));
        let (mut pages, mut deleted) = (files.thrown(), 0);
        while let Some(page) = next(&mut pages).await? {
            let old = names(page.into_iter().filter(|file| file.at <= before).collect());
            if !old.is_empty() && self.goes_on().await? {
                self.restore_known(&old).await?;
                files.forget(&old, before).await.map_err(|error| unavailable(&error))?;
                deleted += old.len();
            }
        }
        if deleted > 0 {
            let trash = files.url("trash");
            info!("Files in {trash} for more than 30 days were deleted: {deleted}.");
        }
        Ok(())
    }

    /// Counts all files, and finds those without a row that were put before this time.
    async fn survey(&self, before: Timestamp) -> Result<Survey> {
        let (mut survey, mut pages) = (Survey::default(), self.0.uploads.files.kept());
        while let Some(page) = next(&mut pages).await? {
            survey.all += page.len();
            let old = names(page.into_iter().filter(|file| file.at < before).collect());
            for names in old.chunks(STEP as usize) {
                survey.strays.extend(self.unknown(names.to_vec()).await?);
            }
            if !self.store().lead(WORK, LEAD).await? {
                return Err(Error::Unavailable);
            }
        }
        Ok(survey)
    }

    /// Returns those of the files that have no row.
    async fn unknown(&self, mut names: Vec<String>) -> Result<Vec<String>> {
        let known = self.store().known_media(&names).await?;
        names.retain(|name| !known.contains(name));
        Ok(names)
    }

    /// Returns whether this number of files may be removed without permission: more indicates that
    /// the database does not belong to these files.
    async fn is_usual(&self, before: Timestamp, survey: &Survey) -> Result<bool> {
        let (files, strays) = (&self.0.uploads.files, survey.strays.len());
        let (mut rows, mut unused, mut after) = (0, 0, Some(MediaId(0)));
        while let Some(from) = after {
            let (looked, some, next) = self.store().count_unused_media(before, from, STEP).await?;
            (rows, unused, after) = (rows + looked, unused + some, next);
        }
        if !are_unusual(strays, survey.all) && !rows_are_unusual(unused, rows) {
            return Ok(true);
        }
        let (all, permission) = (survey.all, files.url(PERMISSION));
        if files.take_mark(PERMISSION).await.map_err(|error| unavailable(&error))? {
            warn!(
                "Removing {strays} of {all} uploaded files without a row and {unused} of {rows} \
                 unused rows, as permitted by {permission}."
            );
            return Ok(true);
        }
        error!(
            "No files are removed from {files}: {strays} of {all} uploaded files are unknown to \
             the database, and {unused} of the {rows} known to it are unused. That is unusual; \
             check that it is the right and the latest database. To remove them anyway (into the \
             trash), create {permission}."
        );
        Ok(false)
    }

    /// Keeps all files from being collected, for a backup that has copied the rows but not the
    /// files.
    pub async fn hold_media(&self) -> MediaHold {
        let hold = MediaHold { _held: std::sync::Arc::clone(&self.0.uploads.held) };
        // Waits for the current step of a collection.
        drop(self.0.uploads.step.lock().await);
        hold
    }

    pub(super) fn media_is_held(&self) -> bool {
        std::sync::Arc::strong_count(&self.0.uploads.held) > 1
    }

    /// Moves files without a row to the trash; returns how many. Those that were uploaded again
    /// meanwhile are given back: whoever adds a row looks for the file afterwards, and whoever
    /// removes a file looks for a row afterwards, so that one of them sees the other.
    pub(super) async fn discard(&self, names: &[String]) -> Result<usize> {
        if let Err(error) = self.0.uploads.files.discard(names).await {
            error!("Files cannot be removed: {error}");
        }
        Ok(names.len() - self.restore_known(names).await?.min(names.len()))
    }
}

/// Returns the next page of a list.
async fn next(pages: &mut Pages<'_>) -> Result<Option<Vec<Listed>>> {
    pages.try_next().await.map_err(|error| unavailable(&error))
}

fn names(page: Vec<Listed>) -> Vec<String> {
    page.into_iter().map(|file| file.name).collect()
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
