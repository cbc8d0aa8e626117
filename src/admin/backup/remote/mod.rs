//! Backups in a bucket of an S3 server.
//!
//! All functions block the calling thread, which must not be one that runs async tasks: the
//! requests run on a small runtime of their own. They end early when they are told to stop.

mod download;
mod outgoing;
mod upload;

use std::future::Future;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use super::encryption::TELLING;
use super::format::{HEAD, Head, Named, name_of};
use super::list::Listed;
use super::prune::superfluous;
use super::read::peek;
use super::{Failure, Kind, Owner, Pruned, Retention, interrupted};
use crate::admin::bucket;
use crate::config::Config;
use crate::config::check::REMOTE;
use crate::s3::{Patience, Place, is_mere_absence};

pub use outgoing::Outgoing;

/// Returns whether to continue; asked several times a second.
pub type GoesOn = Arc<dyn Fn() -> bool + Send + Sync>;

/// Interval at which it is asked.
const ASK: Duration = Duration::from_millis(100);
/// Bytes at the begin of a backup that are enough to read its header: the first block of zstd.
const BEGIN: u64 = 192 * 1024;
/// Number of headers that are read at the same time.
const AT_ONCE: usize = 8;
/// Time limit of a request with its response, of which each transfers one part.
const REQUEST: Duration = Duration::from_mins(5);
/// How long the server is waited for. The retries are about three seconds in all.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    request: Some(REQUEST),
    silence: None,
    retries: 4,
    retrying: REQUEST,
};

/// Whether a path of the command line is the URL of a bucket.
pub fn is_remote(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(REMOTE.as_bytes())
}

