//! Which proxies are believed: too many, and everybody can forge an address; too few, and all
//! clients share that of the proxy.

use super::Installation;
use super::report::Report;
use crate::model::rules::{Network, is_local};

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let server = &ground.config.server;
    let everybody = |proxy: &&String| Network::parse(proxy).is_some_and(Network::is_everything);
    if let Some(all) = server.trusted_proxies.iter().find(everybody) {
        return report.fail(
            format!(
                "trusted_proxies holds {all}: everybody can say to come from any address, and \
                 gets past limits and log-in protection"
            ),
            "Name only the addresses of your proxies in [server] trusted_proxies, 127.0.0.1 for \
             one on this machine.",
        );
    }
    let behind = ground.addresses().iter().all(|address| is_local(address));
    match &server.public_url {
        Some(url) if behind && server.trusted_proxies.is_empty() && !is_local(url) => report.warn(
            format!(
                "{url} reaches the server through a proxy that is not in trusted_proxies: all \
                 clients are counted as one address and share its limits"
            ),
            "[server] trusted_proxies = [\"127.0.0.1\", \"::1\"] for a proxy on this machine, \
             which must set X-Forwarded-For and X-Forwarded-Proto.",
        ),
        _ if server.trusted_proxies.is_empty() => report.ok("no proxy is believed"),
        _ => report.ok(format!("believed: {}", server.trusted_proxies.join(", "))),
    }
}
