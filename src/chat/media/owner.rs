//! Which instance the place of the uploaded files belongs to: only its owner removes files, and two
//! instances that share it remove none.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::TryStreamExt;
use tracing::error;

use super::{UNUSED_FOR, Uploads, unavailable};
use crate::chat::Chat;
use crate::model::Result;

/// Number of files examined to judge a place without an owner.
const SAMPLE: usize = 2_000;
/// Names asked for at once.
const STEP: usize = 500;

/// Permission of this server in the place of the uploaded files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Other instances keep files there: nothing may be removed.
    Guest,
    /// The place was claimed in this run, at this time: nothing is removed until the age of unused
    /// files has passed.
    New(Instant),
    /// The place already belonged to this instance.
    Owner,
}

impl Chat {
    /// Determines the owner of the place of the uploaded files, and claims it if it has none.
    pub async fn claim_media(&self) -> Result<()> {
        self.standing().await.map(drop).map_err(|error| unavailable(&error))
    }

    async fn standing(&self) -> io::Result<Standing> {
        self.0.uploads.standing.get_or_try_init(|| self.find_standing()).await.copied()
    }

    async fn find_standing(&self) -> io::Result<Standing> {
        let Uploads { files, instance, .. } = &self.0.uploads;
        let all = files.owners().await?;
        if !all.is_empty() {
            if all == [instance.as_str()] {
                return Ok(Standing::Owner);
            }
            self.others(&all);
            return Ok(Standing::Guest);
        }
        let (mut pages, mut there, mut sample) = (files.kept(), 0, Vec::new());
        while let Some(page) = pages.try_next().await? {
            there += page.len();
            let more = SAMPLE.saturating_sub(sample.len());
            sample.extend(page.into_iter().take(more).map(|file| file.name));
        }
        let mut known = 0;
        for names in sample.chunks(STEP) {
            let found = self.store().known_media(names).await;
            known += found.map_err(|error| io::Error::other(error.to_string()))?.len();
        }
        if known * 2 < sample.len() {
            error!(
                "{there} uploaded files are in {files}, but this database knows few or none of \
                 them: it may be the wrong database. No files are removed. If they belong to this \
                 server anyway, {}.",
                files.how_to_own(instance)
            );
            return Ok(Standing::Guest);
        }
        files.join(instance).await?;
        Ok(Standing::New(Instant::now()))
    }

    fn others(&self, all: &[String]) {
        let Uploads { files, instance, .. } = &self.0.uploads;
        let others = all.iter().filter(|owner| *owner != instance);
        error!(
            "The place of uploaded files {files} belongs to another instance ({}; this one is \
             {instance}): no files are removed. If only this server uses it, {}.",
            others.map(String::as_str).collect::<Vec<_>>().join(", "),
            files.how_to_own(instance)
        );
    }

    /// Records that this instance keeps files in the place, so that other instances do not claim
    /// it. Before that, it is decided whether they are its own.
    pub(super) async fn note_owner(&self) -> io::Result<()> {
        let Uploads { files, instance, noted, .. } = &self.0.uploads;
        if noted.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.standing().await?;
        files.join(instance).await?;
        noted.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Returns whether files may be removed now: the place belongs to this instance, not just since
    /// now, and to no other.
    pub(super) async fn may_collect(&self) -> Result<bool> {
        match self.standing().await.map_err(|error| unavailable(&error))? {
            Standing::Guest => return Ok(false),
            Standing::New(since) if since.elapsed() < UNUSED_FOR => return Ok(false),
            Standing::New(_) | Standing::Owner => {}
        }
        self.owns_place().await
    }

    /// Returns whether the place of the uploaded files belongs to this instance alone.
    pub(super) async fn owns_place(&self) -> Result<bool> {
        if self.standing().await.map_err(|error| unavailable(&error))? == Standing::Guest {
            return Ok(false);
        }
        let Uploads { files, instance, .. } = &self.0.uploads;
        let all = files.owners().await.map_err(|error| unavailable(&error))?;
        let ours = all == [instance.as_str()];
        if !ours {
            self.others(&all);
        }
        Ok(ours)
    }
}
