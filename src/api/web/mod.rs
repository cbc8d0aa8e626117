//! The web UI: the files of `assets/`, embedded, with security headers.

mod minify;

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{self, HeaderName};
use warp::http::{HeaderMap, HeaderValue, Method, Response as HttpResponse, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;

use self::minify::minify;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// No external and no inline content; pictures may be created in the page.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri \
                      'none'; form-action 'self'; frame-ancestors 'none'";
const SAFETY: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Compressed files, cached at the first request.
static COMPRESSED: Mutex<Option<HashMap<String, Bytes>>> = Mutex::new(None);

/// Serves `/` and the files; must be the last filter, since it answers every path.
pub(super) fn filter() -> BoxedFilter<(Response,)> {
    warp::path::full()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .map(|path: FullPath, method, headers| {
            let name = match path.as_str().trim_start_matches('/') {
                "" => "index.html",
                name => name,
            };
            answer(name, &method, &headers)
        })
        .boxed()
}

/// Returns a file of `assets/`.
pub(super) fn answer(name: &str, method: &Method, headers: &HeaderMap) -> Response {
    let response = match Assets::get(name) {
        None => plain(StatusCode::NOT_FOUND, "Not found\n"),
        Some(_) if *method != Method::GET && *method != Method::HEAD => {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
        Some(file) => asset(name, &file.metadata.sha256_hash(), &file.data, headers),
    };
    safe(response, method)
}

/// Serves content generated at run time like a file of this name.
pub(super) fn made(name: &str, data: &[u8], method: &Method, headers: &HeaderMap) -> Response {
    safe(asset(name, &Sha256::digest(data), data, headers), method)
}

/// Returns the names of all files.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = std::borrow::Cow<'static, str>> {
    Assets::iter()
}

/// Adds security headers; removes the body of a response to HEAD.
fn safe(mut response: Response, method: &Method) -> Response {
    for (name, value) in SAFETY {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if *method == Method::HEAD {
        let length = response.headers().get(header::CONTENT_LENGTH).cloned();
        *response.body_mut() = Vec::new().into();
        if let Some(length) = length {
            response.headers_mut().insert(header::CONTENT_LENGTH, length);
        }
    }
    response
}

fn asset(name: &str, hash: &[u8], data: &[u8], headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&hash[..16]));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|t| t.trim().trim_start_matches("W/") == tag));
    let zipped = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accepted| accepted.contains("gzip"))
        && is_text(name);
    let (body, coding) = match (known, zipped) {
        (true, _) => (Bytes::new(), None),
        (false, true) => (compressed(name, &tag, data), Some("gzip")),
        (false, false) => (Bytes::copy_from_slice(data), None),
    };
    let mut response = HttpResponse::new(Response::default().into_body());
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        let length = HeaderValue::from(body.len());
        *response.body_mut() = body.into();
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    }
    let all = response.headers_mut();
    // Revalidated each time; the tag makes that cheap, and an upgrade is seen immediately.
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    all.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        all.insert(header::ETAG, tag);
    }
    if let Some(coding) = coding {
        all.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn compressed(name: &str, tag: &str, data: &[u8]) -> Bytes {
    let mut cache = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = cache.get_or_insert_with(HashMap::new);
    // In development files change: the tag is part of the key.
    let key = format!("{name} {tag}");
    known
        .entry(key)
        .or_insert_with(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing to memory cannot fail.
            let zipped = encoder.write_all(&minify(name, data)).and_then(|()| encoder.finish());
            zipped.unwrap_or_default().into()
        })
        .clone()
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = HttpResponse::new(text.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn is_text(name: &str) -> bool {
    ["html", "js", "css", "json", "svg", "webmanifest"]
        .iter()
        .any(|ending| name.ends_with(&format!(".{ending}")))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webmanifest") => "application/manifest+json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
