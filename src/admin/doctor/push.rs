//! Check `push`: whether browsers can subscribe to push notifications, and whether push services
//! know whom to turn to.

use super::Installation;
use super::report::Report;

/// Sections that push notifications depend on.
const SECTIONS: [&str; 2] = ["push", "egress"];

pub(super) fn look(ground: &Installation, report: &mut Report) {
    ground.warn_of_unloaded(&SECTIONS, report);
    let config = &ground.config;
    if !config.push.enabled {
        if report.is_empty() {
            report.skip("push notifications are turned off ([push] enabled)");
        }
        return;
    }
    let Some(contact) = config.push_contact() else {
        return report.skip_with(
            "no push notifications are sent: there is no [push] contact, and no [server] \
             public_url with https",
            "Set [server] public_url to the https address of the server.",
        );
    };
    if !config.server.is_https() {
        return report.warn(
            "browsers only subscribe to push notifications of pages that they load over https",
            "Set [server] public_url to the https address of the server, or set up TLS.",
        );
    }
    if config.push.contact.is_none() {
        return report.ok(format!(
            "push services are told {contact}; [push] contact can name a mail address instead"
        ));
    }
    report.ok(format!("push services are told {contact}"));
}
