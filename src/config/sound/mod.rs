//! Checks of values that have the right type but cannot work: one list, used by `serve`, `config
//! check` and `doctor`.

mod connections;
mod numbers;
mod stores;

use serde_json::Value;

use super::check::{self, MAX_SOCKET_PATH};
use super::{Config, Server, keys, ldap, look, oidc};
use connections::{wrong_alerts, wrong_push, wrong_shipping};
use numbers::out_of_range;
use stores::{wrong_backups, wrong_cluster, wrong_media};

/// Returns all problems, each as a sentence that begins with the key.
pub(super) fn problems(config: &Config) -> Vec<String> {
    let Config { server, media, .. } = config;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    for (key, why) in wrong_looks(server) {
        bad("server", key, why);
    }
    if server.listen.is_empty() {
        bad("server", "listen", "must contain an address");
    }
    for address in server.listen.iter().filter(|address| !check::is_listenable(address)) {
        bad(
            "server",
            "listen",
            &format!(
                "contains {address:?}, which is neither HOST:PORT nor unix:PATH (at most \
                 {MAX_SOCKET_PATH} bytes)"
            ),
        );
    }
    if server.tls_cert.is_some() != server.tls_key.is_some() {
        bad("server", "tls_cert", "and tls_key must be given together");
    }
    for why in wrong_redirects(server) {
        bad("server", "redirect_listen", &why);
    }
    for check::Unworkable { section, key, why } in check::network(config) {
        bad(section, key, &why);
    }
    found.extend(out_of_range(config));
    found.extend(wrong_backups(config));
    found.extend(wrong_media(config));
    found.extend(wrong_cluster(config));
    found.extend(wrong_log_in(config));
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    if media.max_unused_bytes_per_user < media.max_bytes {
        let why = format!(
            "must be at least max_bytes ({}): a file is unused until a message refers to it",
            media.max_bytes
        );
        bad("media", "max_unused_bytes_per_user", &why);
    }
    found.extend(wrong_alerts(config));
    found.extend(wrong_shipping(&config.log_ship));
    found.extend(wrong_push(&config.push));
    found.extend(ldap::problems(config));
    let empty = empty(config);
    // What is said of a value already includes that it must not be empty.
    let is_new = |text: &(String, &str)| !found.iter().any(|said| said.starts_with(&text.0));
    let empty: Vec<String> =
        empty.into_iter().filter(is_new).map(|(key, why)| format!("{key}{why}")).collect();
    found.extend(empty);
    found
}

/// Keys whose value may be empty, although it is not by default: the root of a directory.
const MAY_BE_EMPTY: [(&str, &str); 2] = [("ldap", "base"), ("ldap", "group_base")];

/// Returns the texts and entries of lists that are empty, of whatever key: the key, with a space,
/// and what is wrong.
fn empty(config: &Config) -> Vec<(String, &'static str)> {
    let all = serde_json::to_value(config).unwrap_or_default();
    let is_empty = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let mut found = Vec::new();
    for (section, key, default) in keys::all() {
        let why = match &all[&section][&key] {
            _ if MAY_BE_EMPTY.contains(&(section.as_str(), key.as_str())) || is_empty(&default) => {
                continue;
            }
            Value::Array(entries) if entries.iter().any(is_empty) => "contains an empty entry",
            value if is_empty(value) && default.is_null() => {
                "must not be empty; remove the key to unset it"
            }
            value if is_empty(value) => "must not be empty",
            _ => continue,
        };
        found.push((format!("[{section}] {key} "), why));
    }
    found
}

/// Returns what is wrong with the ways to log in.
fn wrong_log_in(config: &Config) -> Vec<String> {
    let found = oidc::problems(config).into_iter().map(|(key, why)| format!("[oidc] {key} {why}"));
    let local = oidc::wrong_local_login(config).map(|why| format!("[auth] local_login {why}"));
    found.chain(local).collect()
}

/// Returns what is wrong with the keys that only the web UI shows.
fn wrong_looks(server: &Server) -> impl Iterator<Item = (&'static str, &'static str)> {
    let found = [
        ("name", server.name.as_deref().and_then(look::wrong_name)),
        ("accent", server.accent.as_deref().and_then(look::wrong_accent)),
        ("motd", server.motd.as_deref().and_then(look::wrong_motd)),
    ];
    found.into_iter().filter_map(|(key, why)| Some((key, why?)))
}

