//! Makes backups by itself, every so many hours, and removes old ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{counter, gauge};

use super::create::seconds;
use super::{FAILURES, Failure, LAST, Listed, Owner, Source, create, list, prune};
use crate::chat::Chat;
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::engine::Embedded;
use crate::store::{Store, StoreError};

/// The age of the newest backup.
const AGE: &str = "chatctl_backup_age_seconds";
/// How long it rests after a failure: at first so long, twice as long each time, and no longer than
/// that.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(10);
/// How often the age of the last backup is told anew.
const TELL: Duration = Duration::from_secs(15);

/// What is made, where and how often.
pub struct Schedule {
    config: Arc<Config>,
    chat: Chat,
    store: Embedded,
    owner: Owner,
    every: Duration,
    /// What the age of the newest backup is counted from while there is none.
    began: Timestamp,
}

/// What lies in the directory.
struct Found {
    /// When the newest backup was made.
    sound: Option<Timestamp>,
    /// When one was last tried, of damaged data too.
    tried: Option<Timestamp>,
}

impl Schedule {
    /// What the configuration wants; None: nothing. Its metrics are there from now on.
    pub async fn of(
        config: &Arc<Config>,
        chat: &Chat,
        store: &Embedded,
    ) -> Result<Option<Self>, StoreError> {
        counter!(FAILURES).absolute(0);
        let Some(hours) = config.backup.every_hours else { return Ok(None) };
        let settings = store.settings().await?;
        let owner = Owner { instance: settings.instance, epoch: settings.epoch };
        let every = Duration::from_secs(hours.saturating_mul(3600));
        gauge!(LAST).set(0.0);
        gauge!(AGE).set(0.0);
        Ok(Some(Self {
            config: Arc::clone(config),
            chat: chat.clone(),
            store: store.clone(),
            owner,
            every,
            began: Timestamp::now(),
        }))
    }

    fn directory(&self) -> PathBuf {
        self.config.server.data_dir.join(&self.config.backup.directory)
    }

    /// Makes backups for as long as it is awaited. One that was missed while the server was off is
    /// made at once; one that fails is an ERROR line and is tried again. A backup that somebody
    /// else has made of this instance counts as well.
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
        let while_doing = |doing: &'static str| {
            move |failure: Failure| Failure::new(failure.kind, format!("{doing}: {failure}"))
        };
        let now = Timestamp::now();
        let found = self.found(now).await.map_err(while_doing("The backups cannot be looked at"));
        self.tell(found.as_ref().ok().and_then(|found| found.sound));
        let found = found?;
        if found.tried.is_none_or(|tried| now >= tried.plus(self.every)) {
            self.make().await.map_err(while_doing("A backup could not be made"))?;
            self.tell(self.found(Timestamp::now()).await?.sound);
        }
        Ok(())
    }

    /// The newest backups of this instance that can be read. One from the future was made by a
    /// clock that went wrong.
    async fn found(&self, now: Timestamp) -> Result<Found, Failure> {
        let directory = self.directory();
        let mut listed = blocking(move || list(&directory)).await?;
        listed.retain(|backup| backup.is_of(&self.owner));
        let newest = |counts: fn(&Listed) -> bool| {
            listed
                .iter()
                .filter(|backup| counts(backup))
                .filter_map(Listed::created)
                .filter(|at| *at <= now)
                .max()
        };
        Ok(Found { sound: newest(Listed::is_sound), tried: newest(|_| true) })
    }

    fn tell(&self, last: Option<Timestamp>) {
        gauge!(LAST).set(last.map_or(0.0, seconds));
        gauge!(AGE).set(seconds(Timestamp::now()) - seconds(last.unwrap_or(self.began)));
    }

    async fn make(&self) -> Result<(), Failure> {
        let source = Source::of(&self.config, &self.chat, &self.store).await;
        // What is left of it when nobody awaits this any more stops at its next step.
        let wanted = CancelFlag::default();
        let on = Arc::clone(&wanted.0);
        let made =
            create(&source, &self.directory(), move |_, _| on.load(Ordering::Acquire)).await?;
        tracing::info!("The backup {} was made ({} bytes).", shown(&made.path), made.bytes);
        if let Some(keep) = self.config.backup.keep {
            let (directory, keep, owner) =
                (self.directory(), usize::try_from(keep).unwrap_or(usize::MAX), self.owner.clone());
            for old in blocking(move || prune(&directory, keep, Some(&owner), false)).await?.gone {
                tracing::info!("The backup {} was removed.", old.name);
            }
        }
        Ok(())
    }
}

/// True until it is dropped.
struct CancelFlag(Arc<AtomicBool>);

impl Default for CancelFlag {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for CancelFlag {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(act)
        .await
        .unwrap_or_else(|_| Err(Failure::failed("it ended unexpectedly")))
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
