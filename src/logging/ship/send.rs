//! One request to an OTLP/HTTP receiver, and what its answer means.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use reqwest::{Client, Response, Url};

use crate::config::{self, Config};
use crate::egress::Egress;

/// How long a request may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Path of an endpoint that has none.
const PATH: &str = "/v1/logs";
/// Maximum size of an answer that is read, in bytes.
const LARGEST_ANSWER: usize = 64 << 10;
/// Maximum length of a receiver's explanation, in characters.
const LONGEST_REASON: usize = 200;

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was accepted, but for some records.
    Accepted {
        /// Records that the receiver rejected.
        rejected: u64,
        /// Its explanation, which may be a warning without a rejected record.
        why: Option<String>,
    },
    /// It was refused for good.
    Refused(String),
    /// It may be accepted later.
    Later {
        /// What failed.
        why: String,
        /// Time to wait, if the receiver names one.
        after: Option<Duration>,
    },
}

/// A client for one configuration.
pub(super) struct Sender {
    url: Url,
    headers: HeaderMap,
    client: Client,
    /// What it was made for.
    made_for: (config::Ship, config::Egress),
}

impl Sender {
    /// Resolves the endpoint and reads the certificate authorities.
    pub(super) async fn new(config: &Config, endpoint: &str) -> Result<Self, String> {
        let url = url(endpoint)?;
        let ca: Option<PathBuf> = config.log_ship.tls_ca.clone();
        let client = Egress::of(&config.egress).client_trusting(&url, ca).await?;
        let mut headers = HeaderMap::new();
        for header in &config.log_ship.headers {
            let (name, value) = parsed(&header.0).ok_or("a header cannot be used")?;
            headers.append(name, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let made_for = (config.log_ship.clone(), config.egress.clone());
        Ok(Self { url, headers, client, made_for })
    }

    /// Whether it was made for this configuration.
    pub(super) fn fits(&self, config: &Config) -> bool {
        self.made_for.0 == config.log_ship && self.made_for.1 == config.egress
    }

    /// Sends a request once.
    pub(super) async fn send(&self, body: Bytes) -> Outcome {
        let request = self.client.post(self.url.clone()).headers(self.headers.clone());
        match request.timeout(PATIENCE).body(body).send().await {
            Ok(answer) => understood(answer).await,
            // The address may contain a secret.
            Err(error) => {
                let why = if error.is_timeout() {
                    format!("it did not answer within {} s", PATIENCE.as_secs())
                } else {
                    crate::egress::chain(&error.without_url())
                };
                Outcome::Later { why, after: None }
            }
        }
    }
}

fn url(endpoint: &str) -> Result<Url, String> {
    let mut url = Url::parse(endpoint).map_err(|error| error.to_string())?;
    if url.path() == "/" {
        url.set_path(PATH);
    }
    Ok(url)
}

/// Parses a header as it is configured, `NAME: VALUE`.
fn parsed(header: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = config::check::header(header)?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name.parse().ok()?, value))
}

async fn understood(answer: Response) -> Outcome {
    let status = answer.status();
    if status.is_success() {
        return accepted(&read(answer).await);
    }
    let why = format!("it answered {status}");
    let is_temporary = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    if is_temporary {
        let after = retry_after(answer.headers(), SystemTime::now());
        return Outcome::Later { why, after };
    }
    Outcome::Refused(why)
}

/// The begin of an answer; what cannot be read is not needed.
async fn read(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Vec::new();
        }
    }
    body
}

fn accepted(body: &[u8]) -> Outcome {
    // Another form, such as JSON, is no reason to doubt the status.
    let partial = ExportLogsServiceResponse::decode(body).ok().and_then(|all| all.partial_success);
    let (rejected, why) = partial.map_or((0, String::new()), |partial| {
        let rejected = u64::try_from(partial.rejected_log_records).unwrap_or(0);
        (rejected, partial.error_message.chars().take(LONGEST_REASON).collect())
    });
    Outcome::Accepted { rejected, why: Some(why).filter(|why| !why.is_empty()) }
}

/// The time of `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| httpdate::parse_http_date(text).ok()?.duration_since(now).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_a_path_gets_that_of_logs() {
        for (endpoint, sent_to) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/logs"),
            ("https://otlp.example/", "https://otlp.example/v1/logs"),
            ("https://otlp.example/?tenant=a", "https://otlp.example/v1/logs?tenant=a"),
            ("https://otlp.example/otlp/v1/logs", "https://otlp.example/otlp/v1/logs"),
        ] {
            assert_eq!(url(endpoint).unwrap().as_str(), sent_to);
        }
    }

    #[test]
    fn the_time_to_wait_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, wait) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", None),
            ("soon", None),
            ("-1", None),
        ] {
            let value = HeaderValue::from_static(text);
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
            assert_eq!(retry_after(&headers, now), wait.map(Duration::from_secs), "{text}");
        }
    }
}
