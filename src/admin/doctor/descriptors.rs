//! Check `descriptors`: whether the limit of open files allows the configured number of
//! connections.

use super::Installation;
use super::report::Report;
use crate::admin::descriptors::{connections, most, needed, suffice};

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let limits = &ground.config.limits;
    let Some(files) = most() else { return report.ok("the system does not limit open files") };
    if suffice(files, limits) {
        return report.ok(format!("the system allows {files} open files"));
    }
    report.warn(
        format!(
            "the system allows {files} open files, enough for {} connections, but max_connections \
             is {}",
            connections(files),
            limits.max_connections
        ),
        format!(
            "Set LimitNOFILE={} in the systemd unit (or use ulimit -Hn), or lower [limits] \
             max_connections.",
            needed(limits)
        ),
    );
}
