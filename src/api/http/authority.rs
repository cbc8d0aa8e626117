//! Gives HTTP/2 requests the form of HTTP/1.1, so that nothing else needs to know the difference:
//! the host is in `Host`, and the target is a path.

use warp::http::header::HOST;
use warp::http::{HeaderValue, Request, Uri, Version};

/// Moves the host of an HTTP/2 request from its target (`:authority`) to `Host`. Returns whether
/// the request is valid: it names one host (RFC 9113, 8.3.1).
pub(super) fn unify<B>(request: &mut Request<B>) -> bool {
    if request.version() != Version::HTTP_2 {
        return true;
    }
    let Some(authority) = request.uri().authority().cloned() else {
        return request.headers().get_all(HOST).iter().count() <= 1;
    };
    let host = authority.as_str();
    let same = |other: &HeaderValue| other.as_bytes().eq_ignore_ascii_case(host.as_bytes());
    if host.contains('@') || !request.headers().get_all(HOST).iter().all(same) {
        return false;
    }
    let (Ok(value), Some(path)) = (HeaderValue::from_str(host), request.uri().path_and_query())
    else {
        return false;
    };
    *request.uri_mut() = Uri::from(path.clone());
    request.headers_mut().insert(HOST, value);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns target and host as HTTP/1.1 would have them.
    fn unified(target: &str, hosts: &[&str]) -> Option<(String, Vec<String>)> {
        let mut request = Request::get(target).version(Version::HTTP_2);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let mut request = request.body(()).unwrap();
        let valid = unify(&mut request);
        let hosts = request.headers().get_all(HOST).iter();
        let hosts = hosts.map(|host| host.to_str().unwrap().to_owned()).collect();
        valid.then(|| (request.uri().to_string(), hosts))
    }

    #[test]
    fn the_host_is_a_header_and_the_target_a_path() {
        let found = |target: &str, host: &str| Some((target.to_owned(), vec![host.to_owned()]));
        for (target, hosts, wanted) in [
            ("https://a.example/x?y=1", &[][..], found("/x?y=1", "a.example")),
            ("https://a.example:8443", &[], found("/", "a.example:8443")),
            ("https://a.example/", &["A.example"], found("/", "a.example")),
            ("/x", &["a.example"], found("/x", "a.example")),
            ("https://a.example/", &["b.example"], None),
            ("https://a.example/", &["a.example", "b.example"], None),
            ("/x", &["a.example", "a.example"], None),
            ("https://user@a.example/", &[], None),
            ("a.example:443", &[], None),
        ] {
            assert_eq!(unified(target, hosts), wanted, "{target} {hosts:?}");
        }
        let mut request = Request::get("http://a.example/x").body(()).unwrap();
        assert!(unify(&mut request));
        assert_eq!(request.uri(), "http://a.example/x", "HTTP/1.1 has a header of its own");
    }
}
