//! Requests to the provider: within a time limit, to permitted addresses, without proxies and
//! redirects.

use std::path::PathBuf;
use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::config::Config;
use crate::egress::{Egress, chain};

/// Maximum size of an answer.
const LONGEST: usize = 1024 * 1024;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failed(String);

/// Sends requests.
pub(super) struct Web {
    egress: Egress,
    ca: Option<PathBuf>,
}

impl Web {
    pub(super) fn of(config: &Config) -> Self {
        Self { egress: Egress::of(&config.egress), ca: config.oidc.tls_ca.clone() }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let request = reqwest::Request::try_from(request).map_err(|error| failed(&error))?;
        let url = request.url().clone();
        let at = |why: String| Failed(format!("{}: {why}", url.origin().ascii_serialization()));
        let host = url.host_str().unwrap_or_default();
        if let Some(refused) = self.egress.refuses_number(host) {
            return Err(at(refused.to_string()));
        }
        let client = self.egress.client_trusting(&url, self.ca.clone()).await.map_err(at)?;
        let mut response = client.execute(request).await.map_err(|error| failed(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > LONGEST {
                return Err(at("the answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = HttpResponse::new(body);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Web {
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

fn failed(error: &reqwest::Error) -> Failed {
    Failed(chain(error))
}
