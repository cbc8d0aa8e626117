//! Checks of values that have the right type but cannot work: one list, used by `serve`, `config
//! check` and `doctor`.

mod connections;
mod numbers;
mod stores;

use super::check::{self, MAX_SOCKET_PATH};
use super::{Config, Server, ldap, look, oidc};
use connections::{wrong_alerts, wrong_push, wrong_shipping};
use numbers::out_of_range;
use stores::{wrong_backups, wrong_cluster, wrong_media};

/// Maximum number of read connections; each has an open file and memory of its own.
const MOST_READERS: u32 = 1000;

/// Returns all problems, each as a sentence that begins with the key.
pub(super) fn problems(config: &Config) -> Vec<String> {
    let Config { server, database, media, .. } = config;
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
    if let Some(readers) = database.readers.filter(|readers| *readers > MOST_READERS) {
        bad("database", "readers", &format!("must be at most {MOST_READERS}: {readers}"));
    }
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
    found.extend(empty_paths(config));
    found
}

/// Returns the paths that are empty.
fn empty_paths(config: &Config) -> Vec<String> {
    let Config { server, database, media, log, backup, .. } = config;
    let paths = [
        ("server", "data_dir", &server.data_dir),
        ("database", "path", &database.path),
        ("media", "directory", &media.directory),
        ("log", "directory", &log.directory),
        ("backup", "directory", &backup.directory),
    ];
    let empty = paths.iter().filter(|(.., path)| path.as_os_str().is_empty());
    empty.map(|(section, key, _)| format!("[{section}] {key} must not be empty")).collect()
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
}
