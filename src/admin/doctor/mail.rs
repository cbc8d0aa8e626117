//! Check `mail`: whether the mail server takes the log-in of `[mail]`.

use super::report::Report;
use super::{Installation, alerts, wait};
use crate::egress::Egress;
use crate::mail::{self, Unsent};

/// Sections that mail depends on.
const SECTIONS: [&str; 2] = ["mail", "egress"];

pub(super) fn look(ground: &Installation, report: &mut Report) {
    ground.warn_of_unloaded(&SECTIONS, report);
    let Some(host) = &ground.config.mail.host else {
        if report.is_empty() {
            report.skip("no mail server is configured");
        }
        return;
    };
    let egress = Egress::of(&ground.config.egress);
    if let Some(refused) = egress.refuses_number(host) {
        return report.fail(format!("[mail] host: {refused}"), alerts::PERMIT);
    }
    match wait(async { Ok(mail::try_out(&ground.config).await) }) {
        Ok(Ok(())) => report.ok(format!("{host} answers and takes the log-in of [mail]")),
        Ok(Err(Unsent::Refused(why))) => report.fail(
            format!("the mail server {host} cannot be used: {why}"),
            "Check host, port, security, user and password in [mail].",
        ),
        Ok(Err(Unsent::ForNow(why))) => report.fail(
            format!("the mail server {host} cannot be used: {why}"),
            "Check host, port and security in [mail], and whether a firewall is between.",
        ),
        Err(error) => report.skip(format!("could not be tried: {error}")),
    }
}
