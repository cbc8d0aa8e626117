//! Connections to the directory: TCP, TLS, and the limits in time.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap as Handle, LdapConnAsync, LdapConnSettings, StdStream};
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, JoinError};
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::Unavailable;
use super::explain::of_connection;
use super::tls::for_address;
use crate::config::Ldap;
use crate::egress::authorities;

/// Host that stands for an IPv6 address in URLs for the library, which cannot check certificates of
/// addresses in brackets.
const PLACEHOLDER: &str = "address.invalid";

/// A connection, which ends when it is dropped.
pub(super) struct Connection {
    /// Sends requests over it.
    pub(super) handle: Handle,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It may hang while it sends.
        self.driver.abort();
    }
}

/// Opens a connection, encrypted as configured.
pub(super) async fn open(ldap: &Ldap) -> Result<Connection, Unavailable> {
    let url = ldap.url.as_deref().and_then(|url| reqwest::Url::parse(url).ok());
    let mut url = url.ok_or_else(|| Unavailable::new("[ldap] url is not set"))?;
    let is_ldaps = url.scheme() == "ldaps";
    let host = url.host_str().unwrap_or_default().to_owned();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port().unwrap_or(if is_ldaps { 636 } else { 389 });
    let stream = reach(host, port, ldap.patience()).await?;
    let mut settings = LdapConnSettings::new()
        .set_std_stream(StdStream::Tcp(stream))
        .set_starttls(ldap.starttls && !is_ldaps);
    let address = host.parse::<IpAddr>().ok();
    if is_ldaps || ldap.starttls {
        settings = settings.set_config(tls(ldap.tls_ca.clone(), address).await?);
    }
    if address.is_some_and(|address| address.is_ipv6()) {
        url.set_host(Some(PLACEHOLDER)).map_err(|error| Unavailable::new(error.to_string()))?;
    }
    let opened = LdapConnAsync::from_url_with_settings(settings, &url).await;
    let (connection, handle) =
        opened.map_err(|error| Unavailable::new(of_connection(&error, ldap)))?;
    let driver = tokio::spawn(async move {
        // What fails is the answer that is waited for.
        drop(connection.drive().await);
    });
    Ok(Connection { handle, driver: driver.abort_handle() })
}

/// Connects to the first address of a host that can be reached.
async fn reach(
    host: &str,
    port: u16,
    patience: Duration,
) -> Result<std::net::TcpStream, Unavailable> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<SocketAddr> =
        found.map_err(|_| Unavailable::new(format!("{host} cannot be resolved")))?.collect();
    // One that does not answer leaves time for the others.
    let each = patience / u32::try_from(found.len().max(1)).unwrap_or(1);
    let mut failure = Unavailable::new(format!("{host} has no address"));
    for address in found {
        match timeout(each, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                drop(stream.set_nodelay(true));
                return stream.into_std().map_err(|error| Unavailable::new(error.to_string()));
            }
            Ok(Err(error)) => failure = Unavailable::new(format!("{address}: {error}")),
            Err(_) => failure = Unavailable::new(format!("{address} does not answer")),
        }
    }
    Err(failure)
}

async fn tls(
    ca: Option<PathBuf>,
    address: Option<IpAddr>,
) -> Result<Arc<ClientConfig>, Unavailable> {
    let roots = tokio::task::spawn_blocking(move || authorities(ca.as_deref())).await;
    let roots = roots
        .map_err(|error| Unavailable::new(error.to_string()))?
        .map_err(|why| Unavailable::new(format!("[ldap] tls_ca: {why}")))?;
    if let Some(address) = address.filter(IpAddr::is_ipv6) {
        return for_address(roots, address).map(Arc::new).map_err(Unavailable::new);
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Runs a conversation with the directory in a task of its own, for at most `patience`: the library
/// panics at answers that break the protocol.
pub(super) async fn contained<T: Send + 'static>(
    patience: Duration,
    work: impl Future<Output = Result<T, Unavailable>> + Send + 'static,
) -> Result<T, Unavailable> {
    let task = tokio::spawn(work);
    let guard = AbortOnDrop(task.abort_handle());
    let done = timeout(patience, task).await;
    drop(guard);
    match done {
        Ok(Ok(done)) => done,
        Ok(Err(failed)) => Err(Unavailable::new(unreadable(&failed))),
        Err(_) => {
            Err(Unavailable::new(format!("it did not answer within {} s", patience.as_secs())))
        }
    }
}

fn unreadable(failed: &JoinError) -> &'static str {
    if failed.is_panic() { "its answer breaks the protocol" } else { "the request was cut off" }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
