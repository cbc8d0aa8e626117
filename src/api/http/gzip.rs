//! Compression of JSON answers, for clients that accept it.
//!
//! The size of a compressed answer depends on whether its parts resemble each other. Who can put
//! text into an answer and see its encrypted size could guess a secret in it, piece by piece
//! (BREACH, <https://breachattack.com>). Therefore:
//! - answers to requests other than GET, and small ones, stay as they are: no other answer contains
//!   a credential;
//! - so do answers to requests that another site made a browser send, as often as it likes;
//! - a compressed answer is longer by a random number of bytes.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use warp::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, VARY,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::reply::Response;

/// Smaller answers fit into one packet anyway.
const LEAST_BYTES: u64 = 1024;
/// Larger answers are compressed on another thread, so that no other request waits for them.
const MOST_BYTES_AT_ONCE: usize = 32 * 1024;
/// Of a list of 510 rooms (502 kB), level 3 leaves 15 kB in 1.4 ms, level 1 leaves 28 kB in 0.3 ms,
/// and level 9 leaves 13 kB in 3.9 ms.
const LEVEL: u32 = 3;
/// Maximum number of random bytes.
const PADDING: usize = 100;
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the client of a request accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Accepted {
    /// The answer stays as it is, whatever the client accepts.
    Never,
    /// The client does not accept gzip.
    Plain,
    /// The client accepts gzip.
    Gzip,
}

impl Accepted {
    /// Reads a request.
    pub(in crate::api) fn of(method: &Method, headers: &HeaderMap) -> Self {
        // A browser says which site made it send a request; other clients send what they want.
        let ours = headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin");
        match (*method == Method::GET && ours, accepts_gzip(headers)) {
            (false, _) => Self::Never,
            (true, false) => Self::Plain,
            (true, true) => Self::Gzip,
        }
    }
}

/// Returns whether a client accepts gzip (RFC 9110, 12.5.3).
pub(in crate::api) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let codings = all.flat_map(|line| line.split(',')).map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused =
            weight.trim().to_ascii_lowercase().strip_prefix("q=").is_some_and(|weight| {
                weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
            });
        (name.trim().to_ascii_lowercase(), !refused)
    });
    let (mut named, mut any) = (None, false);
    for (name, accepted) in codings {
        match &*name {
            "gzip" | "x-gzip" => named = Some(accepted),
            "*" => any = accepted,
            _ => (),
        }
    }
    named.unwrap_or(any)
}

/// Compresses an answer in JSON, if that is worth it.
pub(in crate::api) async fn answer(accepted: Accepted, response: Response) -> Response {
    if accepted == Accepted::Never || !is_worth_it(&response) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    if accepted == Accepted::Plain {
        return Response::from_parts(head, body);
    }
    // The body is in memory.
    let Ok(plain) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        tracing::error!("An answer could not be read.");
        head.status = StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(head, Bytes::new().into());
    };
    let zipped = if plain.len() > MOST_BYTES_AT_ONCE {
        let all = plain.clone();
        tokio::task::spawn_blocking(move || compressed(&all)).await.ok().flatten()
    } else {
        compressed(&plain)
    };
    let body = match zipped {
        Some(zipped) => {
            head.headers.remove(CONTENT_LENGTH);
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            zipped
        }
        None => plain,
    };
    Response::from_parts(head, body.into())
}

/// Returns whether a response is JSON in memory, complete, and large. One with an entity tag has
/// been compressed where its tag is made.
fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    response.status() == StatusCode::OK
        && headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json")
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(ETAG)
        && response.body().size_hint().exact().is_some_and(|size| size >= LEAST_BYTES)
}

/// Returns the bytes in gzip, with padding; None: without random numbers.
fn compressed(plain: &[u8]) -> Option<Bytes> {
    let mut random = [0; PADDING + 1];
    getrandom::fill(&mut random).ok()?;
    let (length, padding) = random.split_first()?;
    let length = usize::from(*length) % (PADDING + 1);
    // The name of the file is padding that every client skips; it must not contain zeros.
    let name: Vec<u8> = padding[..length].iter().map(|byte| byte | 1).collect();
    let zipped = Vec::with_capacity(plain.len() / 4);
    let mut encoder = GzBuilder::new().filename(name).write(zipped, Compression::new(LEVEL));
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use serde_json::json;

    use super::*;
    use crate::api::respond;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn gzip_is_accepted_when_it_is_named_and_not_refused() {
        for (value, wanted) in [
            ("gzip", true),
            ("deflate, gzip;q=0.5, br", true),
            ("GZIP", true),
            ("br;q=1, *;q=0.1", true),
            ("", false),
            ("br, deflate", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, br", false),
            ("gzip;Q=0", false),
            ("*, gzip;q=0", false),
            ("gzipped", false),
            ("identity", false),
        ] {
            assert_eq!(accepts_gzip(&headers(&[("accept-encoding", value)])), wanted, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn answers_that_others_could_measure_stay_as_they_are() {
        let of = |method: &Method, site: Option<&'static str>| {
            let mut all = headers(&[("accept-encoding", "gzip")]);
            if let Some(site) = site {
                all.insert(SEC_FETCH_SITE, HeaderValue::from_static(site));
            }
            Accepted::of(method, &all)
        };
        assert_eq!(of(&Method::GET, None), Accepted::Gzip);
        assert_eq!(of(&Method::GET, Some("same-origin")), Accepted::Gzip);
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(of(&Method::GET, Some(site)), Accepted::Never, "{site}");
        }
        assert_eq!(of(&Method::POST, None), Accepted::Never);
        assert_eq!(Accepted::of(&Method::GET, &HeaderMap::new()), Accepted::Plain);
    }

    async fn body(response: Response) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn large_json_is_compressed_and_nothing_else() {
        let large = json!({"texts": vec!["hello"; 10_000]});
        let plain = respond::json(StatusCode::OK, &large);
        let answered = answer(Accepted::Gzip, plain).await;
        assert_eq!(answered.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(answered.headers()[VARY], "Accept-Encoding");
        let zipped = body(answered).await;
        assert!(zipped.len() < 2000, "{}", zipped.len());
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&zipped[..]).read_to_end(&mut read).unwrap();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&read).unwrap(), large);

        let answered = answer(Accepted::Plain, respond::json(StatusCode::OK, &large)).await;
        assert_eq!(answered.headers()[VARY], "Accept-Encoding");
        assert!(!answered.headers().contains_key(CONTENT_ENCODING));
        let small = json!({"text": "hello"});
        let mut text = respond::json(StatusCode::OK, &large);
        text.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        for (accepted, response) in [
            (Accepted::Gzip, respond::json(StatusCode::OK, &small)),
            (Accepted::Gzip, respond::json(StatusCode::NOT_FOUND, &large)),
            (Accepted::Gzip, text),
            (Accepted::Never, respond::json(StatusCode::OK, &large)),
        ] {
            let answered = answer(accepted, response).await;
            assert!(!answered.headers().contains_key(CONTENT_ENCODING));
            assert!(!answered.headers().contains_key(VARY));
            assert!(!body(answered).await.is_empty());
        }
    }

    #[test]
    fn the_same_answer_has_different_sizes() {
        let plain = vec![b'x'; 4096];
        let sizes: std::collections::BTreeSet<_> =
            (0..50).map(|_| compressed(&plain).unwrap().len()).collect();
        assert!(sizes.len() > 10, "{sizes:?}");
        assert!(sizes.last().unwrap() - sizes.first().unwrap() <= PADDING + 1, "{sizes:?}");
    }
}
