//! Check `proxy`: the trusted proxies. With too many, clients can forge their address; with too
//! few, all clients share the address of the proxy.

use super::Installation;
use super::report::Report;
use crate::model::rules::{Network, is_local};

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let server = &ground.config.server;
    let everybody = |proxy: &&String| Network::parse(proxy).is_some_and(Network::is_everything);
    if let Some(all) = server.trusted_proxies.iter().find(everybody) {
        return report.fail(
            format!(
                "trusted_proxies contains {all}: any client can forge its address and bypass \
                 limits and log-in protection"
            ),
            "Set [server] trusted_proxies to the addresses of your proxies only, such as \
             127.0.0.1 for one on this machine.",
        );
    }
    let behind = ground.addresses().iter().all(|address| is_local(address));
    match &server.public_url {
        Some(url) if behind && server.trusted_proxies.is_empty() && !is_local(url) => report.warn(
            format!(
                "{url} reaches the server through a proxy that is not in trusted_proxies: all \
                 clients count as one address and share its limits"
            ),
            "For a proxy on this machine, set [server] trusted_proxies = [\"127.0.0.1\", \
             \"::1\"]; the proxy must set X-Forwarded-For and X-Forwarded-Proto.",
        ),
        _ if server.trusted_proxies.is_empty() => report.ok("no proxy is trusted"),
        _ => report.ok(format!("trusted: {}", server.trusted_proxies.join(", "))),
    }
}
