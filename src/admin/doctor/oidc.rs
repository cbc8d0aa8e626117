//! Check `oidc`: whether the provider of OpenID Connect answers, and where it sends browsers back.

use super::report::Report;
use super::{Installation, alerts, wait};
use crate::egress::{Egress, host};
use crate::oidc::{self, CALLBACK};

/// Sections that log-ins through the provider depend on.
const SECTIONS: [&str; 2] = ["oidc", "egress"];

pub(super) fn look(ground: &Installation, report: &mut Report) {
    ground.warn_of_unloaded(&SECTIONS, report);
    let config = &ground.config;
    let Some(issuer) = config.oidc.issuer.as_deref().filter(|_| config.oidc.is_on()) else {
        if report.is_empty() {
            report.skip("no OpenID Connect provider is configured");
        }
        return;
    };
    match oidc::redirect_uri(config) {
        Some(uri) => report.ok(format!("the provider must know {uri} as a redirect URI")),
        None => report.warn(
            format!(
                "the redirect URI that the provider must know can only be guessed: the address \
                 that each browser uses, with {CALLBACK}"
            ),
            "Set [server] public_url to the address that browsers use.",
        ),
    }
    if let Some(refused) = Egress::of(&config.egress).refuses_number(&host(issuer)) {
        return report.fail(format!("[oidc] issuer: {refused}"), alerts::PERMIT);
    }
    match wait(async { Ok(oidc::try_out(config).await) }) {
        Ok(Ok(())) => report.ok(format!("the OpenID Connect provider {issuer} answers")),
        Ok(Err(fault)) => report.fail(
            format!("the OpenID Connect provider cannot be used: {fault}"),
            "Check issuer in [oidc], which must be exactly what the provider calls itself, and \
             whether the provider runs. Other ways to log in still work.",
        ),
        Err(error) => report.skip(format!("could not be tried: {error}")),
    }
}
