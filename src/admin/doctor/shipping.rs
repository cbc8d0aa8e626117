//! Check `otlp`: whether the running server can send its log to the OTLP receiver.

use super::report::Report;
use super::{Installation, Server};

pub(super) fn look(ground: &Installation, report: &mut Report) {
    if ground.config.log_ship.otlp_endpoint.is_none() {
        return report.ok("the log is not sent to an OTLP receiver");
    }
    let Server::Here(live) = &ground.server else {
        return report.ok("an OTLP receiver is configured; a running server sends it the log");
    };
    let waiting = live.shipped.waiting;
    match &live.shipped.problem {
        Some(why) => report.warn(
            format!("the log cannot be sent to the OTLP receiver: {why}; {waiting} records wait"),
            "The server goes on trying; records that do not fit into the queue are only in the \
             log files. Check otlp_endpoint, headers and tls_ca in [log.ship].",
        ),
        None => report.ok(format!("the log is sent to the OTLP receiver; {waiting} records wait")),
    }
}
