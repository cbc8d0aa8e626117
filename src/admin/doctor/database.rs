//! Checks `database` and `schema`. The database is never repaired here: lost data can only come
//! from a backup.

use std::io::ErrorKind;

use super::report::Report;
use super::{Installation, Server, backups};
use crate::store::engine::upkeep::checkup::{problems_of, readable};
use crate::store::engine::upkeep::plan;

/// Maximum number of reported problems.
const MOST: usize = 10;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let path = ground.database();
    if let Server::Here(live) = &ground.server
        && live.engine.embedded().is_some_and(|store| !store.is_in_place())
    {
        return report.fail(
            format!(
                "{} or its write-ahead log was removed or replaced while the server runs, so \
                 nothing is stored",
                path.display()
            ),
            format!(
                "Move the original file back and restart the server. If the file is in its place \
                 and only its write-ahead log (-wal) was removed, a restart is enough. If the \
                 file no longer exists, stop the server and restore a backup. {}",
                restore(ground)
            ),
        );
    }
    // A database that cannot be read is not necessarily damaged.
    if let Err(error) = readable(&path) {
        return match error.kind() {
            ErrorKind::NotFound => {
                report.fail(
                    format!("the database {} does not exist", path.display()),
                    restore(ground),
                );
            }
            _ => report.unreadable(&path, &error),
        };
    }
    let problems = problems_of(&path, ground.is_live());
    for problem in problems.iter().take(MOST) {
        report.fail(problem.trim_end_matches('.'), restore(ground));
    }
    if problems.len() > MOST {
        report.fail("there are more problems", "To list all: chatctl db check.");
    }
    if problems.is_empty() {
        report.ok("no damage found");
    }
}

/// The advice to restore a backup.
fn restore(ground: &Installation) -> String {
    match backups::newest(ground) {
        Some(backup) => format!(
            "Stop the server, copy the data directory elsewhere, verify the backup (chatctl \
             backup verify), then: chatctl backup restore {} --replace.",
            backup.path.display()
        ),
        None => "There is no backup in the backup directory. Stop the server, copy the data \
                 directory elsewhere, and restore a backup from another location: chatctl backup \
                 restore FILE --replace."
            .to_owned(),
    }
}

pub(super) fn schema(ground: &Installation, report: &mut Report) {
    let path = ground.database();
    if readable(&path).is_err() {
        return report.skip("the database cannot be opened");
    }
    match plan(&path) {
        Err(error) => {
            report.fail(format!("the schema version cannot be read: {error}"), restore(ground));
        }
        Ok(plan) if plan.newer => report.fail(
            format!(
                "the database has schema {}, this version of chatctl supports up to {}",
                plan.schema, plan.known
            ),
            "Install the version of chatctl that last used the database, or a newer one.",
        ),
        Ok(plan) if !plan.migrations.is_empty() => report.warn(
            format!(
                "the database has schema {} and will be migrated to {}: {}",
                plan.schema,
                plan.known,
                plan.migrations.join(", ")
            ),
            "The server migrates it at its next start; to do it now: chatctl db migrate. A copy \
             of the old database is kept next to it.",
        ),
        Ok(plan) => report.ok(format!("schema {}", plan.schema)),
    }
}
