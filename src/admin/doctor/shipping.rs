//! Check `otlp`: whether the running server can send its log to the OTLP receiver.

use std::time::Duration;

use super::report::{Report, count};
use super::{Installation, Server};
use crate::egress::{self, Egress};

/// Sections that shipping depends on.
const SECTIONS: [&str; 2] = ["log.ship", "egress"];

pub(super) fn look(ground: &Installation, report: &mut Report) {
    ground.warn_of_unloaded(&SECTIONS, report);
    let Some(endpoint) = &ground.config.log_ship.otlp_endpoint else {
        if report.is_empty() {
            report.skip("the log is not sent to an OTLP receiver");
        }
        return;
    };
    if unusable(ground, endpoint, report) {
        return;
    }
    let Server::Here(live) = &ground.server else {
        return report.ok("an OTLP receiver is configured; a running server sends it the log");
    };
    let waiting = count(live.shipped.waiting as u64, "record");
    match (&live.shipped.problem, live.shipped.succeeded) {
        (Some(problem), _) if problem.is_final => report.warn(
            format!("the OTLP receiver refuses the log: {}; {waiting} waiting", problem.why),
            "The refused records were dropped; they are only in the log files. Check headers and \
             otlp_endpoint in [log.ship].",
        ),
        (Some(problem), _) => report.warn(
            format!(
                "the log cannot be sent to the OTLP receiver: {}; {waiting} waiting",
                problem.why
            ),
            "The server goes on trying. Records that do not fit into the queue, or still wait when \
             the server stops, are only in the log files. Check otlp_endpoint, headers and tls_ca \
             in [log.ship].",
        ),
        (None, None) => report.skip_with(
            format!(
                "nothing has been sent to the OTLP receiver yet since the start or the last \
                 change of the configuration; {waiting} waiting"
            ),
            "Wait a few seconds, and run the check again.",
        ),
        (None, Some(at)) => {
            let ago = humantime::format_duration(Duration::from_secs(at.elapsed().as_secs()));
            report.ok(format!(
                "the log is sent to the OTLP receiver, last {ago} ago; {waiting} waiting"
            ));
        }
    }
}

/// Reports values with which nothing can be sent, if there are any.
fn unusable(ground: &Installation, endpoint: &str, report: &mut Report) -> bool {
    let ca = ground.config.log_ship.tls_ca.as_deref();
    if let Some(why) = ca.and_then(egress::unusable_authorities) {
        report.fail(
            format!("[log.ship] tls_ca cannot be used: {why}"),
            "Set it to a PEM file with the certificate of the authority, which the user of the \
             server can read.",
        );
        return true;
    }
    let egress = Egress::of(&ground.config.egress);
    let refused = egress.refuses_number(&egress::host(endpoint));
    if let Some(refused) = &refused {
        report.fail(format!("[log.ship] otlp_endpoint: {refused}"), super::alerts::PERMIT);
    }
    refused.is_some()
}
