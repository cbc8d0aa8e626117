//! The database: never mended here, since what is lost can only come back from a backup.

use std::fs::File;
use std::io::ErrorKind;

use super::report::Report;
use super::{Installation, Server, backups};
use crate::store::engine::upkeep::checkup::problems_of;
use crate::store::engine::upkeep::plan;

/// So many sentences are said.
const MOST: usize = 10;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let path = ground.database();
    if let Server::Here(live) = &ground.server
        && !live.store.is_in_place()
    {
        return report.fail(
            format!(
                "{} or its write-ahead log was removed or replaced while the server runs, and \
                 nothing is stored",
                path.display()
            ),
            format!(
                "Move the file back that was there; if it is gone, stop the server and restore a \
                 backup. {}",
                restore(ground)
            ),
        );
    }
    // What may not be read is not damaged.
    if let Err(error) = File::open(&path) {
        return match error.kind() {
            ErrorKind::NotFound => {
                report.fail(format!("there is no database {}", path.display()), restore(ground));
            }
            _ => report.unreadable(&path, &error),
        };
    }
    let problems = problems_of(&path, ground.is_live());
    for problem in problems.iter().take(MOST) {
        report.fail(problem.trim_end_matches('.'), restore(ground));
    }
    if problems.len() > MOST {
        report.fail("there is more of it", "chatctl db check shows all.");
    }
    if problems.is_empty() {
        report.ok("it is whole");
    }
}

/// Where what was lost comes from.
fn restore(ground: &Installation) -> String {
    match backups::newest(ground) {
        Some(backup) => format!(
            "Stop the server, copy the data directory elsewhere, then: chatctl backup restore {} \
             --replace (first: chatctl backup verify).",
            backup.path.display()
        ),
        None => "There is no backup in the backup directory. Stop the server, copy the data \
                 directory elsewhere, and restore a backup from another place with: chatctl \
                 backup restore FILE --replace."
            .to_owned(),
    }
}

pub(super) fn schema(ground: &Installation, report: &mut Report) {
    let path = ground.database();
    if File::open(&path).is_err() {
        return report.skip("there is no database that can be looked at");
    }
    match plan(&path) {
        Err(error) => report.fail(format!("the version cannot be read: {error}"), restore(ground)),
        Ok(plan) if plan.newer => report.fail(
            format!(
                "the database is of schema {}, this chatctl knows up to {}",
                plan.schema, plan.known
            ),
            "Install the chatctl that the database was last used with, or a newer one.",
        ),
        Ok(plan) if !plan.migrations.is_empty() => report.warn(
            format!(
                "the database is of schema {} and will become {}: {}",
                plan.schema,
                plan.known,
                plan.migrations.join(", ")
            ),
            "The next start of the server does it; chatctl db migrate does it now. A copy of \
             before is kept beside the database.",
        ),
        Ok(plan) => report.ok(format!("schema {}", plan.schema)),
    }
}
