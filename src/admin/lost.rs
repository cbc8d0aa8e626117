//! Detects a data directory that has lost its database: uploads, backups, logs or another database
//! show that a server used it.

use std::fs;

use super::outcome::{Failure, Kind};
use crate::config::{Config, Engine};
use crate::model::rules::count;
use crate::store::engine::upkeep::checkup::is_database;
use crate::store::files::kept;

/// Fails if the database is missing but other data of a server exists. `new` allows an empty
/// database anyway.
pub fn check(config: &Config, new: bool) -> Result<(), Failure> {
    let data = &config.server.data_dir;
    let database = data.join(&config.database.path);
    // The data of a cluster is elsewhere.
    if new || database.exists() || config.database.engine == Engine::Cluster {
        return Ok(());
    }
    let mut found = Vec::new();
    let media = data.join(&config.media.directory);
    // Also outside of the data directory: a new database would not refer to these uploads.
    match kept(&media).map(|names| names.len()).unwrap_or_default() {
        // A bucket is asked later who owns it.
        _ if config.media.bucket().is_some() => (),
        0 => (),
        uploads => found.push(format!("{} in {}", count(uploads, "upload"), media.display())),
    }
    for (what, directory) in
        [("backups", &config.backup.directory), ("logs", &config.log.directory)]
    {
        // A directory elsewhere may be older than this server.
        let inside = directory.is_relative()
            && fs::read_dir(data.join(directory)).is_ok_and(|mut entries| entries.next().is_some());
        if inside {
            found.push(format!("{what} in {}", data.join(directory).display()));
        }
    }
    let mut others: Vec<_> = fs::read_dir(data)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_database(path))
        .collect();
    others.sort();
    found.extend(others.iter().map(|path| format!("a database {}", path.display())));
    let Some((last, before)) = found.split_last() else { return Ok(()) };
    let all =
        if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) };
    let verb = if all.starts_with("1 ") || all.starts_with("a ") { "is" } else { "are" };
    Err(Failure::new(
        Kind::NotFound,
        format!(
            "there {verb} {all}, but no database {}; check [database] path and that all file \
             systems are mounted, or restore a backup (chatctl backup restore FILE --replace); \
             use --new to start with an empty database",
            database.display()
        ),
    ))
}
