//! Checks of addresses, proxies and origins: values that have the right type but cannot work. Used
//! by `serve`, `config check` and `doctor`.

use super::{Config, acme};
use crate::model::rules::Network;

/// First segments of the server's own paths. If `public_url` began with one of them, a request with
/// its path could not be told from one without it. `/chat` is missing: it is only a WebSocket, which
/// a proxy can be told to serve below `/chat/`.
pub(crate) const OWN_SEGMENTS: [&str; 28] = [
    "Login",
    "Logout",
    "Room",
    "User",
    "api",
    "assets",
    "auth",
    "chats",
    "docs",
    "emoji",
    "favicon-unread.svg",
    "favicon.svg",
    "health",
    "hooks",
    "i18n",
    "icons",
    "index.html",
    "js",
    "login",
    "logout",
    "manifest.webmanifest",
    "metrics",
    "rooms",
    "styles",
    "sw.js",
    "users",
    "v1",
    "verify",
];
/// Maximum length of a Unix socket's path.
pub const MAX_SOCKET_PATH: usize = 107;

/// A value that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unworkable {
    /// Its section.
    pub section: &'static str,
    /// Its key.
    pub key: &'static str,
    /// What is wrong with the value, and what would be right; continues a sentence that begins with
    /// the key.
    pub why: String,
}

/// Returns all problems of addresses, proxies and origins.
pub fn network(config: &Config) -> Vec<Unworkable> {
    let server = &config.server;
    let mut found = Vec::new();
    let mut bad = |section, key, why| found.push(Unworkable { section, key, why });
    for proxy in server.trusted_proxies.iter().filter(|proxy| Network::parse(proxy).is_none()) {
        bad(
            "server",
            "trusted_proxies",
            format!(
                "contains {proxy:?}, which is neither an address nor a network such as \
                 \"10.0.0.0/8\""
            ),
        );
    }
    if let Some(why) = server.public_url.as_deref().and_then(wrong_public_url) {
        bad("server", "public_url", why);
    }
    for allowed in server
        .allowed_origins
        .iter()
        .filter(|allowed| origin(allowed.trim_end_matches('/')).is_err())
    {
        bad(
            "server",
            "allowed_origins",
            format!(
                "contains {allowed:?}, which no browser sends; an origin is \"https://HOST\" or \
                 \"https://HOST:PORT\", without a path"
            ),
        );
    }
    if !config.metrics.listen.is_empty() && !is_listenable(&config.metrics.listen) {
        let listen = &config.metrics.listen;
        bad(
            "metrics",
            "listen",
            format!(
                "is {listen:?}, which is neither HOST:PORT (such as \"127.0.0.1:9180\") nor \
                 unix:PATH (at most {MAX_SOCKET_PATH} bytes)"
            ),
        );
    }
    if server.socket_mode().is_none() {
        bad(
            "server",
            "unix_socket_mode",
            format!(
                "is {:?}; it must be a mode in octal, such as \"0660\"",
                server.unix_socket_mode
            ),
        );
    }
    for (key, why) in acme::problems(server) {
        bad("server", key, why);
    }
    found
}

/// Returns what is wrong with the public URL, if anything.
fn wrong_public_url(url: &str) -> Option<String> {
    match origin(url.trim_end_matches('/')) {
        Ok(()) => None,
        Err(Not::HasPath(path)) => {
            let why = wrong_path(path)?;
            Some(format!("is {url:?}, whose path {why}"))
        }
        Err(Not::Origin) => Some(format!(
            "is {url:?}; it must be the scheme and host that browsers use, such as \
             \"https://chat.example.org\" or \"https://example.org/chat\""
        )),
    }
}

/// Returns what is wrong with a path (without its first slash) below which the server is to be
/// served, if anything.
fn wrong_path(path: &str) -> Option<String> {
    let fits = |segment: &str| {
        segment.contains(|c: char| c != '.')
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
    };
    if !path.split('/').all(fits) {
        return Some("has characters other than letters, digits and - . _ ~".to_owned());
    }
    let first = path.split('/').next().unwrap_or_default();
    OWN_SEGMENTS.contains(&first).then(|| {
        format!("begins with /{first}, which is a path of the server itself; use another one")
    })
}

/// Begin of the URL of a place in a bucket.
pub const REMOTE: &str = "s3://";

/// A place in a bucket of an S3 server: `s3://BUCKET/PREFIX/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Name of the bucket.
    pub name: String,
    /// Begin of the names of the objects; empty, or ends in a slash.
    pub prefix: String,
}

