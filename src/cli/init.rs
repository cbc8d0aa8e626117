//! Creates a data directory, for the commands that may do so.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{Global, execute};
use crate::admin::{Failure, database, identity, lost};

/// Creates the directory, readable by its owner only.
pub(super) fn make(data: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.map_err(|error| {
        Failure::io(&format!("cannot create the data directory {}", data.display()), &error)
    })
}

/// Creates the configured data directory with an empty database, unless it exists or its database
/// was lost.
pub(super) fn data_directory(global: &Global, new: bool) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    lost::check(&config, new)?;
    let data = &config.server.data_dir;
    identity::work_as_owner_of(data)?;
    make(data)?;
    database::create(&config)
}
