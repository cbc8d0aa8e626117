//! Answers that every dialect gives in the same way.

use serde::Serialize;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use warp::http::{HeaderValue, Response as HttpResponse, StatusCode};
use warp::reply::Response;

/// A JSON body; private, so never kept by anybody on the way.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let mut response = HttpResponse::new(body.into());
            *response.status_mut() = status;
            private(&mut response);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// No body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = HttpResponse::new(Vec::new().into());
    *response.status_mut() = status;
    private(&mut response);
    response
}

fn private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
