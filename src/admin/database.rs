//! The database itself: figures, checks, space, the search index.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::outcome::{Failure, Kind, Output};
use super::{Admin, said, status};
use crate::store::files::place;
use crate::store::sqlite::upkeep::UpkeepError;

/// Hears from work that has no time to wait, and tells those who wait; when nobody does any more, the work is told to stop.
pub(super) struct Heard(watch::Sender<(u64, u64)>);

impl Heard {
    /// So far; answers whether to go on.
    pub(super) fn tell(&self, done: u64, all: u64) -> bool {
        self.0.send((done, all)).is_ok()
    }
}

/// Does work and says how far it is meanwhile. When nobody reads that any more, the work learns of it and ends by itself, whole.
pub(super) async fn with_progress<T, E: Into<Failure>>(output: &Output, work: impl AsyncFnOnce(Heard) -> Result<T, E>) -> Result<T, Failure> {
    let (sender, mut receiver) = watch::channel((0, 0));
    let working = work(Heard(sender));
    tokio::pin!(working);
    loop {
        tokio::select! {
            done = &mut working => return done.map_err(Into::into),
            Ok(()) = receiver.changed() => {
                let (done, all) = *receiver.borrow_and_update();
                if output.progress(done, all).await.is_err() {
                    drop(receiver);
                    return working.await.map_err(Into::into);
                }
            }
        }
    }
}

impl Admin {
    pub(super) async fn db_status(&self, output: &Output) -> Result<(), Failure> {
        let parts = &self.0.parts;
        output.item(said::Database { path: status::absolute(&parts.database), status: parts.store.status().await? }).await
    }

    pub(super) async fn db_stats(&self, output: &Output) -> Result<(), Failure> {
        output.item(self.0.parts.store.stats().await?).await
    }

    /// The database and, for each uploaded file that it tells of, whether it is there.
    pub(super) async fn db_check(&self, output: &Output) -> Result<(), Failure> {
        let parts = &self.0.parts;
        let mut problems = parts.store.check().await?;
        let _hold = self.chat().hold_media().await;
        let media = parts.config.server.data_dir.join(&parts.config.media.directory);
        let told: BTreeSet<_> = parts.store.uploaded().await?.into_iter().collect();
        let looked = tokio::task::spawn_blocking(move || {
            let wrong = told.into_iter().filter_map(|(name, size)| {
                let found = place(&media, &name).and_then(|path| std::fs::metadata(path).ok()).map(|file| file.len());
                match found {
                    Some(bytes) if bytes == size => None,
                    Some(bytes) => Some(format!("The uploaded file {name} has {bytes} bytes instead of {size}.")),
                    None => Some(format!("The uploaded file {name} is missing.")),
                }
            });
            wrong.collect::<Vec<_>>()
        });
        problems.extend(looked.await.map_err(|error| Failure::failed(error.to_string()))?);
        for problem in &problems {
            output.item(said::Problem { problem: problem.clone() }).await?;
        }
        match problems.len() {
            0 => Ok(()),
            count => Err(Failure::new(Kind::Problems, format!("{count} problems were found"))),
        }
    }

    pub(super) async fn db_vacuum(&self, output: &Output) -> Result<(), Failure> {
        let store = &self.0.parts.store;
        let page = store.status().await?.page_bytes;
        let pages = with_progress(output, async |heard| store.vacuum(move |done, all| heard.tell(done, all)).await).await?;
        output.item(said::Vacuumed { pages, bytes: pages * page }).await
    }

    pub(super) async fn db_reindex(&self, output: &Output) -> Result<(), Failure> {
        let store = &self.0.parts.store;
        with_progress(output, async |heard| store.reindex(move |done, all| heard.tell(done, all)).await).await?;
        output.item(said::Reindexed { search_bytes: store.status().await?.search_bytes }).await
    }
}

impl From<UpkeepError> for Failure {
    fn from(error: UpkeepError) -> Self {
        let kind = if matches!(error, UpkeepError::Interrupted) { Kind::Interrupted } else { Kind::Failed };
        Self::new(kind, error.to_string())
    }
}
