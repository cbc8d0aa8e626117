//! Responses common to all dialects.

use bytes::Bytes;
use serde::Serialize;
use warp::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
    X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderValue, Response as HttpResponse, StatusCode};
use warp::reply::Response;

use crate::model::{Error, Result};

/// A JSON response; private, so it must not be cached.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match encode(value) {
        Ok(body) => encoded(status, body),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Encodes the body of a JSON response.
pub fn encode(value: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| {
        tracing::error!(%error, "a response could not be serialized");
        Error::Internal
    })
}

/// A JSON response with this body; private, so it must not be cached.
pub fn encoded(status: StatusCode, body: Bytes) -> Response {
    let mut response = HttpResponse::new(body.into());
    *response.status_mut() = status;
    private(&mut response);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = HttpResponse::new(Vec::new().into());
    *response.status_mut() = status;
    private(&mut response);
    response
}

/// A failure with a body in the dialect's format, and the headers common to all dialects.
pub fn failure(status: StatusCode, body: &impl Serialize, error: &Error) -> Response {
    explained(json(status, body), error)
}

/// A failure whose body is one word of plain text, with the headers common to all dialects.
pub fn plain_failure(status: StatusCode, word: &'static str, error: &Error) -> Response {
    explained(plain(status, word), error)
}

/// A response whose body is this plain text; private, so it must not be cached.
pub fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = HttpResponse::new(text.into());
    *response.status_mut() = status;
    private(&mut response);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Adds the headers that tell a client what to do about an error.
fn explained(response: Response, error: &Error) -> Response {
    match error {
        Error::MethodNotAllowed(allow) => with_header(response, ALLOW, allow),
        Error::RateLimited(wait) => with_header(
            response,
            RETRY_AFTER,
            &(wait.as_millis().div_ceil(1000).max(1)).to_string(),
        ),
        Error::Unavailable => with_header(response, RETRY_AFTER, "1"),
        Error::UpgradeRequired => {
            with_header(with_header(response, UPGRADE, "websocket"), SEC_WEBSOCKET_VERSION, "13")
        }
        _ => response,
    }
}

/// Adds a header to a response; an invalid value is omitted.
pub fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
    response
}

fn private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
