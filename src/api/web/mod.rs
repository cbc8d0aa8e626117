//! The web UI: the files of `assets/`, embedded, with security headers; joined and, under addresses
//! that change with them, cached for ever (`build/join/`).

mod manifest;
mod minify;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

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
use super::gzip::accepts_gzip;
use crate::chat::Chat;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The joined files: `VERSION`, which changes with every change in `assets/`, and `FILES`, by their
/// names, plain and in gzip, with the service worker and the page as the last ones.
mod joined {
    include!(concat!(env!("OUT_DIR"), "/joined.rs"));
}

/// Precedes the version in the addresses of the joined files.
pub(super) const JOINED: &str = "assets/";
const PAGE: &str = "index.html";
/// The joined files that are not below the version, because their addresses must not change.
const FIXED: [&str; 2] = [PAGE, "sw.js"];

/// Whether the page names the joined files. Builds without optimisation show the files of
/// `assets/` as they are in the folder, so that a reload shows each change, unless the environment
/// says otherwise.
static SHOWS_JOINED: LazyLock<bool> = LazyLock::new(|| {
    !cfg!(debug_assertions) || std::env::var_os("CHATCTL_UI").is_some_and(|ui| ui == "joined")
});

/// The version in the addresses of the joined files. Tests can set another one, as if the files had
/// changed.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let other = std::env::var("CHATCTL_UI_VERSION").ok().filter(|_| cfg!(debug_assertions));
    other.unwrap_or_else(|| joined::VERSION.to_owned())
});

/// No external and no inline content; pictures may be created in the page.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri \
                      'none'; form-action 'self'; frame-ancestors 'none'";
const SAFETY: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Compressed files that are not joined, cached at the first request.
static COMPRESSED: Mutex<Option<HashMap<String, Bytes>>> = Mutex::new(None);

/// Serves `/` and the files; must be the last filter, since it answers every path.
pub(super) fn filter(chat: &Chat) -> BoxedFilter<(Response,)> {
    let chat = chat.clone();
    warp::path::full()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .then(move |path: FullPath, method: Method, headers: HeaderMap| {
            let chat = chat.clone();
            async move {
                let name = match path.as_str().trim_start_matches('/') {
                    "" => PAGE,
                    name => name,
                };
                if name == manifest::NAME
                    && [Method::GET, Method::HEAD].contains(&method)
                    && let Some(original) = Assets::get(name)
                    && let Some(own) = manifest::of(&chat.look().await, &original.data)
                {
                    return made(name, &own, &method, &headers);
                }
                answer(name, &method, &headers)
            }
        })
        .boxed()
}

/// Returns a file of `assets/`, or a joined one.
pub(super) fn answer(name: &str, method: &Method, headers: &HeaderMap) -> Response {
    let response = match find(name) {
        None => plain(StatusCode::NOT_FOUND, "Not found\n"),
        Some(_) if *method != Method::GET && *method != Method::HEAD => {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
        Some(file) => asset(&file, headers),
    };
    safe(response, method)
}

/// A file to be served.
struct File<'a> {
    name: &'a str,
    data: Cow<'static, [u8]>,
    /// Differs for each content at the same address.
    tag: String,
    /// Whether its address never has another content.
    is_final: bool,
}

/// Finds a file by its address.
fn find(address: &str) -> Option<File<'_>> {
    if let Some((version, name)) =
        address.strip_prefix(JOINED).and_then(|rest| rest.split_once('/'))
    {
        // The addresses in the page are relative to another one.
        let name = Some(name).filter(|name| !FIXED.contains(name))?;
        let data = joined(name).map(Cow::Borrowed);
        let data = data.or_else(|| Assets::get(name).map(|file| file.data))?;
        // A page of another version still finds what it loads later.
        let is_final = version == *VERSION;
        return Some(File { name, data, tag: VERSION.clone(), is_final });
    }
    let fixed = joined(address).filter(|_| FIXED.contains(&address) && *SHOWS_JOINED);
    if let Some(data) = fixed {
        let data = with_version(data);
        let tag = tag(&Sha256::digest(&data));
        return Some(File { name: address, data, tag, is_final: false });
    }
    let file = Assets::get(address)?;
    let tag = tag(&file.metadata.sha256_hash());
    Some(File { name: address, data: file.data, tag, is_final: false })
}

/// Returns a joined file.
fn joined(name: &str) -> Option<&'static [u8]> {
    joined::FILES.iter().find(|(joined, ..)| *joined == name).map(|(_, data, _)| *data)
}

/// Returns a joined file as the build compressed it, unless it is served with another version.
fn joined_compressed(file: &File<'_>) -> Option<&'static [u8]> {
    let (_, data, zipped) = joined::FILES.iter().find(|(joined, ..)| *joined == file.name)?;
    std::ptr::eq(data.as_ptr(), file.data.as_ptr()).then_some(*zipped)
}

/// Returns the page or the service worker with the version in use.
fn with_version(data: &'static [u8]) -> Cow<'static, [u8]> {
    if *VERSION == joined::VERSION {
        return Cow::Borrowed(data);
    }
    Cow::Owned(String::from_utf8_lossy(data).replace(joined::VERSION, &VERSION).into_bytes())
}

fn tag(hash: &[u8]) -> String {
    hex::encode(&hash[..16])
}

/// Serves content generated at run time like a file of this name.
pub(super) fn made(name: &str, data: &[u8], method: &Method, headers: &HeaderMap) -> Response {
    let (tag, data) = (tag(&Sha256::digest(data)), Cow::Owned(data.to_vec()));
    safe(asset(&File { name, data, tag, is_final: false }, headers), method)
}

/// Returns the names of all files.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = Cow<'static, str>> {
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

fn asset(file: &File<'_>, headers: &HeaderMap) -> Response {
    let coding = (accepts_gzip(headers) && is_text(file.name)).then_some("gzip");
    // Each coding is another content (RFC 9110, 8.8.3.3).
    let tag = match coding {
        Some(coding) => format!("\"{}-{coding}\"", file.tag),
        None => format!("\"{}\"", file.tag),
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|t| t.trim().trim_start_matches("W/") == tag));
    let mut response = HttpResponse::new(Response::default().into_body());
    let all = response.headers_mut();
    let caching = if file.is_final {
        "public, max-age=31536000, immutable"
    } else {
        // Revalidated each time; the tag makes that cheap, and an upgrade is seen immediately.
        "no-cache"
    };
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    all.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        all.insert(header::ETAG, tag);
    }
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(file.name)));
    let body = match coding {
        Some(coding) => {
            all.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            compressed(file)
        }
        None => Bytes::copy_from_slice(&file.data),
    };
    all.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = body.into();
    response
}

fn compressed(file: &File<'_>) -> Bytes {
    if let Some(zipped) = joined_compressed(file) {
        return Bytes::from_static(zipped);
    }
    let mut cache = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = cache.get_or_insert_with(HashMap::new);
    // In development files change: the tag is part of the key.
    let key = format!("{} {}", file.name, file.tag);
    known
        .entry(key)
        .or_insert_with(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing to memory cannot fail.
            let zipped =
                encoder.write_all(&minify(file.name, &file.data)).and_then(|()| encoder.finish());
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

#[cfg(test)]
#[path = "../../../build/join/mod.rs"]
mod join;

#[cfg(test)]
mod tests;
