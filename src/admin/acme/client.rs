//! The HTTP client for the API of a CA.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use reqwest::redirect::Policy;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::admin::certificate::{self, Unusable};
use crate::config::Server;

const CONNECT_TIME: Duration = Duration::from_secs(10);
const ANSWER_TIME: Duration = Duration::from_mins(1);
/// Larger answers are refused; chains and directories have a few KiB.
const ANSWER_BYTES: usize = 1024 * 1024;
const AGENT: &str = concat!("chatctl/", env!("CARGO_PKG_VERSION"));

/// The pause that a CA has asked for with its last refusal.
#[derive(Clone, Debug, Default)]
pub(super) struct Pause(Arc<Mutex<Option<Duration>>>);

impl Pause {
    /// Returns it once.
    pub(super) fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, pause: Option<Duration>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pause;
    }
}

/// Sends the requests of an ACME client.
pub(super) struct Client {
    http: reqwest::Client,
    pause: Pause,
}

impl Client {
    /// Trusts the CAs of `acme_ca`, or those of the system. Blocks.
    pub(super) fn new(server: &Server, pause: Pause) -> Result<Self, String> {
        let roots = roots(server)?;
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIME)
            .timeout(ANSWER_TIME)
            .build()
            .map_err(|error| reasons(&error))?;
        Ok(Self { http, pause })
    }
}

/// Longest pause that a CA may ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(7 * 24);
/// Longest pause between two looks at an order.
const LONGEST_POLL: Duration = Duration::from_mins(1);

/// Returns why `acme_ca` cannot be used. Blocks.
pub fn check(server: &Server) -> Result<(), Unusable> {
    match &server.acme_ca {
        Some(file) if server.has_acme() => certificate::chain(file).map(drop),
        _ => Ok(()),
    }
}

fn roots(server: &Server) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let trusted = match &server.acme_ca {
        Some(file) => certificate::chain(file).map_err(|unusable| unusable.to_string())?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(trusted);
    match &server.acme_ca {
        _ if added > 0 => Ok(roots),
        Some(file) => Err(format!("cannot use {}: its certificate is damaged", file.display())),
        None => Err("this machine trusts no CA, so that the CA's server cannot be verified; \
                     install the package ca-certificates"
            .to_owned()),
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: http::Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (client, pause) = (self.http.clone(), self.pause.clone());
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let own = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
            let agent = format!("{AGENT} {}", own.unwrap_or_default());
            parts.headers.insert(USER_AGENT, agent.parse().map_err(failed)?);
            let body = body.collect().await.map_err(failed)?.to_bytes();
            let url = parts.uri.to_string();
            let asked = client.request(parts.method, &url).headers(parts.headers).body(body);
            let mut answer = asked.send().await.map_err(|error| unreached(reasons(&error)))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            pause.set(wanted_pause(&headers).filter(|_| !status.is_success()));
            let is_json = headers
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().windows(4).any(|part| part == b"json"));
            if !status.is_success() && !is_json {
                return Err(unreached(format!("{url} answers with {status}")));
            }
            let mut content = Vec::new();
            while let Some(chunk) =
                answer.chunk().await.map_err(|error| unreached(reasons(&error)))?
            {
                content.extend_from_slice(&chunk);
                if content.len() > ANSWER_BYTES {
                    return Err(failed(format!("{url} sends too long an answer")));
                }
            }
            let mut answered = http::Response::new(Full::new(Bytes::from(content)));
            *answered.status_mut() = status;
            *answered.headers_mut() = headers;
            if wanted_pause(answered.headers()).is_some_and(|pause| pause > LONGEST_POLL) {
                // The library would wait for so long, and cannot add every number to a time.
                answered.headers_mut().remove(RETRY_AFTER);
            }
            Ok(BytesResponse::from(answered))
        })
    }
}

/// The header `Retry-After`, in seconds or as a date.
fn wanted_pause(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wanted = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok()?,
    };
    Some(wanted.min(LONGEST_PAUSE))
}

/// The CA cannot be reached, or something else answers in its place.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreached(String);

/// Whether the CA could not be reached.
pub(super) fn is_unreached(error: &Error) -> bool {
    matches!(error, Error::Other(inner) if inner.is::<Unreached>())
}

fn unreached(why: String) -> Error {
    Error::Other(Box::new(Unreached(why)))
}

fn failed(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Other(why.into())
}

/// An error with its causes, since those of an HTTP client say little without.
fn reasons(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
