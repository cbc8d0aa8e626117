//! What texts of single values must be like.

/// Maximum length of a Unix socket's path.
pub const MAX_SOCKET_PATH: usize = 107;

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
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || ":/@[]?#*".contains(c));
    is_name || text.parse::<std::net::IpAddr>().is_ok()
}

/// Returns whether a URL of any scheme leads to this machine.
pub fn is_this_machine(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    url.as_ref().and_then(reqwest::Url::host_str).is_some_and(is_own_host)
}

/// Returns whether a host is this machine: `localhost`, or a loopback address.
pub fn is_own_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.to_canonical().is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_no_port_and_no_scheme() {
        for good in ["mail.example.org", "127.0.0.1", "::1", "почта.example"] {
            assert!(is_bare_host(good), "{good}");
        }
        for bad in ["", "mail:25", "smtp://mail", "[::1]:25", "mail/", "a b", "u@mail", "*"] {
            assert!(!is_bare_host(bad), "{bad}");
        }
        assert_eq!(wrong_web_address("https://a.example:4318/x"), None);
        let said = wrong_web_address("https://a.example:99999");
        assert!(said.is_some_and(|why| why.contains("the port is not valid")), "{said:?}");
        assert!(wrong_web_address("a.example:4318").is_some_and(|why| why.contains("begins with")));
    }

    #[test]
    fn this_machine_has_several_names() {
        for own in
            ["http://127.0.0.1:80", "ldap://[::1]", "ldap://LOCALHOST:389", "http://127.9.9.9"]
        {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["http://a.example", "ldap://10.0.0.1", "http://localhost.example", "x"] {
            assert!(!is_this_machine(other), "{other}");
        }
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
