//! A data directory where there is none: only for commands that may begin one.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{Global, execute};
use crate::admin::{Failure, database, identity, lost};

/// Makes the directory, readable by its owner only.
pub(super) fn make(data: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.map_err(|error| {
        Failure::io(&format!("cannot make the data directory {}", data.display()), &error)
    })
}

/// Makes the configured data directory with an empty database, where there is none and none was
/// lost.
pub(super) fn data_directory(global: &Global, new: bool) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    lost::check(&config, new)?;
    let data = &config.server.data_dir;
    identity::work_as_owner_of(data)?;
    make(data)?;
    database::create(&config)
}
