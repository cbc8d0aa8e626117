//! Plain HTTP addresses that redirect to `https`.

use std::net::SocketAddr;

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

/// Where a CA asks for the answer to its challenge (RFC 8555, 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

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

/// Redirects all requests, of any method, to the same path on `https`, unless they ask for the
/// answer to a pending challenge.
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
            let token = path.as_str().strip_prefix(CHALLENGES);
            if let Some(text) = token.and_then(|token| target.certificate.challenges().text(token))
            {
                return Response::new(text.into());
            }
            let covers = |name: &str| target.certificate.covers(name);
            let public_url = target.public_url.as_deref();
            let path = path.as_str();
            match location(public_url, &headers, target.port, covers, path) {
                Some(location) => {
                    let location = format!("{location}{query}");
                    let response = respond::empty(StatusCode::PERMANENT_REDIRECT);
                    respond::with_header(response, LOCATION, &location)
                }
                None => respond::empty(StatusCode::MISDIRECTED_REQUEST),
            }
        })
        .boxed()
}

/// The port that clients most likely reach, of the addresses for `https`: the usual one, otherwise
/// one that not only this machine reaches.
pub fn best_port(addresses: impl IntoIterator<Item = SocketAddr>) -> Option<u16> {
    let rank = |address: &SocketAddr| match address.port() {
        HTTPS_PORT => 0,
        _ if !address.ip().to_canonical().is_loopback() => 1,
        _ => 2,
    };
    addresses.into_iter().min_by_key(rank).map(|address| address.port())
}

/// The URL, without query, to redirect to. A host that is not ours is never redirected to: a cache could keep
/// the answer for others.
fn location(
    public_url: Option<&str>,
    headers: &HeaderMap,
    port: u16,
    covers: impl Fn(&str) -> bool,
    path: &str,
) -> Option<String> {
    if let Some(rest) = public_url.and_then(|url| url.strip_prefix("https://")) {
        let rest = rest.trim_end_matches('/');
        let base = rest.find('/').map_or("", |at| &rest[at..]);
        // A request may already have the path of the public URL.
        let is_below = |below: &&str| below.is_empty() || below.starts_with('/');
        let below = path.strip_prefix(base).filter(is_below);
        let below = below.unwrap_or(path);
        return Some(format!("https://{rest}{}", if below.is_empty() { "/" } else { below }));
    }
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // A wildcard certificate covers any first label, also `evil/`.
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let port = if port == HTTPS_PORT { String::new() } else { format!(":{port}") };
    (is_name && covers(name)).then(|| format!("https://{name}{port}{path}"))
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
            let found = location(url, &headers, port, covers, "/x");
            let wanted = wanted.map(|wanted| format!("https://{wanted}/x"));
            assert_eq!(found, wanted, "{url:?} {given}");
        }
        assert_eq!(location(None, &HeaderMap::new(), 443, covers, "/"), None);
    }

    #[test]
    fn the_path_of_the_public_url_is_there_once() {
        for (path, wanted) in [
            ("/", "/team/"),
            ("/team", "/team/"),
            ("/team/", "/team/"),
            ("/team/docs", "/team/docs"),
            ("/docs", "/team/docs"),
            ("/teams", "/team/teams"),
        ] {
            let url = Some("https://host.example/team");
            let found = location(url, &HeaderMap::new(), 443, |_| false, path);
            assert_eq!(found, Some(format!("https://host.example{wanted}")), "{path}");
        }
    }

    #[test]
    fn the_usual_port_is_preferred_then_one_that_others_reach() {
        for (addresses, wanted) in [
            (&["127.0.0.1:8443", "[::1]:443", "0.0.0.0:9443"][..], Some(443)),
            (&["127.0.0.1:8443", "[::ffff:127.0.0.1]:7443", "0.0.0.0:9443", "[::]:1"], Some(9443)),
            (&["127.0.0.1:8443", "[::1]:9443"], Some(8443)),
            (&[], None),
        ] {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            assert_eq!(best_port(addresses), wanted);
        }
    }
}
