//! Check `acme`: whether the certificates that the server obtains itself were issued.

use super::Installation;
use super::report::Report;
use crate::admin::{acme, certificate};
use crate::model::Timestamp;

const OBTAIN: &str = "The name must lead to this server, and the CA must reach it at port 443, or at \
                      port 80 with redirect_listen; then try again: chatctl reload.";

const REACH: &str =
    "Check the network, acme_directory and acme_ca; then try again: chatctl reload.";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let server = &ground.config.server;
    if !server.has_acme() {
        return report.skip("acme_domains is not set");
    }
    let now = Timestamp::now().unix_seconds();
    for name in server.acme_names() {
        let end = certificate::end(&acme::files::certificate(server, &name));
        let end = end.filter(|end| *end > now);
        let Some(trouble) = acme::files::trouble(server, &name) else {
            if end.is_none() {
                report.skip(format!("there is no certificate for {name} yet"));
            }
            continue;
        };
        let at = Timestamp(trouble.at.saturating_mul(1000)).seconds();
        let next = Timestamp(trouble.next.saturating_mul(1000)).seconds();
        let why = trouble.why.trim_end_matches('.');
        let (found, advice) = if trouble.unreached {
            let found = format!("the CA was not asked for {name}, because it cannot be reached");
            (format!("{found}: {why} (at {at}, next attempt at {next})"), REACH)
        } else {
            let found = format!("no certificate was issued for {name} at {at}");
            (format!("{found}: {why} (next attempt at {next})"), OBTAIN)
        };
        if end.is_some() {
            report.warn(found, advice);
        } else {
            report.fail(found, advice);
        }
    }
}
