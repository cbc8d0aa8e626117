//! Maintenance of the database: statistics, checks, free space, the search index; and operations on
//! its files while no server has them open.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use super::outcome::{Failure, Kind, Output};
use super::transfer::disk;
use super::{Call, in_cluster, items, media, status};
use crate::config::{self, Config};
use crate::model::rules::count;
use crate::store::engine::upkeep::checkup::{problems_of, uploaded_files};
use crate::store::engine::upkeep::{Plan, UpkeepError, plan};
use crate::store::engine::{self, Embedded, Engine};
use crate::store::files::Files;

/// What shows the state of a cluster.
const STATUS_INSTEAD: &str = "its state is shown by chatctl cluster status";

/// What a server of a cluster says that has no search index.
const NO_INDEX: &str = "[cluster] search is off: this server has no search index";

/// Reports progress of blocking work without waiting; tells the work to stop when the receiver is
/// gone.
pub(super) struct ProgressSender(watch::Sender<(u64, u64)>);

impl ProgressSender {
    /// Reports progress; returns whether to continue.
    pub(super) fn tell(&self, done: u64, all: u64) -> bool {
        self.0.send((done, all)).is_ok()
    }
}

/// Runs work and forwards its progress. When the caller is gone, the work is told to stop and ends
/// in a consistent state.
pub(super) async fn with_progress<T, E: Into<Failure>>(
    output: &Output,
    work: impl AsyncFnOnce(ProgressSender) -> Result<T, E>,
) -> Result<T, Failure> {
    let (sender, mut receiver) = watch::channel((0, 0));
    let working = work(ProgressSender(sender));
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

/// Show the database files.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DbStatus {}

impl DbStatus {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let store = admin.embedded(STATUS_INSTEAD)?;
        output
            .item(items::Database {
                path: status::absolute(&admin.0.parts.database),
                status: store.status().await?,
            })
            .await
    }
}

/// Check the database and the uploaded files.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DbCheck {}

impl DbCheck {
    /// Checks the database, and that each uploaded file it refers to exists.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let parts = &admin.0.parts;
        let store = admin.embedded("check it with nodetool verify, and chatctl cluster check")?;
        let mut problems = match store.check().await {
            Err(error @ UpkeepError::Replaced(_)) => vec![format!("{error}.")],
            checked => checked?,
        };
        let _hold = admin.chat().hold_media().await;
        problems.extend(lost_files(&parts.database, &parts.files, true).await?);
        for problem in &problems {
            output.item(items::Problem { problem: problem.clone() }).await?;
        }
        verdict(problems.len())
    }
}

/// Return free pages to the file system.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DbVacuum {}

impl DbVacuum {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let store = admin.embedded("its nodes return free space themselves (compaction)")?;
        let page = store.status().await?.page_bytes;
        let pages = match admin.running() {
            Some(_) => {
                with_progress(output, async |heard| {
                    store.vacuum(move |done, all| heard.tell(done, all)).await
                })
                .await?
            }
            // Nobody has to wait: rewriting also removes the gaps that edited and deleted messages
            // leave within pages.
            None => store.rewrite().await?,
        };
        output.item(items::Vacuumed { pages, bytes: pages * page }).await
    }
}

/// Rebuild the search index; in a cluster, that of this server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DbReindex {}

impl DbReindex {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let search_bytes = match &admin.0.parts.engine {
            Engine::Embedded(store) => {
                with_progress(output, async |heard| {
                    store.reindex(move |done, all| heard.tell(done, all)).await
                })
                .await?;
                store.status().await?.search_bytes
            }
            // Each server has an index of its own.
            Engine::Cluster(store) => {
                let rebuilt = with_progress(output, async |heard| {
                    store.reindex(move |done, all| heard.tell(done, all)).await
                });
                rebuilt.await?.ok_or_else(|| Failure::conflict(NO_INDEX))?;
                store.search_bytes().unwrap_or_default()
            }
        };
        output.item(items::Reindexed { search_bytes }).await
    }
}

/// Show the number of accounts, rooms, messages and files.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DbStats {}

impl DbStats {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        output.item(admin.embedded(STATUS_INSTEAD)?.stats().await?).await
    }
}

/// The version of the database engine in this program.
pub fn engine_version() -> &'static str {
    engine::version()
}

/// Creates an empty database if the engine is embedded and there is none.
pub fn create(config: &Config) -> Result<(), Failure> {
    if config.database.engine == config::Engine::Cluster {
        return Ok(());
    }
    let database = config.server.data_dir.join(&config.database.path);
    if database.exists() {
        return Ok(());
    }
    Embedded::create(&database).map_err(|error| Failure::failed(error.to_string()))
}

/// Copies the database of a stopped server into a directory, to try an import on it.
pub fn copy_for_trial(config: &Config, directory: &Path, name: &str) -> Result<(), Failure> {
    let from = config.server.data_dir.join(&config.database.path);
    Embedded::duplicate(&from, &directory.join(name)).map_err(|error| {
        let what = format!("cannot copy {} to try the import on it", from.display());
        disk::failure(&what, error, directory)
    })
}

/// The migrations that opening the database would run.
pub fn migrations(config: &Config) -> Result<Plan, Failure> {
    if config.database.engine == config::Engine::Cluster {
        return Err(in_cluster("chatctl cluster init adds what a new version needs"));
    }
    Ok(plan(&config.server.data_dir.join(&config.database.path))?)
}

/// The problems of the data of a stopped server, one sentence each. The database may be too damaged
/// for a server to open it. Blocks.
pub fn problems_of_data(config: &Config) -> Result<Vec<String>, Failure> {
    let database = config.server.data_dir.join(&config.database.path);
    let mut problems = problems_of(&database, false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let lost = async { lost_files(&database, &media::files(config)?, false).await };
    problems.extend(runtime.block_on(lost)?);
    Ok(problems)
}

/// The result of a check with this number of problems.
pub fn verdict(problems: usize) -> Result<(), Failure> {
    let verb = if problems == 1 { "was" } else { "were" };
    match problems {
        0 => Ok(()),
        _ => Err(Failure::new(
            Kind::Problems,
            format!("{} {verb} found", count(problems, "problem")),
        )),
    }
}

/// The uploaded files that are missing or have another size; empty if the database cannot be read.
async fn lost_files(database: &Path, files: &Files, live: bool) -> Result<Vec<String>, Failure> {
    let database = database.to_owned();
    let asked = tokio::task::spawn_blocking(move || uploaded_files(&database, live));
    let known = asked.await.map_err(|error| Failure::failed(error.to_string()))?;
    let known: BTreeSet<_> = known.unwrap_or_default().into_iter().collect();
    // Listed after the rows were read: a file is put before it gets one.
    let listed = match files.kept().try_concat().await {
        // Without the directory, all are missing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        listed => listed.map_err(media::failure)?,
    };
    let sizes: BTreeMap<_, _> = listed.into_iter().map(|file| (file.name, file.bytes)).collect();
    let wrong = known.into_iter().filter_map(|(name, size)| match sizes.get(&name) {
        Some(bytes) if *bytes == size => None,
        Some(bytes) => {
            Some(format!("The uploaded file {name} has {bytes} bytes instead of {size}."))
        }
        None => Some(format!("The uploaded file {name} is missing.")),
    });
    Ok(wrong.collect())
}

impl From<UpkeepError> for Failure {
    fn from(error: UpkeepError) -> Self {
        let kind = match &error {
            UpkeepError::Interrupted => Kind::Interrupted,
            error if error.is_damage() => Kind::Problems,
            _ => Kind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}