/// Returns what is wrong with `redirect_listen`.
fn wrong_redirects(server: &Server) -> Vec<String> {
    let mut found = Vec::new();
    if server.redirect_listen.is_empty() {
        return found;
    }
    let is_unix = |address: &String| address.starts_with("unix:");
    if !server.has_tls() {
        found.push("requires tls_cert, tls_directory or acme_domains".to_owned());
    } else if server.listen.iter().all(is_unix) && !server.has_https_url() {
        found.push("requires a public_url with https, or HOST:PORT in listen".to_owned());
    }
    let wrong = |address: &&String| is_unix(address) || !check::is_listenable(address);
    let wrong = server.redirect_listen.iter().filter(wrong);
    found.extend(wrong.map(|address| format!("contains {address:?}, which is not HOST:PORT")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_sound() {
        let mut config = Config::default();
        assert_eq!(problems(&config), [""; 0]);
        config.server.name = Some(" ".to_owned());
        config.server.accent = Some("red".to_owned());
        config.server.motd = Some("a".repeat(301));
        let found = problems(&config);
        let keys = ["[server] name", "[server] accent", "[server] motd"];
        assert_eq!(found.len(), keys.len(), "{found:?}");
        for (found, key) in found.iter().zip(keys) {
            assert!(found.starts_with(key), "{found}");
        }
    }

    /// The configuration with one value.
    fn with(section: &str, key: &str, value: Value) -> Config {
        let mut all = serde_json::to_value(Config::default()).unwrap();
        all[section][key] = value;
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn no_text_and_no_entry_of_a_list_is_empty() {
        let mut tried = 0;
        for (section, key, default) in keys::all() {
            let may = MAY_BE_EMPTY.contains(&(section.as_str(), key.as_str()))
                || default.as_str() == Some("");
            // Keys without a default may be numbers.
            let empty = if default.is_array() { Value::from(vec![""]) } else { Value::from("") };
            let mut all = serde_json::to_value(Config::default()).unwrap();
            all[&section][&key] = empty;
            let Ok(config) = serde_json::from_value::<Config>(all) else { continue };
            tried += 1;
            let found = problems(&config);
            let name = format!("[{section}] {key} ");
            let told = found.iter().filter(|said| said.starts_with(&name)).count();
            // One of two keys that belong together may be named instead of the other.
            assert!(told > 0 || may || found.len() == 1, "{name}: {found:?}");
        }
        assert!(tried > 60, "{tried}");
    }

    #[test]
    fn limits_of_zero_lock_nobody_out() {
        for (section, key, _) in keys::all().into_iter().filter(|(section, key, default)| {
            section == "limits" && default.is_number() && key.contains("_per_")
        }) {
            let found = problems(&with(&section, &key, 0.into()));
            assert_eq!(found, [format!("[{section}] {key} must be at least 1")]);
        }
        for (section, key, value) in [
            ("database", "readers", 0),
            ("database", "readers", 1001),
            ("auth", "hash_threads", 0),
            ("auth", "hash_threads", 1001),
            ("auth", "password_min_length", 257),
            ("log.alerts", "recovered_after_seconds", u64::MAX),
        ] {
            let found = problems(&with(section, key, value.into()));
            assert_eq!(found.len(), 1, "{key} = {value}: {found:?}");
            assert!(found[0].starts_with(&format!("[{section}] {key} must be at")), "{found:?}");
        }
    }

    #[test]
    fn a_wildcard_of_push_services_does_not_open_everything() {
        let push = |services: &[&str]| problems(&with("push", "services", services.into()));
        assert_eq!(push(&["fcm.googleapis.com", "*.push.apple.com", "FCM.example"]), [""; 0]);
        for bad in ["*", "*.com", "*.", "*.*", "push.*.com", "https://a.example", "a.example:443"] {
            let found = push(&["fcm.googleapis.com", bad]);
            assert_eq!(found.len(), 1, "{bad}: {found:?}");
            assert!(found[0].starts_with("[push] services contains"), "{found:?}");
        }
    }
}
