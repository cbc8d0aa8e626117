//! The client of an S3 server: its address, keys, TLS and time limits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Fault, Kind, Patience, Server};

/// A client for a bucket; second: the server in messages.
pub(super) fn connect(
    server: &Server,
    bucket: &str,
    patience: Patience,
) -> Result<(AmazonS3, String), Fault> {
    let endpoint = server.endpoint.as_deref();
    let is_plain = endpoint.is_some_and(|url| url.starts_with("http://"));
    let roots = if is_plain { RootCertStore::empty() } else { roots(server)? };
    let client = client(roots, patience).map_err(|error| {
        Fault::new(Kind::Failed, format!("cannot start a client for S3: {error}"))
    })?;
    // Amazon wants the bucket in the host name, where its certificate does not cover dots.
    let in_host = endpoint.is_none() && !bucket.contains('.');
    let shown =
        endpoint.map_or_else(|| format!("Amazon S3 in {}", server.region), ToOwned::to_owned);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&server.region)
        .with_access_key_id(&server.access_key_id)
        .with_secret_access_key(&server.secret_access_key)
        .with_virtual_hosted_style_request(in_host)
        .with_allow_http(is_plain)
        // Not every server has it.
        .with_disable_bulk_delete(true)
        .with_retry(retries(patience))
        .with_http_connector(Prepared(client));
    if let Some(token) = &server.session_token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    let store = builder.build().map_err(|error| {
        Fault::new(Kind::Usage, format!("the S3 server cannot be used: {error}"))
    })?;
    Ok((store, shown))
}

fn retries(patience: Patience) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(3),
            base: 2.0,
        },
        max_retries: patience.retries,
        retry_timeout: patience.retrying,
    }
}

/// The certificates that are trusted: those of the system, and those in a file.
fn roots(server: &Server) -> Result<RootCertStore, Fault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(path) = &server.tls_ca else { return Ok(roots) };
    let pem = std::fs::read(path)
        .map_err(|error| Fault::io(&format!("cannot read {}", path.display()), &error))?;
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(server, path, &error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(server, path, &error.to_string()))?;
        added += 1;
    }
    if added == 0 {
        return Err(wrong(server, path, "it contains no certificate"));
    }
    Ok(roots)
}

fn wrong(server: &Server, path: &Path, why: &str) -> Fault {
    Fault::new(Kind::Usage, format!("[{}] tls_ca: {}: {why}", server.section, path.display()))
}

fn client(
    roots: RootCertStore,
    patience: Patience,
) -> Result<reqwest::Client, Box<dyn std::error::Error>> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(patience.connect)
        .user_agent(concat!("chatctl/", env!("CARGO_PKG_VERSION")));
    if let Some(request) = patience.request {
        builder = builder.timeout(request);
    }
    if let Some(silence) = patience.silence {
        builder = builder.read_timeout(silence);
    }
    Ok(builder.build()?)
}

/// Hands over a client that is ready.
#[derive(Debug)]
struct Prepared(reqwest::Client);

impl HttpConnector for Prepared {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
