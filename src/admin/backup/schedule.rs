//! Makes backups by itself, every so many hours, and removes old ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::gauge;

use super::{Failure, Source, create, list, prune};
use crate::chat::Chat;
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::sqlite::Sqlite;

/// How long it rests after a failure: at first so long, twice as long each time, and no longer than that.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(10);
/// How often the age of the last backup is told anew.
const TELL: Duration = Duration::from_secs(15);

/// What is made, where and how often.
pub struct Schedule {
    config: Arc<Config>,
    chat: Chat,
    store: Sqlite,
    every: Duration,
}

impl Schedule {
    /// What the configuration wants; None: nothing.
    pub fn of(config: &Arc<Config>, chat: &Chat, store: &Sqlite) -> Option<Self> {
        let every = Duration::from_secs(config.backup.every_hours?.saturating_mul(3600));
        Some(Self { config: Arc::clone(config), chat: chat.clone(), store: store.clone(), every })
    }

    fn directory(&self) -> PathBuf {
        self.config.server.data_dir.join(&self.config.backup.directory)
    }

    /// Makes backups for as long as it is awaited. One that was missed while the server was off is made at once; one that fails is
    /// an ERROR line and is tried again. A backup of the directory that somebody else has made counts as well.
    pub async fn run(self) {
        let mut rest = FIRST_REST;
        loop {
            match self.step().await {
                Ok(()) => {
                    rest = FIRST_REST;
                    tokio::time::sleep(TELL).await;
                }
                Err(failure) => {
                    tracing::error!("{failure}");
                    tokio::time::sleep(rest).await;
                    rest = (rest * 2).min(LONGEST_REST);
                }
            }
        }
    }

    /// Makes a backup if it is time for one, and tells the age of the newest.
    async fn step(&self) -> Result<(), Failure> {
        let while_doing = |doing: &'static str| move |failure: Failure| Failure::new(failure.kind, format!("{doing}: {failure}"));
        let now = Timestamp::now();
        let mut last = self.last(now).await.map_err(while_doing("The backups cannot be looked at"))?;
        if last.is_none_or(|last| now >= last.plus(self.every)) {
            self.make().await.map_err(while_doing("A backup could not be made"))?;
            last = self.last(Timestamp::now()).await?;
        }
        if let Some(last) = last {
            tell(last, Timestamp::now());
        }
        Ok(())
    }

    /// The moment of the newest backup that can be read. One from the future was made by a clock that went wrong.
    async fn last(&self, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let directory = self.directory();
        let found = blocking(move || list(&directory)).await?;
        Ok(found.iter().filter_map(|backup| moment(&backup.head.as_ref()?.created)).filter(|at| *at <= now).max())
    }

    async fn make(&self) -> Result<(), Failure> {
        let source = Source::of(&self.config, &self.chat, &self.store).await;
        // What is left of it when nobody awaits this any more stops at its next step.
        let wanted = Wanted::default();
        let on = Arc::clone(&wanted.0);
        let made = create(&source, &self.directory(), move |_, _| on.load(Ordering::Acquire)).await?;
        tracing::info!("The backup {} was made ({} bytes).", shown(&made.path), made.bytes);
        if let Some(keep) = self.config.backup.keep {
            let (directory, keep) = (self.directory(), usize::try_from(keep).unwrap_or(usize::MAX));
            for old in blocking(move || prune(&directory, keep, false)).await?.gone {
                tracing::info!("The backup {} was removed.", old.name);
            }
        }
        Ok(())
    }
}

/// True until it is dropped.
struct Wanted(Arc<AtomicBool>);

impl Default for Wanted {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[expect(clippy::cast_precision_loss, reason = "an age in seconds is small")]
fn tell(last: Timestamp, now: Timestamp) {
    gauge!("chatctl_backup_age_seconds").set((now.0 - last.0) as f64 / 1000.0);
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(act).await.unwrap_or_else(|_| Err(Failure::failed("it ended unexpectedly")))
}

/// The moment that a backup says of itself.
pub fn moment(text: &str) -> Option<Timestamp> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok().map(Timestamp::from)
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
