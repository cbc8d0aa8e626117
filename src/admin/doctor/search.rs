//! The search index: what can always be made again is thrown away when in doubt.

use std::fs::File;
use std::time::{Duration, Instant};

use super::report::Report;
use super::{Installation, Server};
use crate::store::engine::upkeep::Glance;
use crate::store::engine::upkeep::checkup::{discard_search_index, search_index};

/// The index of a running server follows after a moment.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(100);

const AGAIN: &str = "chatctl doctor --fix throws it away; a server makes it anew from the \
                     messages (chatctl db reindex does so at once).";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    if File::open(ground.database()).is_err() {
        return report.skip("there is no database that can be looked at");
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
        Ok(Glance::InStep) => report.ok("it is whole and in step"),
        Ok(Glance::Missing) if ground.is_live() => {
            bad(ground, report, "there is no search index".to_owned());
        }
        Ok(Glance::Missing) => report.ok("there is none yet; the next server makes it"),
        Ok(Glance::Behind(missing)) if ground.is_live() => {
            report.warn(
                format!("{missing} messages and changes are not in it yet"),
                "Wait while it is being made; if the number does not fall, look at the log.",
            );
        }
        Ok(Glance::Behind(missing)) => report.ok(format!(
            "it is whole; {missing} messages and changes are taken in by the next server"
        )),
        Ok(Glance::Stale(why)) => bad(ground, report, format!("it cannot be used: {why}")),
        Ok(Glance::Damaged(why)) => bad(ground, report, format!("it is damaged: {why}")),
    }
}

fn bad(ground: &Installation, report: &mut Report, found: String) {
    match &ground.server {
        _ if !ground.may_mend() => report.fail(found, AGAIN),
        Server::Here(live) => {
            let made = tokio::runtime::Handle::current().block_on(live.store.reindex(|_, _| true));
            report.mended(found, "it was made anew", made, AGAIN);
        }
        _ => report.mended(
            found,
            "it was thrown away; the next server makes it anew",
            discard_search_index(&ground.database()),
            AGAIN,
        ),
    }
}
