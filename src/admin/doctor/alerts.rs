//! Check `alerts`: whether the running server could send its last alerts, and with a stopped one
//! whether there are targets.

use super::report::{Report, count};
use super::{Installation, Server};
use crate::egress::{self, Egress};
use crate::logging::alerts::{Reach, Target};

/// Sections that alerts depend on.
const SECTIONS: [&str; 3] = ["log.alerts", "mail", "egress"];
/// What to do about a private address that is not permitted.
pub(super) const PERMIT: &str = "Add the address to [egress] allowed_networks, then run: chatctl \
                                 reload.";
const TEST: &str = "Try it: chatctl log alert-test";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    ground.warn_of_unloaded(&SECTIONS, report);
    let targets = Target::all(&ground.config.log_alerts);
    if targets.is_empty() {
        if report.is_empty() {
            report.skip("no alerts are configured");
        }
        return;
    }
    if unusable(ground, &targets, report) {
        return;
    }
    let number = count(targets.len() as u64, "target");
    let Server::Here(live) = &ground.server else {
        return report.ok(format!("{number}; a running server sends alerts there"));
    };
    let mut untried = Vec::new();
    let mut unreached = 0;
    for target in targets.iter().map(Target::full_name) {
        match live.alerts.get(&target) {
            None => untried.push(target),
            Some(Reach::Reached) => {}
            Some(Reach::Failed(why)) => {
                unreached += 1;
                report.warn(
                    format!("an alert cannot be sent to {target}: {why}"),
                    "The server goes on trying. Try it now: chatctl log alert-test",
                );
            }
        }
    }
    if !untried.is_empty() {
        let untried = untried.join(", ");
        report.skip_with(format!("nothing has been sent to {untried} yet"), TEST);
    } else if unreached == 0 {
        report.ok(format!("{number}, all can be reached"));
    }
}

/// Reports private addresses to which nothing can be sent, if there are any.
fn unusable(ground: &Installation, targets: &[Target], report: &mut Report) -> bool {
    let egress = Egress::of(&ground.config.egress);
    let mut hosts = Vec::new();
    for target in targets {
        let (key, host) = match target {
            Target::Webhook(url) => ("[log.alerts] slack_webhook", egress::host(url)),
            Target::Mail(_) => ("[mail] host", ground.config.mail.host.clone().unwrap_or_default()),
        };
        if !hosts.contains(&(key, host.clone())) {
            hosts.push((key, host));
        }
    }
    let refused: Vec<_> = hosts
        .iter()
        .filter_map(|(key, host)| Some(format!("{key}: {}", egress.refuses_number(host)?)))
        .collect();
    for refused in &refused {
        report.fail(refused, PERMIT);
    }
    !refused.is_empty()
}
