//! Check `search`: the search index. It can always be rebuilt, so it is discarded when in doubt.

use std::time::{Duration, Instant};

use super::report::{Report, count};
use super::{Installation, Server};
use crate::store::engine::upkeep::Glance;
use crate::store::engine::upkeep::checkup::{discard_search_index, readable, search_index};

/// How long the index of a running server may lag behind.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(100);

const AGAIN: &str = "Rebuild it: chatctl db reindex. chatctl doctor --fix discards it, and the \
                     server rebuilds it from the messages.";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    if readable(&ground.database()).is_err() {
        return report.skip("the database cannot be opened");
    }
    let began = Instant::now();
    let glance = loop {
        match search_index(&ground.database(), ground.is_live()) {
            Ok(Glance::Behind(_) | Glance::Missing)
                if ground.is_live() && began.elapsed() < PATIENCE =>
            {
                std::thread::sleep(LOOK);
            }
            other => break other,
        }
    };
    match glance {
        Err(error) => report.skip(format!("the database cannot be read: {error}")),
        Ok(Glance::InStep) => report.ok("complete and up to date"),
        Ok(Glance::Missing) if ground.is_live() => {
            bad(ground, report, "the search index does not exist".to_owned());
        }
        Ok(Glance::Missing) => {
            report.ok("not created yet; the server creates it at its next start");
        }
        Ok(Glance::Behind(missing)) if ground.is_live() => {
            report.warn(
                format!("{} not in the index yet", are(missing)),
                "Wait while it is built; if the number does not fall, check the log.",
            );
        }
        Ok(Glance::Behind(missing)) => {
            report.ok(format!("complete; {} added at the next start of the server", are(missing)));
        }
        Ok(Glance::Stale(why)) => bad(ground, report, format!("cannot be used: {why}")),
        Ok(Glance::Damaged(why)) => bad(ground, report, format!("damaged: {why}")),
    }
}

/// Number of changes that the index lacks, with its verb.
fn are(changes: u64) -> String {
    format!("{} {}", count(changes, "change"), if changes == 1 { "is" } else { "are" })
}

fn bad(ground: &Installation, report: &mut Report, found: String) {
    match &ground.server {
        _ if !ground.may_repair() => report.fail(found, AGAIN),
        Server::Here(live) => {
            let Some(store) = live.engine.embedded() else { return report.fail(found, AGAIN) };
            let made = tokio::runtime::Handle::current().block_on(store.reindex(|_, _| true));
            report.repaired(found, "rebuilt", made, AGAIN);
        }
        _ => report.repaired(
            found,
            "discarded; the server rebuilds it at its next start",
            discard_search_index(&ground.database()),
            AGAIN,
        ),
    }
}
