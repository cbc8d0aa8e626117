//! Creates backups automatically at a configured interval, copies them to a bucket, and deletes old
//! ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{counter, gauge};

use super::create::{count, seconds};
use super::{
    COPIED, FAILURES, Failure, Kind, LAST, Listed, Owner, Recipients, Retention, Source, create,
    list, prune, remote,
};
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

/// The backup that is to be copied to the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pending {
    /// The newest one in the directory, if the bucket lacks it: the server has just started.
    Newest,
    /// This file.
    File(PathBuf),
    /// None until the next is created.
    Nothing,
}

/// The newest backups in the directory.
struct Found {
    /// File of the newest valid backup, encrypted if there are recipients.
    path: Option<PathBuf>,
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
        if config.backup.to.is_some() {
            gauge!(COPIED).set(0.0);
        }
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
        let mut pending = Pending::Newest;
        loop {
            match self.step(&mut pending).await {
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

    /// Creates a backup if one is due, copies it, and updates the metrics.
    async fn step(&self, pending: &mut Pending) -> Result<(), Failure> {
        let while_doing = |doing: &'static str| {
            move |failure: Failure| Failure::new(failure.kind, format!("{doing}: {failure}"))
        };
        let now = Timestamp::now();
        let found = self.found(now).await.map_err(while_doing("Cannot read the backups"));
        self.tell(found.as_ref().ok().and_then(|found| found.sound));
        let mut found = found?;
        if found.tried.is_none_or(|tried| now >= tried.plus(self.every)) {
            let made = self.make().await.map_err(while_doing("Cannot create a backup"))?;
            *pending = Pending::File(made);
            found = self.found(Timestamp::now()).await?;
            self.tell(found.sound);
        }
        self.copy(pending, found.path).await.map_err(while_doing("Cannot copy the backup"))
    }

    /// Copies the pending backup to the bucket, if there is one.
    async fn copy(&self, pending: &mut Pending, newest: Option<PathBuf>) -> Result<(), Failure> {
        let wanted = match pending {
            Pending::Newest => newest,
            // It may have been deleted since an attempt that failed.
            Pending::File(path) => Some(path.clone()).filter(|path| path.exists()).or(newest),
            Pending::Nothing => None,
        };
        let Some(path) = wanted.filter(|_| self.config.backup.to.is_some()) else {
            *pending = Pending::Nothing;
            return Ok(());
        };
        let (config, owner) = (Arc::clone(&self.config), self.owner.clone());
        let wanted = CancelFlag::default();
        let on = Arc::clone(&wanted.0);
        let file = path.clone();
        let copied = blocking(move || {
            let goes_on = Arc::new(move || on.load(Ordering::Acquire));
            remote::copy(&config, &file, &owner, goes_on, &mut |_, _| ())
        });
        let copied = copied.await.inspect_err(|failure| {
            if failure.kind != Kind::Interrupted {
                count(Some(failure));
            }
        })?;
        let Some(remote::Copied { url, gone }) = copied else { return Ok(()) };
        tracing::info!("Copied the backup to {url}.");
        for old in gone {
            tracing::info!("Deleted the backup {}.", old.path.display());
        }
        gauge!(COPIED).set(seconds(Timestamp::now()));
        *pending = Pending::Nothing;
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
        // One from before there were recipients must not leave the machine.
        let may_leave =
            |backup: &Listed| backup.encrypted || self.config.backup.recipients.is_empty();
        let path = listed
            .iter()
            .filter(|backup| backup.is_sound() && may_leave(backup))
            .max_by_key(|backup| backup.created())
            .map(|backup| backup.path.clone());
        Ok(Found { path, sound: newest(Listed::is_sound), tried: newest(|_| true) })
    }

    fn tell(&self, last: Option<Timestamp>) {
        gauge!(LAST).set(last.map_or(0.0, seconds));
        gauge!(AGE).set(seconds(Timestamp::now()) - seconds(last.unwrap_or(self.began)));
    }

    /// Creates a backup, and deletes those that no rule keeps. Returns its file.
    async fn make(&self) -> Result<PathBuf, Failure> {
        let source = Source::of(&self.config, &self.chat, &self.store).await;
        // If this future is dropped, the blocking work stops at its next step.
        let wanted = CancelFlag::default();
        let on = Arc::clone(&wanted.0);
        let goes_on = move |_, _| on.load(Ordering::Acquire);
        let recipients = Recipients::parse(&self.config.backup.recipients)?;
        let made = create(&source, &self.directory(), &recipients, goes_on).await?;
        tracing::info!("Created the backup {} ({} bytes).", shown(&made.path), made.bytes);
        if let Some(rules) = Retention::of(&self.config.backup) {
            let (directory, owner) = (self.directory(), self.owner.clone());
            for old in blocking(move || prune(&directory, rules, Some(&owner), false)).await?.gone {
                tracing::info!("Deleted the backup {}.", old.name);
            }
        }
        Ok(made.path)
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
