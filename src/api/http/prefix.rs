//! The path of `public_url`, below which a proxy serves the server: requests are accepted with it
//! (the proxy passes the path on) and without it (the proxy removes it).

use warp::http::header::{LOCATION, REFERRER_POLICY};
use warp::http::uri::PathAndQuery;
use warp::http::{HeaderValue, Method, Request, StatusCode, Uri};
use warp::reply::Response;

use super::{request, respond};

/// Marks a request from whose target the path of `public_url` was removed.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Removed;

/// Removes the path of `public_url` from the target of a request, if it is there. Returns a
/// redirect if the target is that path itself, without the slash on which the relative addresses of
/// the page depend.
///
/// A WebSocket handshake is not redirected: `/chat` is also the path of a socket.
pub(super) fn remove<B>(base: &str, request: &mut Request<B>) -> Option<Response> {
    let (path, query) = (request.uri().path(), request.uri().query());
    let rest = path.strip_prefix(base).filter(|_| !base.is_empty())?;
    let with_query =
        |path: &str| query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    if rest.is_empty() {
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        let opens_socket = request::is_upgrade(request.method(), request.headers());
        return (read && !opens_socket).then(|| redirect(&with_query(&format!("{base}/"))));
    }
    if rest.starts_with('/') {
        let mut parts = request.uri().clone().into_parts();
        // Part of a valid target is one too; otherwise it is answered like any unknown path.
        parts.path_and_query = Some(with_query(rest).parse::<PathAndQuery>().ok()?);
        *request.uri_mut() = Uri::from_parts(parts).ok()?;
        request.extensions_mut().insert(Removed);
    }
    None
}

/// Sends the client to an address, which may be relative.
pub(in crate::api) fn redirect(to: &str) -> Response {
    let mut response =
        respond::with_header(respond::empty(StatusCode::PERMANENT_REDIRECT), LOCATION, to);
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use warp::http::header::{CONNECTION, UPGRADE};

    use super::*;

    /// Returns the target after the removal, or the redirect.
    fn after(base: &str, target: &str, socket: bool) -> String {
        let mut request = Request::get(target);
        if socket {
            request = request.header(UPGRADE, "websocket").header(CONNECTION, "Upgrade");
        }
        let mut request = request.body(()).unwrap();
        match remove(base, &mut request) {
            None => request.uri().to_string(),
            Some(response) => format!(
                "{} {}",
                response.status().as_u16(),
                response.headers()[LOCATION].to_str().unwrap()
            ),
        }
    }

    #[test]
    fn the_path_is_removed_once_and_only_whole_segments_of_it() {
        for (target, wanted) in [
            ("/chat/", "/"),
            ("/chat/?x=1", "/?x=1"),
            ("/chat/api/users?q=%20a", "/api/users?q=%20a"),
            ("/chat/chat", "/chat"),
            ("/chat//", "//"),
            ("/api/users", "/api/users"),
            ("/", "/"),
            ("/chats", "/chats"),
            ("/Chat/", "/Chat/"),
            ("http://host/chat/api?x", "http://host/api?x"),
            ("/chat", "308 /chat/"),
            ("/chat?x=1", "308 /chat/?x=1"),
        ] {
            assert_eq!(after("/chat", target, false), wanted, "{target}");
        }
        assert_eq!(after("/a/b", "/a/b/chat", false), "/chat");
        assert_eq!(after("/a/b", "/a", false), "/a");
        for target in ["/chat", "/", "/chat/"] {
            assert_eq!(after("", target, false), target, "without a path nothing changes");
        }
    }

    #[test]
    fn handshakes_are_not_redirected() {
        assert_eq!(after("/chat", "/chat", true), "/chat");
        assert_eq!(after("/chat", "/chat/chat", true), "/chat");
        assert_eq!(after("/chat", "/chat/", true), "/");
    }
}
