//! Check `copies`: age of the newest backup in the bucket of `[backup] to`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Installation;
use super::backups::{age_of, due, newest_of, ours};
use super::report::Report;
use crate::admin::Kind;
use crate::admin::backup::remote::Remote;

/// Time limit of the requests.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let Some(url) = &ground.config.backup.to else {
        return report.skip_with(
            "[backup] to is not set",
            "A backup on the disk of the server is lost together with it: set [backup] to, or copy \
             the backups to another machine.",
        );
    };
    let until = Instant::now() + PATIENCE;
    let goes_on = Arc::new(move || Instant::now() < until);
    let listed = Remote::open(&ground.config, url, goes_on).and_then(|remote| remote.list());
    let found = match listed {
        Ok(found) => ours(ground, found),
        // The keys may be in the environment of the server only.
        Err(failure) if failure.kind == Kind::Usage => {
            return report.skip_with(
                format!("{url} was not tried, because {failure}"),
                "Run the check while the server runs.",
            );
        }
        Err(failure) if failure.kind == Kind::Interrupted => {
            return report.fail(
                format!("{url} cannot be reached: no answer within {} s", PATIENCE.as_secs()),
                "Check [backup.s3] endpoint and the network.",
            );
        }
        Err(failure) => {
            return report.fail(
                failure.to_string(),
                "Correct [backup] to and [backup.s3]; until then, backups are only on this machine.",
            );
        }
    };
    let newest = newest_of(&found).map(|(backup, at)| (age_of(at), &backup.name));
    match (ground.config.backup.every_hours, newest) {
        (_, None) => report.warn(
            format!("there is no backup in {url} yet"),
            "A running server copies each automatic backup there; failures are in its log.",
        ),
        (None, Some((age, name))) => {
            report.ok(super::backups::told(name, age) + &format!(" (in {url})"));
        }
        (Some(every), Some((age, name))) => {
            due(every, age, super::backups::told(name, age) + &format!(" (in {url})"), report);
        }
    }
}