impl Bucket {
    /// Parses a URL; the last slash may be missing. The error is a sentence without a full stop.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("{url:?} {why}"));
        let Some(rest) = url.strip_prefix(REMOTE) else {
            return wrong("is not the URL of a bucket, such as \"s3://BUCKET/PREFIX/\"");
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) {
            return wrong("does not contain the name of a bucket, as in \"s3://BUCKET/PREFIX/\"");
        }
        let inner = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_wrong = |part: &str| {
            part.is_empty() || part == "." || part == ".." || part.chars().any(char::is_control)
        };
        if !prefix.is_empty() && inner.split('/').any(is_wrong) {
            return wrong("has an empty part, \".\" or \"..\" in its prefix");
        }
        let prefix = if inner.is_empty() { String::new() } else { format!("{inner}/") };
        Ok(Self { name: name.to_owned(), prefix })
    }
}

/// Returns what is wrong with the URL of an S3 server, if anything; continues a sentence.
pub fn wrong_endpoint(url: &str) -> Option<String> {
    origin(url.trim_end_matches('/')).err().map(|_| {
        // What stands before an @ is a secret.
        let shown = url.rsplit('@').next().unwrap_or_default();
        format!("is {shown:?}; it must be a scheme and a host, such as \"https://s3.example.org\"")
    })
}

/// Returns whether a text is a public key of age.
pub fn is_recipient(text: &str) -> bool {
    text.parse::<age::x25519::Recipient>().is_ok()
}

/// Returns what a text is that is not a public key of age; continues a sentence.
pub fn wrong_recipient(text: &str) -> String {
    if text.to_ascii_uppercase().contains("SECRET-KEY") {
        // Not shown: it would let everyone decrypt who reads the message.
        "a secret key; give the public key, which begins with age1 (age-keygen -y KEYFILE)"
            .to_owned()
    } else {
        format!("{text:?}, which is not a public key of age (age1…, 62 characters)")
    }
}

/// Returns what is wrong with a text that is not a URL with a host that begins with `http://` or
/// `https://`; continues a sentence.
pub fn wrong_web_address(text: &str) -> Option<&'static str> {
    match reqwest::Url::parse(text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => None,
        // The library's error has no public type.
        Err(error) if error.to_string() == "invalid port number" => {
            Some("must have a port from 1 to 65535, or none: the port is not valid")
        }
        _ => Some("must be a URL that begins with https:// or http://"),
    }
}

/// Returns whether a text can be a host name or an address, without port, scheme or path.
pub fn is_bare_host(text: &str) -> bool {
    let is_name = !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || ":/@[]?#".contains(c));
    is_name || text.parse::<std::net::IpAddr>().is_ok()
}

/// Divides a header of the form `NAME: VALUE`; None if no request can have it.
pub fn header(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let fits = name.parse::<http::HeaderName>().is_ok()
        && value.parse::<http::HeaderValue>().is_ok()
        && !value.is_empty();
    fits.then_some((name, value))
}

/// Returns whether a text is an e-mail address, possibly with a name: `Ann <ann@example.org>`.
pub fn is_mailbox(text: &str) -> bool {
    text.parse::<lettre::message::Mailbox>().is_ok()
}

/// Accepts `HOST:PORT` or `unix:PATH`.
pub fn is_listenable(address: &str) -> bool {
    match address.strip_prefix("unix:") {
        Some(path) => !path.is_empty() && path.len() <= MAX_SOCKET_PATH,
        None => address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()),
    }
}

