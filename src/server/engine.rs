//! Opens the storage engine that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io};

use super::ServeError;
use crate::admin::cluster::connect;
use crate::admin::cluster::ready;
use crate::config::{self, Config};
use crate::model::EventSink;
use crate::store::StoreError;
use crate::store::engine::{Cluster, ClusterOptions, Embedded, Engine, OpenError, Options, Peers};

/// How long a start waits for the database of a cluster, and the pause between attempts.
const STARTING: Duration = Duration::from_mins(1);
const AGAIN: Duration = Duration::from_secs(2);

/// Opens the engine; returns it with the id of this server in logs and `/health`.
pub(super) async fn open(
    config: &Config,
    database: PathBuf,
    quiet: bool,
    sink: EventSink,
    peers: Option<Arc<dyn Peers>>,
) -> Result<(Engine, String), ServeError> {
    match config.database.engine {
        config::Engine::Embedded => embedded(config, database, quiet, sink).await,
        config::Engine::Cluster => cluster(config, sink, peers).await,
    }
}

async fn embedded(
    config: &Config,
    database: PathBuf,
    quiet: bool,
    sink: EventSink,
) -> Result<(Engine, String), ServeError> {
    let options =
        Options { readers: config.database.readers, quiet, audit_for: config.audit.kept_for() };
    let store = tokio::task::spawn_blocking(move || Embedded::open(&database, &options, sink))
        .await
        .map_err(|_| StoreError::Unavailable)??;
    let server_id = store.server_id().to_owned();
    Ok((Engine::Embedded(store), server_id))
}

/// Name of the search index in the data directory.
const SEARCH: &str = "search.db";
/// Name of the file in the data directory with the id of this server.
const SERVER_ID: &str = "server-id";

/// Returns the id of the server of a data directory, which is created at its first start. Blocks.
fn server_id(data: &Path) -> Result<String, OpenError> {
    let path = data.join(SERVER_ID);
    let failed = |why: io::Error| OpenError::Io { path: path.clone(), why };
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes)
                .map_err(|error| failed(io::Error::other(error.to_string())))?;
            let id = hex::encode(bytes);
            // Complete or not there at all: a half-written id would be kept for ever.
            let new = data.join(format!("{SERVER_ID}.new"));
            fs::write(&new, format!("{id}\n")).map_err(failed)?;
            fs::rename(&new, &path).map_err(failed)?;
            Ok(id)
        }
    }
}

/// Opens the shared data. Waits for a database that does not answer yet: after a power failure all
/// machines start at once.
async fn cluster(
    config: &Config,
    sink: EventSink,
    peers: Option<Arc<dyn Peers>>,
) -> Result<(Engine, String), ServeError> {
    let data = config.server.data_dir.clone();
    let id = tokio::task::spawn_blocking(move || server_id(&data))
        .await
        .map_err(|_| StoreError::Unavailable)??;
    let (began, mut said) = (Instant::now(), String::new());
    let cql = loop {
        match connect::database(config, None).await {
            Ok(cql) => break cql,
            Err(error) if began.elapsed() > STARTING => return Err(error.into()),
            Err(error) => {
                let why = error.to_string();
                if why != said {
                    tracing::warn!("Waiting for the database of the cluster: {why}.");
                    said = why;
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    };
    if !said.is_empty() {
        tracing::info!("The database of the cluster responds.");
    }
    ready(config, &cql).await.map_err(ServeError::Tables)?;
    let options = ClusterOptions {
        audit_for: config.audit.kept_for(),
        search: config.cluster.search.then(|| config.server.data_dir.join(SEARCH)),
        peers,
    };
    let cluster = Cluster::open_with(Arc::new(cql), sink, options).await?;
    Ok((Engine::Cluster(cluster), id))
}
