//! Connections that the server opens to other hosts: which addresses are permitted.
//!
//! A name is resolved once, and the addresses that were checked are those that are connected to, so
//! that a name cannot lead to another address afterwards. Redirects are not followed, and proxies
//! of the environment are not used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::config::{self, Config};
use crate::model::rules::Network;

/// How long a request may take in all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a host is not connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name has no address.
    #[error("{0} cannot be resolved")]
    Unknown(String),
    /// The address is not public, and not permitted.
    #[error("{}; to permit it, add it to [egress] allowed_networks", private(host, *address))]
    Private {
        /// The name or address asked for.
        host: String,
        /// Its address.
        address: IpAddr,
    },
}

/// What an address is, with the name that led to it.
fn private(host: &str, address: IpAddr) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse() == Ok(address) {
        format!("{address} is a private address")
    } else {
        format!("{host} has the private address {address}")
    }
}

/// The permitted addresses. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress(Arc<Vec<Network>>);

impl Egress {
    /// The permitted addresses of a configuration; networks that cannot be read are ignored.
    pub fn of(config: &config::Egress) -> Self {
        let networks = config.allowed_networks.iter();
        Self(Arc::new(networks.filter_map(|text| Network::parse(text)).collect()))
    }

    /// Returns whether this address may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        is_public(address.to_canonical()) || self.0.iter().any(|network| network.holds(address))
    }

    /// Returns whether a host is an address in numbers in one of the networks of the configuration.
    pub fn names(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse().is_ok_and(|address| self.0.iter().any(|network| network.holds(address)))
    }

    /// Refuses a host that is a private address in numbers and not permitted; names are not resolved.
    pub fn refuses_number(&self, host: &str) -> Option<Refused> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse().ok().filter(|address| !self.permits(*address))?;
        Some(Refused::Private { host: host.to_owned(), address })
    }

    /// Resolves a host once, and returns its addresses. One that is not permitted refuses them all.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Refused> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = tokio::net::lookup_host((bare, port))
            .await
            .map_err(|_| Refused::Unknown(host.to_owned()))?
            .collect();
        if found.is_empty() {
            return Err(Refused::Unknown(host.to_owned()));
        }
        match found.iter().find(|found| !self.permits(found.ip())) {
            Some(found) => Err(Refused::Private { host: host.to_owned(), address: found.ip() }),
            None => Ok(found),
        }
    }

    /// Returns a client for this URL, which only connects to permitted addresses.
    pub async fn client(&self, url: &reqwest::Url) -> Result<reqwest::Client, String> {
        self.client_trusting(url, None).await
    }

    /// Returns a client that also trusts the certificate authorities of a PEM file.
    pub async fn client_trusting(
        &self,
        url: &reqwest::Url,
        ca: Option<PathBuf>,
    ) -> Result<reqwest::Client, String> {
        // An address in the URL is not resolved by the client.
        let host = url.host_str().ok_or("the address has no host")?;
        let port = url.port_or_known_default().ok_or("the address must begin with https://")?;
        self.resolve(host, port).await.map_err(|refused| refused.to_string())?;
        let tls = tokio::task::spawn_blocking(move || trusted(ca.as_deref()));
        let tls = tls.await.map_err(|error| error.to_string())??;
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(self.clone())
            .no_proxy()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("chatctl/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())
    }
}

impl Resolve for Egress {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.clone();
        Box::pin(async move {
            let found = egress.resolve(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The name of this server for others: the host of `public_url`, or of the machine.
pub fn own_name(config: &Config) -> String {
    let public = config.server.public_url.as_deref().and_then(|url| reqwest::Url::parse(url).ok());
    public
        .and_then(|url| url.host_str().map(str::to_owned))
        .or_else(|| nix::unistd::gethostname().ok()?.into_string().ok())
        .unwrap_or_else(|| "server".to_owned())
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.extend([": ", &inner_text]);
        }
        cause = inner.source();
    }
    text
}

/// Trusts the certificate authorities of the system and of a PEM file. Blocks.
fn trusted(ca: Option<&Path>) -> Result<ClientConfig, String> {
    let roots = authorities(ca)?;
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// The certificate authorities of the system and of a PEM file. Blocks.
pub fn authorities(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca {
        trust(&mut roots, path)?;
    }
    Ok(roots)
}

/// Adds the certificate authorities of a PEM file. Blocks.
fn trust(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let cannot = |why: String| format!("{}: {why}", path.display());
    let pem = std::fs::read(path).map_err(|error| cannot(error.to_string()))?;
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| cannot(error.to_string()))?;
        roots.add(certificate).map_err(|error| cannot(error.to_string()))?;
    }
    if roots.len() == before {
        return Err(cannot("it contains no certificate".to_owned()));
    }
    Ok(())
}

/// Returns why the certificate authorities of a PEM file cannot be trusted, if so. Blocks.
pub fn unusable_authorities(path: &Path) -> Option<String> {
    trust(&mut RootCertStore::empty(), path).err()
}

/// The host of a URL, empty if there is none.
pub fn host(url: &str) -> String {
    let url = reqwest::Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Returns whether an address is reachable from the whole Internet: in none of the special blocks
/// of the IANA registries.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // Carriers, protocol assignments, benchmarks, and what is reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // Only 2000::/3 is assigned; a translated IPv4 address is judged as such.
    if (a, b) == (0x64, 0xff9b) && c == 0 {
        let [.., high, low] = address.segments();
        return is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    if a == 0x2002 {
        return is_public_v4(Ipv4Addr::from_bits(u32::from(b) << 16 | u32::from(c)));
    }
    (0x2000..0x4000).contains(&a)
        // Protocol assignments, among them Teredo, and documentation.
        && !(a == 0x2001 && b < 0x200)
        && !(a == 0x2001 && b == 0xdb8)
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(allowed: &[&str]) -> Egress {
        let allowed_networks = allowed.iter().map(|text| (*text).to_owned()).collect();
        Egress::of(&config::Egress { allowed_networks })
    }

    #[test]
    fn only_public_addresses_are_permitted() {
        let none = egress(&[]);
        for public in ["1.1.1.1", "192.0.1.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"]
        {
            assert!(none.permits(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::",
        ] {
            assert!(!none.permits(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn allowed_networks_are_permitted_and_nothing_beside_them() {
        let some = egress(&["10.0.0.0/8", "::1"]);
        for (address, permitted) in [
            ("10.255.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("11.0.0.1", true),
            ("172.16.0.1", false),
            ("::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(some.permits(address.parse().unwrap()), permitted, "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_its_addresses() {
        let refused = egress(&[]).resolve("localhost", 25).await.unwrap_err();
        assert!(matches!(refused, Refused::Private { .. }), "{refused}");
        let found = egress(&["127.0.0.1", "::1"]).resolve("localhost", 25).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 25));
        let refused = egress(&[]).resolve("[::1]", 25).await.unwrap_err();
        assert!(refused.to_string().contains("[egress] allowed_networks"), "{refused}");
        let none = egress(&[]).resolve("nowhere.invalid", 25).await.unwrap_err();
        assert_eq!(none, Refused::Unknown("nowhere.invalid".to_owned()));
    }
}
