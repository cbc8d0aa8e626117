//! Where backups lie: a directory, or a bucket of an S3 server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::admin::backup::remote::{GoesOn, Remote, is_remote};
use crate::admin::backup::{self, Identities, Input, Listed, Owner, Pruned, Retention};
use crate::admin::{Failure, identity};
use crate::cli::interrupt::Interrupt;
use crate::cli::{Global, execute};

/// A place that was named on the command line; directories are accessed as the caller.
pub(super) enum Place {
    Directory(PathBuf),
    Bucket(Arc<Remote>),
}

impl Place {
    pub(super) fn of(global: &Global, path: PathBuf) -> Result<Self, Failure> {
        if !is_remote(&path) {
            return Ok(Self::Directory(path));
        }
        Ok(Self::Bucket(bucket(global, &path, &Interrupt::watch())?))
    }

    pub(super) fn list(&self) -> Result<Vec<Listed>, Failure> {
        match self {
            Self::Directory(path) => backup::list(path),
            Self::Bucket(bucket) => bucket.list(),
        }
    }

    pub(super) fn prune(
        &self,
        rules: Retention,
        owner: Option<&Owner>,
        dry: bool,
    ) -> Result<Pruned, Failure> {
        match self {
            Self::Directory(path) => identity::as_caller(|| backup::prune(path, rules, owner, dry)),
            Self::Bucket(bucket) => bucket.prune(rules, owner, dry),
        }
    }
}

/// Stops the requests when the command is interrupted.
pub(super) fn until(interrupt: &Interrupt) -> GoesOn {
    let interrupt = interrupt.clone();
    Arc::new(move || interrupt.goes_on())
}

/// The bucket of a URL.
pub(super) fn bucket(
    global: &Global,
    url: &Path,
    interrupt: &Interrupt,
) -> Result<Arc<Remote>, Failure> {
    let config = execute::configuration(global)?;
    Remote::open(&config, &url.to_string_lossy(), until(interrupt))
}

/// Opens a backup: a file, as the caller, or an object.
pub(super) fn input(
    global: &Global,
    file: &Path,
    identities: &Identities,
) -> Result<Input, Failure> {
    if !is_remote(file) {
        return identity::as_caller(|| Input::file(file, identities));
    }
    let config = execute::configuration(global)?;
    let (remote, name) =
        Remote::open_file(&config, &file.to_string_lossy(), until(&Interrupt::watch()))?;
    remote.input(&name, identities)
}
