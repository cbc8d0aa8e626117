//! Checks of the settings for certificates by ACME.

use super::Server;

/// Maximum length of a host name.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Returns all problems: the key, and what is wrong with its value.
pub(super) fn problems(server: &Server) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut bad = |key, why: String| found.push((key, why));
    if !server.has_acme() {
        return found;
    }
    for (domain, why) in
        server.acme_domains.iter().filter_map(|domain| Some((domain, wrong_name(domain)?)))
    {
        bad("acme_domains", format!("contains {domain:?}, {why}"));
    }
    if server.listen.iter().all(|address| address.starts_with("unix:")) {
        bad("acme_domains", "requires HOST:PORT in listen, for https".to_owned());
    }
    if !server.acme_accept_terms {
        bad(
            "acme_accept_terms",
            format!(
                "must be true: certificates are only issued to those who have accepted the terms \
                 of service of the CA at {}",
                server.acme_directory
            ),
        );
    }
    if !server.acme_directory.starts_with("https://")
        || server.acme_directory.contains(char::is_whitespace)
        || server.acme_directory.len() <= "https://".len()
    {
        bad(
            "acme_directory",
            format!(
                "is {:?}; it must be the https URL of an ACME directory, such as \
                 \"https://acme-v02.api.letsencrypt.org/directory\"",
                server.acme_directory
            ),
        );
    }
    if let Some(contact) = &server.acme_contact
        && (!contact.contains('@') || contact.contains(|c: char| c.is_whitespace() || c == ','))
    {
        bad("acme_contact", format!("is {contact:?}; it must be an e-mail address"));
    }
    found
}

/// Returns why no certificate can be requested for a name; continues a sentence.
fn wrong_name(name: &str) -> Option<&'static str> {
    if name.starts_with("*.") {
        return Some(
            "a wildcard, for which the CA would have to change DNS records; list each name, or \
             use tls_cert",
        );
    }
    if name.parse::<std::net::IpAddr>().is_ok() {
        return Some("an IP address; only host names are possible");
    }
    if !name.is_ascii() {
        return Some("which must be written in its ASCII form (xn--…)");
    }
    let fits = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = name.len() <= LONGEST_NAME && name.split('.').all(fits);
    (!is_name).then_some("which is not a host name, such as \"chat.example.org\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_names_can_have_a_certificate() {
        for good in ["chat.example.org", "Chat.Example.org", "ca-1", "xn--e1afmkfd.example"] {
            assert_eq!(wrong_name(good), None, "{good}");
        }
        for (bad, why) in [
            ("*.example.org", "wildcard"),
            ("192.0.2.1", "IP address"),
            ("::1", "IP address"),
            ("чат.example", "xn--"),
            ("https://chat.example.org", "not a host name"),
            ("chat.example.org.", "not a host name"),
            ("chat_1.example", "not a host name"),
            ("-a.example", "not a host name"),
            ("../x", "not a host name"),
            ("", "not a host name"),
        ] {
            assert!(wrong_name(bad).is_some_and(|said| said.contains(why)), "{bad}");
        }
    }
}