/// Copies a backup to the configured bucket, if there is one, and deletes the backups of this
/// instance there that no rule keeps. `progress` receives the bytes sent and those of the whole file.
pub fn copy(
    config: &Config,
    backup: &Path,
    owner: &Owner,
    goes_on: GoesOn,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Option<Copied>, Failure> {
    let Some(url) = &config.backup.to else { return Ok(None) };
    let remote = Remote::open(config, url, goes_on)?;
    let name = backup.file_name().unwrap_or_default().to_string_lossy();
    // The server may have copied it before it was restarted.
    if !remote.has(&name)? {
        remote.put(backup, &name, progress)?;
    }
    let pruned = Retention::of(&config.backup).map(|rules| remote.prune(rules, Some(owner), false));
    let gone = match pruned {
        None => Vec::new(),
        Some(Ok(pruned)) => pruned.gone,
        // Keys that may only write are a protection: another rule deletes what is old.
        Some(Err(failure)) if failure.kind == Kind::NotPermitted => {
            tracing::warn!("Old backups are not deleted: {failure}");
            Vec::new()
        }
        Some(Err(failure)) => return Err(failure),
    };
    Ok(Some(Copied { url: remote.url(&name), gone }))
}

/// A backup that was copied.
#[derive(Debug)]
pub struct Copied {
    /// Its URL.
    pub url: String,
    /// Backups that were deleted there.
    pub gone: Vec<Listed>,
}

/// A place in a bucket, below which backups lie.
pub struct Remote {
    place: Place,
    /// None only while it is dropped.
    runtime: Option<Runtime>,
    goes_on: GoesOn,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remote").field(&self.place).finish()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Must not wait: it may be dropped by a task.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Remote {
    /// The place `s3://BUCKET/PREFIX/`, with the server and the keys of the configuration or of the
    /// usual environment variables. Sends nothing yet.
    pub fn open(config: &Config, url: &str, goes_on: GoesOn) -> Result<Arc<Self>, Failure> {
        let place = bucket::open("backup.s3", &config.backup_s3, url, PATIENCE)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        Ok(Arc::new(Self { place, runtime: Some(runtime), goes_on }))
    }

    /// The place of a backup `s3://BUCKET/PREFIX/NAME`, and its name.
    pub fn open_file(
        config: &Config,
        url: &str,
        goes_on: GoesOn,
    ) -> Result<(Arc<Self>, String), Failure> {
        let (above, name) = url.rsplit_once('/').unwrap_or_default();
        if name.is_empty() || above.len() <= REMOTE.len() {
            return Err(Failure::usage(format!("{url} does not name a backup: s3://BUCKET/NAME")));
        }
        Ok((Self::open(config, above, goes_on)?, name.to_owned()))
    }

    /// `s3://BUCKET/PREFIX/NAME`.
    pub fn url(&self, name: &str) -> String {
        self.place.url(name)
    }

    fn key(&self, name: &str) -> Result<Key, Failure> {
        Ok(self.place.key(name)?)
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is only taken when this is dropped")
    }

    /// Waits for a request; ends early if it is told to stop.
    fn wait<T>(&self, request: impl Future<Output = T>) -> Result<T, Failure> {
        self.runtime().block_on(async {
            let stopped = async {
                while (self.goes_on)() {
                    tokio::time::sleep(ASK).await;
                }
            };
            tokio::select! {
                biased;
                done = request => Ok(done),
                () = stopped => Err(interrupted()),
            }
        })
    }

    /// Waits for a request on an object, or on the place if `name` is empty.
    fn ask<T>(
        &self,
        doing: &str,
        name: &str,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Failure> {
        self.wait(request)?.map_err(|error| self.failure(doing, name, &error))
    }

    fn failure(&self, doing: &str, name: &str, error: &object_store::Error) -> Failure {
        self.place.fault(doing, name, error).into()
    }

    /// The backups at this place, sorted by name and so by age; only the begin of each is read.
    pub fn list(&self) -> Result<Vec<Listed>, Failure> {
        let prefix = (!self.place.prefix().is_empty()).then(|| self.key("")).transpose()?;
        let found = self.place.store().list_with_delimiter(prefix.as_ref());
        let found = self.ask("list the backups in", "", found)?;
        let known = found.objects.into_iter().filter_map(|object| {
            let name = object.location.filename()?.to_owned();
            Some((Named::parse(&name)?, name, object))
        });
        let known: Vec<_> = known.collect();
        let peeked = futures_util::stream::iter(known)
            .map(|(named, name, object)| async move {
                let begin = self.begin(&named, &object).await.map_err(|e| (name.clone(), e))?;
                Ok((named, name, object.size, begin))
            })
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>();
        let peeked = self.wait(peeked)?;
        let peeked = peeked.map_err(|(name, error)| self.failure("read", &name, &error))?;
        let listed = peeked.into_iter().map(|(named, name, bytes, begin)| {
            let path = PathBuf::from(self.url(&name));
            Listed::of(named, &name, path, bytes, peek(Cursor::new(begin)))
        });
        let mut listed: Vec<_> = listed.collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    async fn begin(&self, named: &Named, object: &ObjectMeta) -> object_store::Result<Vec<u8>> {
        let wanted = if named.encrypted { TELLING as u64 } else { BEGIN };
        let end = wanted.min(object.size);
        if end == 0 {
            return Ok(Vec::new());
        }
        Ok(self.place.store().get_range(&object.location, 0..end).await?.into())
    }

    /// Whether there is a backup of this name.
    pub fn has(&self, name: &str) -> Result<bool, Failure> {
        let key = self.key(name)?;
        match self.wait(self.place.store().head(&key))? {
            Ok(_) => Ok(true),
            // Keys that may only write are told nothing.
            Err(
                object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. },
            ) => Ok(false),
            Err(error) => Err(self.failure("ask for", name, &error)),
        }
    }

    /// Fails if the bucket does not exist, the keys are wrong, or the server does not answer.
    fn check(&self) -> Result<(), Failure> {
        // The answer to a request for any object tells; that to a HEAD request would not.
        let key = self.key(HEAD)?;
        match self.wait(self.place.store().get_range(&key, 0..1))? {
            Ok(_) => Ok(()),
            Err(error) if is_mere_absence(&error) => Ok(()),
            Err(error) => Err(self.failure("use", "", &error)),
        }
    }

    /// The first unused name for a backup with this header, with more endings.
    fn unused_name(&self, head: &Head, endings: &str) -> Result<String, Failure> {
        for number in 1..1_000 {
            let name = name_of(head, endings, number);
            if !self.has(&name)? {
                return Ok(name);
            }
        }
        Err(Failure::conflict(format!("{} exists already", self.url(&name_of(head, endings, 1)))))
    }

    /// Deletes the backups of an instance that no rule keeps, or those of each instance if `owner`
    /// is None. With `dry` nothing is deleted.
    pub fn prune(
        &self,
        rules: Retention,
        owner: Option<&Owner>,
        dry: bool,
    ) -> Result<Pruned, Failure> {
        let pruned = superfluous(self.list()?, rules, owner);
        for backup in pruned.gone.iter().filter(|_| !dry) {
            let key = self.key(&backup.name)?;
            self.ask("delete", &backup.name, self.place.store().delete(&key))?;
        }
        Ok(pruned)
    }
}
