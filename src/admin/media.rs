//! Where uploaded files are kept, as the configuration says.

use std::path::PathBuf;
use std::time::Duration;

use super::{Failure, Kind, bucket};
use crate::config::{Config, Engine};
use crate::s3::{self, Patience};
use crate::store::files::{Files, Spool};

/// How long the server of a bucket is waited for, while somebody else waits. A download may last
/// for any time.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    request: None,
    silence: Some(Duration::from_mins(1)),
    retries: 3,
    retrying: Duration::from_secs(20),
};

/// The files of a configuration. Fails if the bucket is not described completely. Sends nothing and
/// changes nothing.
pub fn files(config: &Config) -> Result<Files, Failure> {
    let directory = directory(config);
    let Some(url) = config.media.bucket() else { return Ok(Files::in_directory(&directory)) };
    let place = bucket::open("media.s3", &config.media_s3, url, PATIENCE)?;
    Ok(Files::in_bucket(place, &directory))
}

/// The files of a configuration, for work that may not need them: if they cannot be used, whatever
/// needs them fails.
pub fn files_or_none(config: &Config) -> Files {
    files(config).unwrap_or_else(|failure| {
        let url = config.media.bucket().unwrap_or_default();
        Files::unusable(url, &failure.message, &directory(config))
    })
}

fn directory(config: &Config) -> PathBuf {
    config.server.data_dir.join(&config.media.directory)
}

/// Who lets uploads arrive in the configured directory.
pub fn spool(config: &Config) -> Spool {
    match config.database.engine {
        Engine::Embedded => Spool::Own,
        Engine::Cluster => Spool::Shared,
    }
}

/// Tries the bucket of the configuration, if files are in one. Fails if it is described wrongly; a
/// server that does not answer is only logged, since it may return while this one runs.
pub async fn probe(config: &Config) -> Result<(), Failure> {
    let Err(error) = files(config)?.probe().await else { return Ok(()) };
    let failure = failure(error);
    if matches!(failure.kind, Kind::Unreachable | Kind::Failed) {
        tracing::error!("[media] store: {failure}. Until it works, files are refused.");
        return Ok(());
    }
    Err(Failure::usage(format!("[media] store: {failure}")))
}

/// The failure of an operation on files.
pub fn failure(error: std::io::Error) -> Failure {
    match error.downcast::<s3::Fault>() {
        Ok(fault) => fault.into(),
        Err(error) => Failure::from_io("cannot access the uploaded files", error),
    }
}
