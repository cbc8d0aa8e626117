//! Check `alerts`: whether the running server could send its last alerts, and with a stopped one
//! whether there are targets.

use super::report::Report;
use super::{Installation, Server};
use crate::logging::alerts::Target;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let targets = Target::all(&ground.config.log_alerts).len();
    if targets == 0 {
        return report.ok("no alerts are configured");
    }
    let Server::Here(live) = &ground.server else {
        return report.ok(format!("{targets} configured; a running server sends them"));
    };
    for (target, why) in &live.unsent_alerts {
        report.warn(
            format!("an alert cannot be sent to {target}: {why}"),
            "The server goes on trying. Try it with: chatctl log alert-test",
        );
    }
    if live.unsent_alerts.is_empty() {
        report.ok(format!("{targets} configured, all can be reached as far as is known"));
    }
}
