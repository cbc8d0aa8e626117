//! Check `changes`: whether the running server uses the configuration as it is now.

use super::report::Report;
use super::{Installation, Server};
use crate::config::current::Change;

const CORRECT: &str = "Correct the configuration: the server keeps the previous one, and could not \
                       start again.";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let live = match &ground.server {
        Server::Here(live) => live,
        Server::Stopped => {
            return report.ok("no server is running; it reads the configuration when it starts");
        }
        Server::Elsewhere | Server::Silent(_) => {
            return report.skip("the server cannot be asked");
        }
    };
    let Change { in_force, need_restart, .. } = match (live.pending)() {
        Ok(change) => change,
        Err(error) => {
            let why = error.to_string().replace('\n', "; ");
            return report
                .fail(format!("the changed configuration cannot be used: {why}"), CORRECT);
        }
    };
    if !in_force.is_empty() {
        report.warn(
            format!("changed, but not yet loaded: {}", in_force.join(", ")),
            "Load the configuration: chatctl reload.",
        );
    }
    if !need_restart.is_empty() {
        report.warn(
            format!("changed, but only in force after a restart: {}", need_restart.join(", ")),
            "Restart the server: systemctl restart chatctl, or stop and start it.",
        );
    }
    if report.is_empty() {
        report.ok("the server uses the configuration as it is now");
    }
}
