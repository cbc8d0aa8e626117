//! Whether strangers can make accounts: open registration where others than this machine can reach the server.

use std::net::IpAddr;

use super::Ground;
use super::report::Report;
use crate::config::Registration;

pub(super) fn look(ground: &Ground, report: &mut Report) {
    if ground.config.auth.registration == Registration::Closed {
        return report.ok("only administrators make accounts");
    }
    let advice = "If strangers shall not make accounts: [auth] registration = \"closed\", and chatctl user create for everybody else.";
    let open: Vec<&str> = ground.addresses().iter().filter(|address| !is_local(address)).map(String::as_str).collect();
    if !open.is_empty() {
        return report.warn(format!("everybody who reaches {} may make an account", open.join(", ")), advice);
    }
    match &ground.config.server.public_url {
        Some(url) if !is_local(url) => report.warn(format!("everybody who reaches {url} may make an account"), advice),
        _ => report.ok("everybody on this machine may make an account, and nobody else reaches the server"),
    }
}

/// Whether an address (`HOST:PORT`, `scheme://HOST:PORT/…`, `unix:PATH`) is reached from this machine only.
pub(super) fn is_local(address: &str) -> bool {
    if address.starts_with("unix:") {
        return true;
    }
    let host = host(address);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The host of an address, without the brackets of IPv6.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_is_what_only_this_machine_reaches() {
        for local in ["127.0.0.1:80", "127.8.0.1:80", "[::1]:80", "localhost:8080", "unix:/run/chat.sock", "http://127.0.0.1:5000", "https://localhost/"] {
            assert!(is_local(local), "{local}");
        }
        for open in ["0.0.0.0:80", "[::]:80", "192.168.1.2:80", "chat.example:80", "https://chat.example/", "http://[2001:db8::1]:80"] {
            assert!(!is_local(open), "{open}");
        }
    }
}
