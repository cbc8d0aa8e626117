//! The tasks that work on jobs, one for each partition of them. They wake when this server orders
//! a job, and from time to time for those of servers that have stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::queue::{self, SHARDS, shard};
use super::steps;
use crate::model::UserId;
use crate::store::StoreError;
use crate::store::cluster::{Cluster, Inner, leases, settings};

/// How often jobs of other servers are looked for.
const EVERY: Duration = Duration::from_secs(10);
/// Pause after a failure, and before a job that is too early.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a partition is another server's after that server was last heard of.
const LEASE: Duration = Duration::from_secs(15);
/// A lease is renewed when it is this old.
const RENEWED: Duration = Duration::from_secs(5);

/// The tasks of this server.
pub(in crate::store::cluster) struct Workers {
    bells: Vec<Arc<Notify>>,
    stopping: Arc<AtomicBool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            bells: (0..SHARDS).map(|_| Arc::default()).collect(),
            stopping: Arc::default(),
            tasks: Mutex::default(),
        }
    }
}

/// Starts the tasks.
pub(in crate::store::cluster) fn start(at: &Cluster) {
    let workers = &at.0.workers;
    let mut tasks = workers.tasks.lock().unwrap_or_else(PoisonError::into_inner);
    for (shard, bell) in (0..).zip(&workers.bells) {
        let worker = Worker {
            shard,
            bell: Arc::clone(bell),
            stopping: Arc::clone(&workers.stopping),
            inner: Arc::downgrade(&at.0),
        };
        tasks.push(tokio::spawn(worker.run()));
    }
}

/// Ends the tasks after the steps that they are at.
pub(in crate::store::cluster) async fn stop(at: &Cluster) {
    let workers = &at.0.workers;
    workers.stopping.store(true, Ordering::Relaxed);
    workers.bells.iter().for_each(|bell| bell.notify_one());
    let tasks = std::mem::take(&mut *workers.tasks.lock().unwrap_or_else(PoisonError::into_inner));
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "A task that works on jobs ended early");
        }
    }
}

/// Wakes the task that works on the jobs of this user.
pub(in crate::store::cluster) fn wake(at: &Cluster, user: UserId) {
    let bell = usize::try_from(shard(user)).ok().and_then(|shard| at.0.workers.bells.get(shard));
    if let Some(bell) = bell {
        bell.notify_one();
    }
}

struct Worker {
    shard: i64,
    bell: Arc<Notify>,
    stopping: Arc<AtomicBool>,
    inner: Weak<Inner>,
}

impl Worker {
    async fn run(self) {
        // A lease has the name of one task.
        let Ok(owner) = settings::random::<8>().map(hex::encode) else { return };
        while let Some(inner) = self.inner.upgrade().filter(|_| !self.is_stopping()) {
            let rest = match self.round(&Cluster(inner, None), &owner).await {
                Ok(Rest::Long) => EVERY,
                Ok(Rest::Short) => PAUSE,
                Err(error) => {
                    tracing::debug!(%error, "A job goes on later");
                    PAUSE
                }
            };
            // Either is a reason to look.
            drop(tokio::time::timeout(rest, self.bell.notified()).await);
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Works on the jobs of the partition, if there are any and no other server does.
    async fn round(&self, at: &Cluster, owner: &str) -> Result<Rest, StoreError> {
        let jobs = queue::waiting(at, self.shard).await?;
        if jobs.is_empty() {
            return Ok(Rest::Long);
        }
        let name = format!("jobs {}", self.shard);
        if !leases::take(at.tables(), &name, owner, LEASE).await? {
            return Ok(Rest::Long);
        }
        let worked = self.work(at, &name, owner).await;
        leases::give_back(at.tables(), &name, owner).await?;
        worked
    }

    async fn work(&self, at: &Cluster, name: &str, owner: &str) -> Result<Rest, StoreError> {
        let (mut renewed, mut rest) = (Instant::now(), Rest::Long);
        // Another server may have been working on them until now.
        for mut job in queue::waiting(at, self.shard).await? {
            loop {
                if self.is_stopping() {
                    return Ok(Rest::Long);
                }
                if renewed.elapsed() > RENEWED {
                    if !leases::take(at.tables(), name, owner, LEASE).await? {
                        return Ok(Rest::Long);
                    }
                    renewed = Instant::now();
                }
                let step = steps::step(at, &job).await?;
                if step == steps::Step::Waiting {
                    rest = Rest::Short;
                }
                if steps::note(at, &mut job, step).await? {
                    break;
                }
            }
        }
        Ok(rest)
    }
}

/// How long a task rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Long,
    Short,
}