/// Returns whether it is a node of a database: `HOST` or `HOST:PORT`.
pub fn is_node(node: &str) -> bool {
    let (host, port) = match node.rsplit_once(':') {
        // An IPv6 address with a port is written in brackets.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (node, None),
    };
    !host.is_empty()
        && !host.contains([' ', '/', '@', ','])
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Returns whether it can be the name of a keyspace without quotes.
pub fn is_keyspace(name: &str) -> bool {
    name.len() <= 48
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Returns whether it is the URL of a Redis server, without a path other than a database number.
pub fn is_redis(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("redis://").or_else(|| url.strip_prefix("rediss://")) else {
        return false;
    };
    let (node, database) = rest.split_once('/').unwrap_or((rest, ""));
    is_node(node) && (database.is_empty() || database.parse::<u32>().is_ok())
}

/// Why a text is not `scheme://host[:port]`.
enum Not<'a> {
    Origin,
    HasPath(&'a str),
}

fn origin(text: &str) -> Result<(), Not<'_>> {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return Err(Not::Origin);
    };
    let (host, path) = host.split_once('/').map_or((host, None), |(host, path)| (host, Some(path)));
    let port_fits = match host.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port.parse::<u16>().is_ok(),
        _ => true,
    };
    if host.is_empty() || host.starts_with(':') || host.contains(['?', '#', '@', ' ']) || !port_fits
    {
        return Err(Not::Origin);
    }
    path.map_or(Ok(()), |path| Err(Not::HasPath(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Metrics, Server};

    /// Returns the problems of these values, one per line.
    fn said(server: Server, metrics: &str) -> String {
        let config =
            Config { server, metrics: Metrics { listen: metrics.to_owned() }, ..Config::default() };
        network(&config)
            .into_iter()
            .map(|Unworkable { section, key, why }| format!("[{section}] {key} {why}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for good in
            ["https://chat.example", "http://127.0.0.1:8080", "https://[::1]:443", "https://[::1]"]
        {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "chat.example",
            "*",
            "https://",
            "https://:80",
            "https://a/b",
            "ws://a",
            "https://user@a",
            "https://a:b",
            "https://a?b",
            "null",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_public_url_may_have_a_path_that_is_not_one_of_the_server() {
        let url =
            |url: &str| said(Server { public_url: Some(url.to_owned()), ..Server::default() }, "");
        assert_eq!(url("https://chat.example.org/"), "");
        for good in ["/chat", "/chat/", "/team/chat", "/~ann/chat-1.0_x", "/apis"] {
            assert_eq!(url(&format!("https://example.org{good}")), "", "{good}");
        }
        for (bad, why) in [
            ("/api", "begins with /api"),
            ("/rooms/chat", "begins with /rooms"),
            ("/a//b", "other than letters"),
            ("/a/../b", "other than letters"),
            ("/a%20b", "other than letters"),
            ("/a;b", "other than letters"),
        ] {
            let said = url(&format!("https://example.org{bad}"));
            assert!(said.contains(why), "{bad}: {said}");
        }
        assert!(url("https://example.org/a?b").contains("other than letters"));
        assert!(url("chat.example.org").contains("\"https://chat.example.org\""));
    }

    #[test]
    fn each_value_that_cannot_work_is_told() {
        let texts =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let server = Server {
            trusted_proxies: texts(&["10.0.0.0/99", "127.0.0.1", "proxy"]),
            public_url: Some("chat.example.org".to_owned()),
            allowed_origins: texts(&["https://a.example", "example.org/", "https://b.example/app"]),
            unix_socket_mode: "rw".to_owned(),
            ..Server::default()
        };
        let said = said(server, "9100");
        for part in [
            "10.0.0.0/99",
            "\"proxy\"",
            "\"chat.example.org\"",
            "\"example.org/\"",
            "https://b.example/app",
            "\"9100\"",
            "\"rw\"",
        ] {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
        assert_eq!(said.lines().count(), 7, "{said}");
    }

    #[test]
    fn a_bucket_has_a_name_and_maybe_a_prefix() {
        for (url, name, prefix) in [
            ("s3://b", "b", ""),
            ("s3://b/", "b", ""),
            ("s3://my.bucket-1/a/b", "my.bucket-1", "a/b/"),
            ("s3://b/a/", "b", "a/"),
        ] {
            let wanted = Bucket { name: name.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(Bucket::parse(url), Ok(wanted), "{url}");
        }
        let bad =
            ["b", "/b", "s3://", "s3:///a", "s3://b//", "s3://b/a//c", "s3://b/..", "s3://a b"];
        for bad in bad {
            assert!(Bucket::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_has_no_port_and_no_scheme() {
        for good in ["mail.example.org", "127.0.0.1", "::1", "почта.example"] {
            assert!(is_bare_host(good), "{good}");
        }
        for bad in ["", "mail:25", "smtp://mail", "[::1]:25", "mail/", "a b", "u@mail"] {
            assert!(!is_bare_host(bad), "{bad}");
        }
        assert_eq!(wrong_web_address("https://a.example:4318/x"), None);
        let said = wrong_web_address("https://a.example:99999");
        assert!(said.is_some_and(|why| why.contains("the port is not valid")), "{said:?}");
        assert!(wrong_web_address("a.example:4318").is_some_and(|why| why.contains("begins with")));
    }

    #[test]
    fn addresses_to_listen_on() {
        for good in ["127.0.0.1:0", "[::]:80", "localhost:8080", "unix:/run/chat.sock"] {
            assert!(is_listenable(good), "{good}");
        }
        for bad in ["8080", ":8080", "localhost", "localhost:http", "unix:", "localhost:99999"] {
            assert!(!is_listenable(bad), "{bad}");
        }
    }
}
