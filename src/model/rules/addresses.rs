//! Network addresses: networks, counting of clients, and forwarded addresses of proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Number of IPv6 address bits that identify a customer, who usually has all the rest.
const CUSTOMER_BITS: u32 = 64;

/// Returns the address under which a client is counted: IPv4 as it is, IPv6 by its /64 network.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> CUSTOMER_BITS << CUSTOMER_BITS))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A single address, or all addresses with a common prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Parses `10.0.0.1`, `10.0.0.0/8` or `2001:db8::/32`. IPv4 mapped to IPv6 is IPv4.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.trim().parse().ok()?;
        let longest: u32 = if address.is_ipv4() { 32 } else { 128 };
        let prefix =
            prefix.map_or(Some(longest), |p| p.trim().parse().ok().filter(|p| *p <= longest))?;
        match address.to_canonical() {
            mapped if mapped != address => {
                Some(Self { address: mapped, prefix: prefix.checked_sub(96)? })
            }
            address => Some(Self { address, prefix }),
        }
    }

    /// Returns whether the address is in the network.
    pub fn holds(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.prefix
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }

    /// Returns whether all addresses of the family are in it.
    pub fn is_everything(self) -> bool {
        self.prefix == 0
    }
}

/// Returns the client behind a chain of proxies, of which `peer` is the nearest; `hops` are the
/// forwarded addresses, nearest last. Anything left of the first hop that is untrusted or
/// unreadable may be forged.
pub fn forwarded_client<H: AsRef<str>>(
    peer: Option<IpAddr>,
    hops: impl DoubleEndedIterator<Item = H>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let mut client = peer;
    for hop in hops.rev() {
        let Some(address) = hop_address(hop.as_ref()) else { break };
        client = Some(address);
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// Parses `192.0.2.1`, `192.0.2.1:5678`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:5678`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => {
            hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        }
    };
    address.map(|address| address.to_canonical())
}

/// Returns whether a `Host` header names the local machine: `localhost`, a name below it, or a
/// loopback address, with or without a port.
pub fn is_loopback_host(host: &str) -> bool {
    if let Some(address) = hop_address(host) {
        return address.is_loopback();
    }
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "0"));
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    port.parse::<u16>().is_ok() && (name == "localhost" || name.ends_with(".localhost"))
}

/// Returns whether it is only reachable from this machine: `HOST:PORT`, a URL, or `unix:PATH`.
pub fn is_local(address: &str) -> bool {
    address.starts_with("unix:") || is_loopback_host(authority(address))
}

/// Returns `HOST` or `HOST:PORT` of a URL or of an address to listen on.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Returns a URL that a user can open for an address listened on: a wildcard address is replaced by
/// `host`.
pub fn openable(url: &str, host: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let port = rest.strip_prefix("0.0.0.0").or_else(|| rest.strip_prefix("[::]"));
    port.map_or_else(|| url.to_owned(), |port| format!("{scheme}://{host}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_counted_by_its_network_and_mapped_ipv4_as_ipv4() {
        for (address, wanted) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
            ("::1", "::"),
        ] {
            assert_eq!(counted(address.parse().unwrap()).to_string(), wanted, "{address}");
        }
    }

    #[test]
    fn networks_are_read_and_hold_addresses() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.1.2.3", "11.0.0.1"),
            ("10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("::1", "::1", "127.0.0.1"),
        ] {
            let read = Network::parse(network).unwrap();
            assert!(read.holds(inside.parse().unwrap()), "{network} {inside}");
            assert!(!read.holds(outside.parse().unwrap()), "{network} {outside}");
        }
        for text in [
            "",
            "proxy",
            "10.0.0.0/99",
            "10.0.0.0/33",
            "2001:db8::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0.1:80",
            "::ffff:10.0.0.0/8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
        assert!(Network::parse("0.0.0.0/0").unwrap().is_everything());
    }

    #[test]
    fn a_chain_is_walked_from_the_nearest_proxy_to_the_first_that_is_not_trusted_or_cannot_be_read()
    {
        let trusted: Vec<_> = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"]
            .map(|text| Network::parse(text).unwrap())
            .into();
        for (forwarded, wanted) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7:51234", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7, 10.9.9.9:443, ::ffff:10.1.1.1", "203.0.113.7"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
            // Only trusted proxies: the farthest of them.
            ("10.0.0.2, 10.0.0.3", "10.0.0.2"),
            // An unreadable hop ends the walk at the hop to its right, or at the peer.
            ("6.6.6.6, unknown", "10.0.0.1"),
            ("6.6.6.6, unknown, 10.9.9.9", "10.9.9.9"),
            ("6.6.6.6, , 10.9.9.9", "10.9.9.9"),
            ("6.6.6.6, _hidden", "10.0.0.1"),
            ("6.6.6.6, unix:", "10.0.0.1"),
            ("6.6.6.6, 203.0.113.7:http", "10.0.0.1"),
            ("6.6.6.6, [2001:db8::1", "10.0.0.1"),
            ("6.6.6.6, 203.0.113.7:99999", "10.0.0.1"),
            ("6.6.6.6, [203.0.113.7]", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let client =
                forwarded_client("10.0.0.1".parse().ok(), forwarded.split(','), |address| {
                    trusted.iter().any(|network| network.holds(address))
                });
            assert_eq!(client.unwrap().to_string(), wanted, "{forwarded:?}");
        }
        assert_eq!(forwarded_client(None, "unknown".split(','), |_| true), None);
    }

    #[test]
    fn a_host_names_this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "chat.localhost:1",
            "127.0.0.1",
            "127.0.0.9:8080",
            "::1",
            "[::1]",
            "[::1]:8080",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "",
            "chat.example",
            "localhost.example:8080",
            "notlocalhost",
            "192.0.2.1",
            "127.0.0.1.example",
            "localhost:port",
            "[2001:db8::1]:80",
            "127.1",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn local_is_what_only_this_machine_reaches() {
        for local in [
            "127.0.0.1:80",
            "127.8.0.1:80",
            "[::1]:80",
            "localhost:8080",
            "unix:/run/chat.sock",
            "http://127.0.0.1:5000",
            "https://localhost/",
        ] {
            assert!(is_local(local), "{local}");
        }
        for open in [
            "0.0.0.0:80",
            "[::]:80",
            "192.168.1.2:80",
            "chat.example:80",
            "https://chat.example/",
            "http://[2001:db8::1]:80",
        ] {
            assert!(!is_local(open), "{open}");
        }
    }

    #[test]
    fn a_link_can_be_opened() {
        for (url, wanted) in [
            ("http://0.0.0.0:8080", "http://box:8080"),
            ("https://[::]:8443", "https://box:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://192.0.2.1:80", "http://192.0.2.1:80"),
        ] {
            assert_eq!(openable(url, "box"), wanted);
        }
    }
}
