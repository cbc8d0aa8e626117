//! Uploads and downloads: streamed bodies, ranges, and headers that prevent files from being active
//! in a browser.

mod whole;

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use warp::Reply;
use warp::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::reply::Response;

use whole::Whole;

use super::respond::{empty, with_header};
use crate::chat::{Download, FileStream};
use crate::model::{FileKind, Media, Result, Shown};

/// Characters that must be encoded in a parameter of `Content-Disposition` (RFC 8187).
const NOT_IN_NAMES: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b',')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'{')
    .add(b'}');
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Returns the file or the requested range, or 304 if the client has it already. HEAD is answered
/// without the file.
pub async fn answer(download: Download, method: &Method, headers: &HeaderMap) -> Result<Response> {
    let (media, size) = (&download.media, download.media.size);
    let tag = format!("\"{}\"", download.tag());
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let known = text(IF_NONE_MATCH).is_some_and(|tags| {
        tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)
    });
    if known {
        return Ok(with_tag(empty(StatusCode::NOT_MODIFIED), &tag));
    }
    // A range of another version would be combined with the wrong file.
    let whole = text(IF_RANGE).is_some_and(|version| version != tag);
    let wanted =
        text(RANGE).filter(|_| !whole).map_or(Wanted::All, |range| Wanted::parse(range, size));
    let (status, from, length) = match wanted {
        Wanted::All => (StatusCode::OK, 0, size),
        Wanted::Part { from, to } => (StatusCode::PARTIAL_CONTENT, from, to - from + 1),
        Wanted::Outside => {
            let response = with_header(
                empty(StatusCode::RANGE_NOT_SATISFIABLE),
                CONTENT_RANGE,
                &format!("bytes */{size}"),
            );
            return Ok(with_header(response, ACCEPT_RANGES, "bytes"));
        }
    };
    let mut response = if *method == Method::HEAD {
        empty(status)
    } else {
        let bytes = Shared(Mutex::new(download.read(from..from + length).await?));
        if length == size && download.is_named_by_content() {
            warp::reply::stream(Whole::new(bytes, media.name.clone())).into_response()
        } else {
            warp::reply::stream(bytes).into_response()
        }
    };
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    if status == StatusCode::PARTIAL_CONTENT {
        response = with_header(
            response,
            CONTENT_RANGE,
            &format!("bytes {from}-{}/{size}", from + length - 1),
        );
    }
    Ok(with_tag(as_file(response, &download.media, &download.kind), &tag))
}

/// Adds the headers that give the file's type and name, and prevent browsers from running it.
fn as_file(mut response: Response, media: &Media, kind: &FileKind) -> Response {
    let all = response.headers_mut();
    all.insert(CONTENT_TYPE, HeaderValue::from_static(kind.mime));
    all.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    all.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    );
    all.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    all.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let how = if kind.shown == Shown::Downloaded { "attachment" } else { "inline" };
    let name = media
        .file_name
        .clone()
        .unwrap_or_else(|| format!("{}.{}", &media.name[..16.min(media.name.len())], kind.ending));
    let name = utf8_percent_encode(&name, NOT_IN_NAMES);
    with_header(response, CONTENT_DISPOSITION, &format!("{how}; filename*=UTF-8''{name}"))
}

/// Cached by browsers only, and revalidated each time, so that users who have lost access do not
/// get the file.
fn with_tag(mut response: Response, tag: &str) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    with_header(response, ETAG, tag)
}

/// Wrapped in a Mutex only to make it `Sync`.
struct Shared(Mutex<FileStream>);

impl Stream for Shared {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let bytes = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        bytes.as_mut().poll_next(context)
    }
}

/// The requested part of a file.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// Both ends are inclusive.
    Part {
        from: u64,
        to: u64,
    },
    Outside,
}

impl Wanted {
    /// Parses a single byte range; for several ranges, other units and invalid values the complete
    /// file is sent (allowed by RFC 9110).
    fn parse(range: &str, size: u64) -> Self {
        let Some((from, to)) =
            range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
        else {
            return Self::All;
        };
        let number = |text: &str| text.parse::<u64>();
        let (from, to) = match (number(from), number(to)) {
            (Ok(from), Ok(to)) if from <= to => (from, to.min(size.saturating_sub(1))),
            (Ok(from), Err(_)) if to.is_empty() => (from, size.saturating_sub(1)),
            (Err(_), Ok(last)) if from.is_empty() && last > 0 => {
                (size.saturating_sub(last), size.saturating_sub(1))
            }
            (Err(_), Ok(0)) if from.is_empty() => return Self::Outside,
            _ => return Self::All,
        };
        if from >= size { Self::Outside } else { Self::Part { from, to } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |from, to| Wanted::Part { from, to };
        for (text, wanted) in [
            ("bytes=0-9", part(0, 9)),
            ("bytes=0-0", part(0, 0)),
            ("bytes=90-", part(90, 99)),
            ("bytes=90-1000", part(90, 99)),
            ("bytes=-10", part(90, 99)),
            ("bytes=-1000", part(0, 99)),
            ("bytes=100-", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            ("bytes=9-0", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=-", Wanted::All),
            ("items=0-9", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(Wanted::parse(text, 100), wanted, "{text}");
        }
        assert_eq!(Wanted::parse("bytes=0-", 0), Wanted::Outside);
    }
}
