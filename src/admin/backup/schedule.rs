//! Creates backups automatically at a configured interval, and deletes old ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{counter, gauge};

use super::create::seconds;
use super::{FAILURES, Failure, LAST, Listed, Owner, Retention, Source, create, list, prune};
use crate::chat::Chat;
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::engine::Embedded;
use crate::store::{Store, StoreError};

/// Metric: the age of the newest backup.
const AGE: &str = "chatctl_backup_age_seconds";
/// Pause after a failure; it doubles with each failure up to [`LONGEST_REST`].
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(10);
/// Interval at which the metrics are updated.
const TELL: Duration = Duration::from_secs(15);

/// The schedule of an instance.
pub struct Schedule {
    config: Arc<Config>,
    chat: Chat,
    store: Embedded,
    owner: Owner,
    every: Duration,
    /// Start of the schedule, from which the age is counted while there is no backup.
    began: Timestamp,
}

/// The newest backups in the directory.
struct Found {
    /// Time of the newest valid backup.
    sound: Option<Timestamp>,
    /// Time of the newest backup, including those of damaged data.
    tried: Option<Timestamp>,
}

impl Schedule {
    /// The configured schedule; None if automatic backups are off. Registers the metrics.
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

    /// Creates backups until it is dropped. A backup that was missed while the server was stopped
    /// is created at once; a failed one is logged as an error and retried. Backups of this instance
    /// that were created manually count as well.
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

    /// Creates a backup if one is due, and updates the metrics.
    async fn step(&self) -> Result<(), Failure> {
        let while_doing = |doing: &'static str| {
            move |failure: Failure| Failure::new(failure.kind, format!("{doing}: {failure}"))
        };
        let now = Timestamp::now();
        let found = self.found(now).await.map_err(while_doing("Cannot read the backups"));
        self.tell(found.as_ref().ok().and_then(|found| found.sound));
        let found = found?;
        if found.tried.is_none_or(|tried| now >= tried.plus(self.every)) {
            self.make().await.map_err(while_doing("Cannot create a backup"))?;
            self.tell(self.found(Timestamp::now()).await?.sound);
        }
        Ok(())
    }

    /// The newest readable backups of this instance. Those from the future are ignored: the clock
    /// was wrong.
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
        // If this future is dropped, the blocking work stops at its next step.
        let wanted = CancelFlag::default();
        let on = Arc::clone(&wanted.0);
        let made =
            create(&source, &self.directory(), move |_, _| on.load(Ordering::Acquire)).await?;
        tracing::info!("Created the backup {} ({} bytes).", shown(&made.path), made.bytes);
        if let Some(rules) = Retention::of(&self.config.backup) {
            let (directory, owner) = (self.directory(), self.owner.clone());
            for old in blocking(move || prune(&directory, rules, Some(&owner), false)).await?.gone {
                tracing::info!("Deleted the backup {}.", old.name);
            }
        }
        Ok(())
    }
}

/// A flag that is true until it is dropped.
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
        .unwrap_or_else(|_| Err(Failure::failed("the task ended unexpectedly")))
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
