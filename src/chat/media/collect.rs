//! Removing files that nothing refers to, in a directory that is ours, into the trash, and never
//! unusually many at once.

use std::io;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::{MediaHold, UNUSED_FOR, Uploads, unavailable};
use crate::chat::Chat;
use crate::model::{MediaId, Result, Timestamp};
use crate::store::files::owner::{OWNER, join, owners};
use crate::store::files::{kept, trash};

/// Rows that one step looks at.
const STEP: u32 = 500;
/// Files by which a directory without an owner is judged.
const SAMPLE: usize = 2_000;
/// Fewer files without a row than this are never unusual; each upload that a crash interrupts may
/// leave one.
const FEW_STRAYS: usize = 10;
/// Fewer unused rows than this are never unusual.
const FEW_UNUSED: u64 = 100;
/// A file of this name lets one unusual removal pass.
pub const PERMISSION: &str = "remove-anyway";

/// What this server may do in the directory of uploaded files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has looked, or others keep files there: nothing may be removed.
    #[default]
    Guest,
    /// It was made ours in this run, at this moment: nothing is removed for as long as a file may
    /// be unused.
    New(Instant),
    /// It has been ours.
    Owner,
}

impl Chat {
    /// Finds out whose the directory of uploaded files is, and makes it ours where it is nobody's.
    /// What of our files lies in the trash, because another database was here in between, comes
    /// back.
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
            warn!("{back} uploaded files that are in use were brought back from the trash.");
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
                "{} uploaded files are in {}, of which this database knows few or none: it may be \
                 the wrong database. None of them is removed. If they are this server's all the \
                 same, write {instance} into the file {OWNER} there.",
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
             {instance}): nothing in it is removed. If only this server uses it, leave no line \
             but {instance} in its file {OWNER}.",
            files.root().display(),
            all.iter()
                .filter(|owner| *owner != instance)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        );
    }

    /// Notes that this instance keeps files in the directory, so that no other takes them for
    /// nobody's.
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

    /// Whether files may be removed now: the directory is ours, not since a moment ago, and nobody
    /// else has files in it.
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

    /// Moves files that nothing has referred to for a day into the trash, and bytes that no upload
    /// has finished, and empties the trash of what has been in it for long. Answers how many
    /// went. Unusually many stay, all of them, until somebody says otherwise.
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
                "What was in {} for more than 30 days is gone: {days} days of it.",
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
                // The next hour tries again.
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
            // An upload of the same bytes may have come in between.
            gone += self.discard(self.unknown(names).await?).await;
        }
        if gone > 0 {
            info!(
                "{gone} files that nothing refers to were removed; they stay in {} for 30 days.",
                files.root().join(trash::TRASH).display()
            );
        }
        Ok(gone)
    }

    /// Files of this age that no row tells of.
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

    /// Whether so much may go without asking: more looks like a database that is not the one of
    /// these files.
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
                "{strays} of {all} uploaded files that no row tells of and {unused} of {rows} \
                 unused rows are removed, as {} says.",
                permission.display()
            );
            return Ok(true);
        }
        error!(
            "Nothing is removed from {}: {strays} of {all} uploaded files are unknown to the \
             database, and {unused} of {rows} that it knows are unused. That is unusual; is it \
             the right database, and the newest? To remove them all the same (into the trash): \
             touch {}",
            files.root().display(),
            permission.display(),
        );
        Ok(false)
    }

    /// Keeps all files from being collected, for a backup that has the rows and still wants the
    /// bytes.
    pub async fn hold_media(&self) -> MediaHold {
        let hold = MediaHold { _held: std::sync::Arc::clone(&self.0.uploads.held) };
        // A step of the collection that has begun ends first.
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

/// More than one in twenty of the files, and more than a handful.
fn are_unusual(strays: usize, all: usize) -> bool {
    strays > FEW_STRAYS && strays * 20 > all
}

/// More than half of the rows, and more than one busy hour leaves: a room that was purged may have
/// had many.
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
