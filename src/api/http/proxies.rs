//! Client addresses: which forwarded headers to trust, and under which address a client is counted.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::warn;
use warp::http::HeaderMap;
use warp::http::header::HOST;

use super::accept::peer::Peer;
use crate::config;
use crate::model::rules::{Network, counted, forwarded_client, is_local, is_loopback_host};

/// Headers that show that a proxy forwarded the request, besides all that begin with `x-forwarded-`
/// or `x-envoy-`.
const FORWARDED: [&str; 24] = [
    "forwarded",
    "via",
    "cdn-loop",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "fastly-client-ip",
    "fly-client-ip",
    "front-end-https",
    "wl-proxy-client-ip",
    "x-amzn-trace-id",
    "x-appengine-user-ip",
    "x-arr-ssl",
    "x-azure-clientip",
    "x-azure-ref",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-original-host",
    "x-proxyuser-ip",
    "x-real-ip",
    "x-scheme",
    "x-url-scheme",
];
/// Address under which local peers are counted, if they are.
const THIS_MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Proxies whose forwarded headers are trusted; without trusted proxies the headers are ignored.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Proxies {
    trusted: Vec<Network>,
    /// The configuration shows that local peers are a proxy.
    is_behind: bool,
    /// Whether an undeclared proxy has been reported.
    told: Arc<AtomicBool>,
}

/// Origin of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::api) struct Seen {
    /// Address of the client; None: a Unix socket.
    pub(in crate::api) address: Option<IpAddr>,
    /// Address under which the client is counted; None: not counted.
    pub(in crate::api) counted: Option<IpAddr>,
    /// Whether the request used TLS, to this server or to a trusted proxy.
    pub(in crate::api) secure: bool,
    /// Whether a trusted proxy sent the address.
    pub(in crate::api) forwarded: bool,
    /// Whether it is a local program without a proxy, as far as can be told.
    pub(in crate::api) near: bool,
}

impl Proxies {
    /// Reads `[server] trusted_proxies`, for the addresses that are listened on. Invalid entries
    /// were refused when the configuration was loaded.
    pub(in crate::api) fn new(server: &config::Server, addresses: &[String]) -> Self {
        let trusted: Vec<_> =
            server.trusted_proxies.iter().filter_map(|text| Network::parse(text)).collect();
        let is_behind = server.public_url.as_deref().is_some_and(|url| !is_local(url))
            && addresses.iter().all(|address| is_local(address));
        Self { trusted, is_behind, told: Arc::default() }
    }

    /// Reads a changed configuration. An undeclared proxy is reported again only if other proxies
    /// are trusted now.
    pub(in crate::api) fn renew(&self, server: &config::Server, addresses: &[String]) -> Self {
        let new = Self::new(server, addresses);
        if new.trusted == self.trusted { Self { told: Arc::clone(&self.told), ..new } } else { new }
    }

    /// Returns the trustworthy origin of a request.
    pub(in crate::api) fn see(&self, peer: &Peer, headers: &HeaderMap) -> Seen {
        if self.is_trusted(peer) {
            let hops: Vec<&str> = values(headers, "x-forwarded-for").collect();
            let address = forwarded_client(peer.address, hops.iter().copied(), |address| {
                self.trusts(address)
            });
            let secure = values(headers, "x-forwarded-proto")
                .next_back()
                .map_or(peer.secure, |proto| proto.trim().eq_ignore_ascii_case("https"));
            let forwarded = address != peer.address;
            return Seen {
                address,
                counted: Some(address.map_or(THIS_MACHINE, counted)),
                secure,
                forwarded,
                near: false,
            };
        }
        let mut seen = Seen {
            address: peer.address,
            counted: peer.address.map(counted),
            secure: peer.secure,
            ..Seen::default()
        };
        if peer.address.is_none_or(|address| address.is_loopback()) {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            let through_proxy =
                is_forwarded(headers) || host.is_some_and(|host| !is_loopback_host(host));
            if through_proxy && self.trusted.is_empty() {
                self.tell();
            }
            seen.counted = (through_proxy || !self.trusted.is_empty()).then_some(THIS_MACHINE);
            seen.near =
                peer.address.is_some() && host.is_some() && !through_proxy && !self.is_behind;
        }
        seen
    }

    /// Returns whether this peer is a configured proxy. Peers that can open a Unix socket are
    /// trusted if any proxy is.
    pub(in crate::api) fn is_trusted(&self, peer: &Peer) -> bool {
        peer.address.map_or(!self.trusted.is_empty(), |address| self.trusts(address))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }

    fn tell(&self) {
        if !self.told.swap(true, Ordering::Relaxed) {
            warn!(
                "Requests come through a local proxy that is not in [server] trusted_proxies: all \
                 its clients are counted as one address. If it sets X-Forwarded-For: \
                 trusted_proxies = [\"127.0.0.1\", \"::1\"]."
            );
        }
    }
}

/// Returns the elements of a list header from all its lines; a line that is not text is an
/// unreadable element.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
    headers.get_all(name).iter().flat_map(|line| line.to_str().unwrap_or("?").split(','))
}

