//! Checks of addresses, proxies and origins: values that have the right type but cannot work. Used
//! by `serve`, `config check` and `doctor`.

mod bucket;
mod text;

use super::{Config, acme};
use crate::model::rules::Network;

pub use bucket::{Bucket, REMOTE, wrong_endpoint};
pub use text::{
    MAX_SOCKET_PATH, header, is_bare_host, is_keyspace, is_listenable, is_mailbox, is_node,
    is_own_host, is_recipient, is_redis, is_this_machine, wrong_recipient, wrong_web_address,
};

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
}
