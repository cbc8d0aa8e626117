//! Plain HTTP addresses that redirect to `https`.

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{HOST, LOCATION};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::accept::Certificate;
use super::door::Refusal;
use super::respond;
use crate::api::Dialect;
use crate::api::chatrooms::Chatrooms;

/// The port of `https` that URLs omit.
const HTTPS_PORT: u16 = 443;

/// Where requests are redirected to.
#[derive(Clone)]
pub struct Target {
    /// `public_url`, which is used for all requests if it begins with `https`.
    pub public_url: Option<String>,
    /// The certificates; without `public_url`, only host names that they cover are redirected to.
    pub certificate: Certificate,
    /// Port of the `https` listener.
    pub port: u16,
}

/// Redirects all requests, of any method, to the same path on `https`.
pub(in crate::api) fn filter(target: Target) -> BoxedFilter<(Response,)> {
    let query = warp::query::raw()
        .map(Some)
        .or_else(|_| std::future::ready(Ok::<_, std::convert::Infallible>((None,))));
    warp::ext::optional::<Refusal>()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .map(move |refusal, path: warp::path::FullPath, query: Option<String>, headers| {
            if let Some(Refusal(error)) = refusal {
                return Chatrooms::error(&error);
            }
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let covers = |name: &str| target.certificate.covers(name);
            let public_url = target.public_url.as_deref();
            match host(public_url, &headers, target.port, covers) {
                Some(host) => {
                    let location = format!("https://{host}{}{query}", path.as_str());
                    let response = respond::empty(StatusCode::PERMANENT_REDIRECT);
                    respond::with_header(response, LOCATION, &location)
                }
                None => respond::empty(StatusCode::MISDIRECTED_REQUEST),
            }
        })
        .boxed()
}

/// Host, port and path to redirect to. A host that is not ours is never redirected to: a cache could keep
/// the answer for others.
fn host(
    public_url: Option<&str>,
    headers: &HeaderMap,
    port: u16,
    covers: impl Fn(&str) -> bool,
) -> Option<String> {
    if let Some(rest) = public_url.and_then(|url| url.strip_prefix("https://")) {
        // The path of the public URL has been removed from the request.
        return Some(rest.trim_end_matches('/').to_owned());
    }
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // A wildcard certificate covers any first label, also `evil/`.
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    (is_name && covers(name))
        .then(|| if port == HTTPS_PORT { name.to_owned() } else { format!("{name}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_redirected_to() {
        let covers = |name: &str| name == "chat.example" || name.ends_with(".wild.example");
        let table = [
            (None, "chat.example", 443, Some("chat.example")),
            (None, "chat.example:80", 8443, Some("chat.example:8443")),
            (None, "a.wild.example", 443, Some("a.wild.example")),
            (None, "evil.example", 443, None),
            (None, "evil/.wild.example", 443, None),
            (None, "evil@a.wild.example", 443, None),
            (None, "127.0.0.1", 443, None),
            (None, "[::1]:80", 443, None),
            (Some("https://chat.example:8443/"), "evil.example", 443, Some("chat.example:8443")),
            (Some("https://chat.example/path"), "", 443, Some("chat.example/path")),
            (Some("http://chat.example"), "evil.example", 443, None),
        ];
        for (url, given, port, wanted) in table {
            let headers = [(HOST, given.parse().unwrap())].into_iter().collect();
            let found = host(url, &headers, port, covers);
            assert_eq!(found.as_deref(), wanted, "{url:?} {given}");
        }
        assert_eq!(host(None, &HeaderMap::new(), 443, covers), None);
    }
}