/// Returns whether a header shows that a proxy forwarded the request.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().map(http::HeaderName::as_str).any(|name| {
        FORWARDED.contains(&name) || name.starts_with("x-forwarded") || name.starts_with("x-envoy-")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(trusted: &[&str]) -> config::Server {
        config::Server {
            trusted_proxies: trusted.iter().map(|text| (*text).to_owned()).collect(),
            ..config::Server::default()
        }
    }

    fn see(server: &config::Server, peer: &str, headers: &[(&'static str, &'static str)]) -> Seen {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Proxies::new(server, &server.listen)
            .see(&Peer { address: peer.parse().ok(), secure: false }, &headers)
    }

    #[test]
    fn forwarded_headers_are_believed_from_trusted_proxies_only() {
        for (trusted, peer, forwarded, wanted) in [
            (&[][..], "9.9.9.9", "1.1.1.1", "9.9.9.9 false"),
            (&["10.0.0.0/8"], "9.9.9.9", "1.1.1.1", "9.9.9.9 false"),
            (&["10.0.0.0/8"], "10.1.2.3", "1.1.1.1", "1.1.1.1 true"),
            (&["10.0.0.0/8"], "10.1.2.3", "6.6.6.6, 1.1.1.1:99, 10.9.9.9", "1.1.1.1 true"),
            (&["127.0.0.1", "::1"], "::1", "2001:db8::1", "2001:db8::1 true"),
            (&["10.0.0.1"], "10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1 true"),
            (&["127.0.0.1"], "unix", "1.1.1.1", "1.1.1.1 true"),
        ] {
            let seen = see(
                &server(trusted),
                peer,
                &[("x-forwarded-for", forwarded), ("x-forwarded-proto", "https")],
            );
            assert_eq!(
                format!("{} {}", seen.address.unwrap(), seen.secure),
                wanted,
                "{trusted:?} {peer} {forwarded}"
            );
        }
    }

    #[test]
    fn lines_of_a_header_are_one_list_and_no_text_ends_it() {
        let mut headers = HeaderMap::new();
        for line in [&b"6.6.6.6"[..], b"\xff\xfe", b"10.0.0.2"] {
            headers.append("x-forwarded-for", http::HeaderValue::from_bytes(line).unwrap());
        }
        let proxies = Proxies::new(&server(&["10.0.0.0/8"]), &[]);
        let seen = proxies.see(&Peer { address: "10.0.0.1".parse().ok(), secure: false }, &headers);
        assert_eq!(seen.address.unwrap().to_string(), "10.0.0.2");
    }

    #[test]
    fn peers_on_this_machine_are_counted_once_a_proxy_shows() {
        let counted = |trusted: &[&str], peer, headers: &[_]| {
            see(&server(trusted), peer, headers).counted.map(|address| address.to_string())
        };
        let this_machine = Some("127.0.0.1".to_owned());
        for peer in ["127.0.0.1", "::1", "unix"] {
            assert_eq!(counted(&[], peer, &[("host", "localhost:8080")]), None, "{peer}");
            assert_eq!(counted(&[], peer, &[("host", "chat.example")]), this_machine, "{peer}");
            assert_eq!(
                counted(&[], peer, &[("host", "localhost"), ("x-forwarded-for", "1.1.1.1")]),
                this_machine,
                "{peer}"
            );
            assert!(counted(&["10.0.0.1"], peer, &[("host", "localhost")]).is_some(), "{peer}");
        }
        assert_eq!(counted(&[], "2001:db8::1:2:3:4", &[]).unwrap(), "2001:db8::");
        assert_eq!(
            counted(&["127.0.0.1"], "127.0.0.1", &[("x-forwarded-for", "2001:db8:1:2:3::4")])
                .unwrap(),
            "2001:db8:1:2::"
        );
    }

    #[test]
    fn near_is_who_came_by_itself() {
        let local = &[("host", "localhost:8080")][..];
        assert!(see(&server(&[]), "127.0.0.1", local).near);
        assert!(see(&server(&["10.0.0.1"]), "::1", &[("host", "[::1]:8080")]).near);
        for (trusted, peer, headers) in [
            (&[][..], "192.0.2.1", local),
            (&[], "unix", local),
            (&[], "127.0.0.1", &[][..]),
            (&[], "127.0.0.1", &[("host", "chat.example")]),
            (&["127.0.0.1"], "127.0.0.1", local),
        ] {
            assert!(!see(&server(trusted), peer, headers).near, "{trusted:?} {peer} {headers:?}");
        }
        for name in FORWARDED.into_iter().chain([
            "x-forwarded-proto",
            "x-forwarded-server",
            "x-forwarded",
            "x-envoy-external-address",
        ]) {
            assert!(
                !see(&server(&[]), "127.0.0.1", &[("host", "localhost"), (name, "x")]).near,
                "{name}"
            );
        }
        let behind = config::Server {
            public_url: Some("https://chat.example".to_owned()),
            ..config::Server::default()
        };
        assert!(
            !see(&behind, "127.0.0.1", local).near,
            "the only way from public_url to a loopback address is a proxy"
        );
        let open = config::Server { listen: vec!["0.0.0.0:443".to_owned()], ..behind };
        assert!(see(&open, "127.0.0.1", local).near);
    }
}
