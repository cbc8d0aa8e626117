//! Whom to believe about the address of a client.

use std::net::IpAddr;

use warp::http::HeaderMap;

use super::accept::Peer;

/// Proxies whose forwarded headers are believed; without them the headers are ignored.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies(Vec<Network>);

#[derive(Clone, Copy, Debug)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Proxies {
    /// Reads `[server] trusted_proxies`: addresses, or networks as `10.0.0.0/8`. What cannot be read trusts nobody (the configuration refuses it before).
    pub(super) fn new(trusted: &[String]) -> Self {
        Self(trusted.iter().filter_map(|text| network(text)).collect())
    }

    /// The client's address, and whether it came over TLS.
    pub(super) fn client(&self, peer: &Peer, headers: &HeaderMap) -> (Option<IpAddr>, bool) {
        // A Unix socket's peer is a proxy on this machine: whoever may open it is trusted as far as any proxies are.
        let trusted = if let Some(address) = peer.address { self.trusts(address) } else { !self.0.is_empty() };
        if !trusted {
            return (peer.address, peer.secure);
        }
        let header = |name| headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).flat_map(|v: &str| v.split(',')).map(str::trim);
        let hops: Vec<IpAddr> = header("x-forwarded-for").filter_map(|hop| hop.parse().ok()).collect();
        // The rightmost that is no proxy of ours: what stands left of it anybody may have written.
        let client = hops.iter().rev().find(|hop| !self.trusts(**hop)).or(hops.first()).copied().or(peer.address);
        let secure = header("x-forwarded-proto").next_back().map_or(peer.secure, |proto| proto.eq_ignore_ascii_case("https"));
        (client, secure)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.prefix),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.prefix),
            _ => false,
        }
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.trim().parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(longest), |p| p.trim().parse().ok().filter(|p| *p <= longest))?;
    Some(Network { address, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &'static str) -> String {
        let proxies = Proxies::new(&trusted.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        let headers = [("x-forwarded-for".parse().unwrap(), forwarded.parse().unwrap()), ("x-forwarded-proto".parse().unwrap(), "https".parse().unwrap())];
        let peer = Peer { address: peer.parse().ok(), secure: false };
        let (address, secure) = proxies.client(&peer, &headers.into_iter().collect());
        format!("{} {secure}", address.map(|a| a.to_string()).unwrap_or_default())
    }

    #[test]
    fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
        assert_eq!(client(&[], "9.9.9.9", "1.1.1.1"), "9.9.9.9 false");
        assert_eq!(client(&["10.0.0.0/8"], "9.9.9.9", "1.1.1.1"), "9.9.9.9 false");
        assert_eq!(client(&["10.0.0.0/8"], "10.1.2.3", "1.1.1.1"), "1.1.1.1 true");
        assert_eq!(client(&["10.0.0.0/8"], "10.1.2.3", "6.6.6.6, 1.1.1.1, 10.9.9.9"), "1.1.1.1 true");
        assert_eq!(client(&["127.0.0.1", "::1"], "::1", "2001:db8::1"), "2001:db8::1 true");
        assert_eq!(client(&["10.0.0.1"], "10.0.0.1", "nonsense"), "10.0.0.1 true");
    }
}
