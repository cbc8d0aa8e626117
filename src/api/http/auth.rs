//! Extracts credentials from requests and checks their origin. `chat` decides to whom a credential
//! belongs.

use percent_encoding::percent_decode_str;
use warp::http::HeaderMap;
use warp::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};

use crate::config;
use crate::model::Credential;

/// Cookies with a JSON web token.
const TOKEN_COOKIES: [&str; 2] = ["jwt_token", "auth_token"];
/// Cookies with an opaque session id.
const OPAQUE_COOKIES: [&str; 2] = ["session", "chat_session"];

/// A credential, and whether a browser adds it automatically.
#[derive(Clone, Debug)]
pub struct Carried {
    /// The credential.
    pub credential: Credential,
    /// Sent as a cookie, which browsers add regardless of which page made the request.
    pub by_cookie: bool,
}

/// Returns the credential of a request; the first one present counts (fine print, carriers).
/// `?session_id` only counts on handshakes.
pub fn carried(
    headers: &HeaderMap,
    query: &str,
    handshake: bool,
    own_cookie: Option<&str>,
) -> Option<Carried> {
    let sent = |credential| Carried { credential, by_cookie: false };
    if let Some(token) = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer) {
        return Some(sent(Credential::Token(token.to_owned())));
    }
    if let Some(id) = headers.get("x-session-id") {
        return Some(sent(Credential::Opaque(id.to_str().unwrap_or_default().to_owned())));
    }
    if let Some(id) = query_value(query, "session_id").filter(|_| handshake) {
        return Some(sent(Credential::Opaque(id)));
    }
    let others = TOKEN_COOKIES.into_iter().chain(OPAQUE_COOKIES);
    own_cookie.into_iter().chain(others).find_map(|name| {
        let value = cookie(headers, name)?.to_owned();
        let credential = if TOKEN_COOKIES.contains(&name) {
            Credential::Token(value)
        } else {
            Credential::Opaque(value)
        };
        Some(Carried { credential, by_cookie: true })
    })
}

/// Returns the token of a `Bearer` header; other schemes count as absent.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the value of a cookie; an empty one counts as absent.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| line.split(';'));
    all.filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.trim_matches('"'))
        .filter(|v| !v.is_empty())
}

/// Returns the first value of this name in a query string, decoded; `+` is a space; empty if not
/// UTF-8.
pub fn query_value(query: &str, name: &str) -> Option<String> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .ok()
    };
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key)?.as_str() == name).then(|| decode(value).unwrap_or_default())
    })
}

/// Relation of a request's `Origin` header to this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// No header: not a browser, or not a cross-origin request.
    Absent,
    /// The server's own origin.
    Same,
    /// An origin allowed by the configuration.
    Allowed,
    /// Any other origin.
    Foreign,
}

/// Classifies the `Origin` header: its host and port equal `Host` or `public_url`, or it is
/// configured.
pub fn origin(headers: &HeaderMap, server: &config::Server) -> Origin {
    let Some(origin) = headers.get(ORIGIN) else { return Origin::Absent };
    let Ok(origin) = origin.to_str() else { return Origin::Foreign };
    if server.allowed_origins.iter().any(|allowed| allowed.trim_end_matches('/') == origin) {
        return Origin::Allowed;
    }
    let Some(authority) = authority(origin) else { return Origin::Foreign };
    let host = headers.get(HOST).and_then(|v| v.to_str().ok());
    let public = server.public_url.as_deref().and_then(self::authority);
    let same = [host, public].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(authority));
    if same { Origin::Same } else { Origin::Foreign }
}

/// Returns host and port of `scheme://host:port/…`.
fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    rest.split('/').next().filter(|a| !a.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn word(carried: Option<Carried>) -> String {
        match carried.map(|c| (c.credential, c.by_cookie)) {
            None => "none".to_owned(),
            Some((Credential::Token(t), cookie)) => format!("token {t} {cookie}"),
            Some((Credential::Opaque(o), cookie)) => format!("opaque {o} {cookie}"),
        }
    }

    #[test]
    fn the_first_carrier_present_decides() {
        let all = [
            ("authorization", "Bearer A"),
            ("x-session-id", "B"),
            ("cookie", "session=C; jwt_token=D; auth_token=E; chat_session=F"),
        ];
        assert_eq!(
            word(carried(&headers(&all), "session_id=Q", true, Some("session"))),
            "token A false"
        );
        assert_eq!(
            word(carried(&headers(&all[1..]), "session_id=Q", true, None)),
            "opaque B false"
        );
        assert_eq!(
            word(carried(&headers(&all[2..]), "session_id=Q", true, None)),
            "opaque Q false"
        );
        assert_eq!(
            word(carried(&headers(&all[2..]), "session_id=Q", false, Some("session"))),
            "opaque C true"
        );
        assert_eq!(
            word(carried(&headers(&all[2..]), "", false, Some("jwt_token"))),
            "token D true"
        );
        assert_eq!(word(carried(&headers(&all[2..]), "", false, None)), "token D true");
        assert_eq!(
            word(carried(
                &headers(&[("authorization", "Basic x"), ("cookie", "chat_session=F")]),
                "",
                false,
                None
            )),
            "opaque F true"
        );
        assert_eq!(word(carried(&headers(&[]), "", true, Some("session"))), "none");
    }

    #[test]
    fn origins_are_same_allowed_or_foreign() {
        let server = config::Server {
            allowed_origins: vec!["https://a.example".to_owned()],
            public_url: Some("https://chat.example/".to_owned()),
            ..Default::default()
        };
        let table = [
            (vec![("host", "h:8080")], Origin::Absent),
            (vec![("host", "h:8080"), ("origin", "http://h:8080")], Origin::Same),
            (vec![("host", "h:8080"), ("origin", "https://chat.example")], Origin::Same),
            (vec![("host", "h:8080"), ("origin", "https://a.example")], Origin::Allowed),
            (vec![("host", "h:8080"), ("origin", "http://h:8081")], Origin::Foreign),
            (vec![("host", "h:8080"), ("origin", "null")], Origin::Foreign),
            (vec![("host", "h:8080"), ("origin", "http://evil.example")], Origin::Foreign),
        ];
        for (pairs, expected) in table {
            assert_eq!(origin(&headers(&pairs), &server), expected, "{pairs:?}");
        }
    }

    #[test]
    fn query_values_are_decoded() {
        assert_eq!(query_value("q=%D0%92%D0%B0+x&limit=3", "q").as_deref(), Some("Ва x"));
        assert_eq!(query_value("page%5Bsize%5D=3", "page[size]").as_deref(), Some("3"));
        assert_eq!(query_value("a=1", "b"), None);
        assert_eq!(query_value("b=%FF", "b").as_deref(), Some(""));
    }
}
