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

use super::super::cannot;
use super::Failure;
use crate::config::{self, Config};

/// Region if none is configured; servers other than Amazon's usually accept it.
const REGION: &str = "us-east-1";
/// Time limit of a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Time limit of a request with its response, of which each transfers one part.
const REQUEST: Duration = Duration::from_mins(5);
/// Attempts after a failed request, with growing pauses: about three seconds in all.
const RETRIES: usize = 4;

/// The value of a setting, or else of an environment variable that other programs use for it.
fn setting(configured: Option<&str>, variables: &[&str]) -> Option<String> {
    let of_environment = || variables.iter().find_map(|name| std::env::var(name).ok());
    let given = configured.map(str::to_owned).filter(|text| !text.is_empty());
    given.or_else(of_environment).filter(|text| !text.is_empty())
}

/// A client for a bucket; second: the server in messages.
pub(super) fn connect(config: &Config, bucket: &str) -> Result<(AmazonS3, String), Failure> {
    let s3 = &config.backup_s3;
    let endpoint = setting(s3.endpoint.as_deref(), &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
    if let Some(why) = endpoint.as_deref().and_then(config::check::wrong_endpoint) {
        return Err(Failure::usage(format!("the endpoint of the S3 server {why}")));
    }
    let region = setting(s3.region.as_deref(), &["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let region = region.unwrap_or_else(|| REGION.to_owned());
    let key = setting(s3.access_key_id.as_deref(), &["AWS_ACCESS_KEY_ID"]);
    let secret = s3.secret_access_key.as_ref().map(|secret| secret.0.as_str());
    let secret = setting(secret, &["AWS_SECRET_ACCESS_KEY"]);
    let (Some(key), Some(secret)) = (key, secret) else {
        return Err(Failure::usage(
            "the keys of the S3 server are not known: set access_key_id and secret_access_key in \
             [backup.s3], or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
        ));
    };
    let is_plain = endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    let roots = if is_plain { RootCertStore::empty() } else { roots(s3.tls_ca.as_deref())? };
    let client = client(roots)
        .map_err(|error| Failure::failed(format!("cannot start a client for S3: {error}")))?;
    // Amazon wants the bucket in the host name, where its certificate does not cover dots.
    let in_host = endpoint.is_none() && !bucket.contains('.');
    let server = endpoint.clone().unwrap_or_else(|| format!("Amazon S3 in {region}"));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region)
        .with_access_key_id(key)
        .with_secret_access_key(secret)
        .with_virtual_hosted_style_request(in_host)
        .with_allow_http(is_plain)
        // Not every server has it.
        .with_disable_bulk_delete(true)
        .with_retry(retries())
        .with_http_connector(Prepared(client));
    // A session token belongs to the keys of the environment.
    if s3.access_key_id.is_none()
        && let Some(token) = setting(None, &["AWS_SESSION_TOKEN"])
    {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    let store = builder
        .build()
        .map_err(|error| Failure::usage(format!("the S3 server cannot be used: {error}")))?;
    Ok((store, server))
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(3),
            base: 2.0,
        },
        max_retries: RETRIES,
        retry_timeout: REQUEST,
    }
}

/// The certificates that are trusted: those of the system, and those in a file.
fn roots(more: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(path) = more else { return Ok(roots) };
    let pem = std::fs::read(path).map_err(cannot("read", path))?;
    let wrong =
        |why: String| Failure::usage(format!("[backup.s3] tls_ca: {}: {why}", path.display()));
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        added += 1;
    }
    if added == 0 {
        return Err(wrong("it contains no certificate".to_owned()));
    }
    Ok(roots)
}

fn client(roots: RootCertStore) -> Result<reqwest::Client, Box<dyn std::error::Error>> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(REQUEST)
        .user_agent(concat!("chatctl/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

/// Hands over a client that is ready.
#[derive(Debug)]
struct Prepared(reqwest::Client);

impl HttpConnector for Prepared {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
