//! Responses that every dialect makes.

use serde::Serialize;
use warp::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, UPGRADE};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::Response;

use crate::model::Error;

/// A JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).unwrap_or_default();
    with_header(answer(status, text), CONTENT_TYPE, "application/json")
}

/// No body.
pub fn empty(status: StatusCode) -> Response {
    answer(status, String::new())
}

/// The body of a failure in a dialect's words, and the headers that it has in every dialect.
pub fn failure(status: StatusCode, body: &impl Serialize, error: &Error) -> Response {
    let response = json(status, body);
    match error {
        Error::MethodNotAllowed(allow) => with_header(response, ALLOW, allow),
        Error::RateLimited(wait) => with_header(response, RETRY_AFTER, &(wait.as_millis().div_ceil(1000).max(1)).to_string()),
        Error::Unavailable => with_header(response, RETRY_AFTER, "1"),
        Error::UpgradeRequired => with_header(with_header(response, UPGRADE, "websocket"), CONNECTION, "Upgrade"),
        _ => response,
    }
}

/// The same response with one more header; a value that no header can hold is left out.
pub fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
    response
}

fn answer(status: StatusCode, text: String) -> Response {
    let mut response = HttpResponse::new(text.into());
    *response.status_mut() = status;
    response
}
