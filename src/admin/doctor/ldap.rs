//! Check `ldap`: whether the directory of `[ldap]` can be asked.

use super::report::Report;
use super::{Installation, wait};
use crate::config::check::is_this_machine;
use crate::egress::unusable_authorities;
use crate::ldap::{Step, probe};

pub(super) fn look(ground: &Installation, report: &mut Report) {
    ground.warn_of_unloaded(&["ldap"], report);
    let ldap = &ground.config.ldap;
    let Some(url) = &ldap.url else {
        if report.is_empty() {
            report.skip("no directory is configured");
        }
        return;
    };
    if let Some(why) = ldap.tls_ca.as_deref().and_then(unusable_authorities) {
        return report.fail(
            format!("[ldap] tls_ca cannot be used: {why}"),
            "Give the path of a PEM file with the certificate of the authority.",
        );
    }
    if url.starts_with("ldap:") && !ldap.starttls && !is_this_machine(url) {
        report.warn(
            format!("passwords are sent to {url} without encryption"),
            "Use an ldaps:// address, or set starttls in [ldap].",
        );
    }
    match wait(async { Ok(probe(ldap, None, None).await) }) {
        Ok(tried) => match tried.failed {
            None => report.ok(format!("{url} answers, and the entry of base can be read")),
            Some((step, why)) => {
                report.fail(format!("the directory {url} cannot be used: {why}"), advice(step));
            }
        },
        Err(error) => report.skip(format!("could not be tried: {error}")),
    }
}

fn advice(step: Step) -> &'static str {
    match step {
        Step::Connect => {
            "Check url, starttls and tls_ca in [ldap], and whether a firewall is between."
        }
        Step::Bind => "Check bind_dn and bind_password in [ldap].",
        Step::Base | Step::User | Step::Groups | Step::Password => {
            "Check base in [ldap], and whether bind_dn may read the entries below it."
        }
    }
}
