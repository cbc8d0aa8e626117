//! Checks of values that have the right type but cannot work: one list, used by `serve`, `config
//! check` and `doctor`.

use super::check::{self, MAX_SOCKET_PATH};
use super::{Config, Engine, MailSecurity, Push, S3, Server, Ship, ldap, look, oidc};
use crate::model::rules::Network;

/// Maximum duration of a value in seconds: a century. Much longer durations cannot be added to the
/// current time.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;
/// Maximum number of read connections; each has an open file and memory of its own.
const MOST_READERS: u32 = 1000;

/// Maximum time that people have to read a message before their other devices are notified.
const MOST_PUSH_DELAY: u64 = 3600;

/// Maximum size of an object that an S3 server copies with one request, as it does when a file is
/// moved to the trash: 5 GiB.
const LARGEST_OBJECT: u64 = 5 * 1024 * 1024 * 1024;

/// Headers of a request to the receiver of the log that depend on its content or connection.
const OF_THE_SERVER: [&str; 6] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];

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

/// Returns what is wrong with the bucket and the recipients of backups.
fn wrong_backups(config: &Config) -> Vec<String> {
    let backup = &config.backup;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    if let Some(Err(why)) = backup.to.as_deref().map(check::Bucket::parse) {
        bad("backup", "to", &why);
    }
    found.extend(wrong_s3("backup.s3", &config.backup_s3));
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    for key in backup.recipients.iter().filter(|key| !check::is_recipient(key)) {
        bad("backup", "recipients", &format!("contains {}", check::wrong_recipient(key)));
    }
    found
}

/// Returns what is wrong with an S3 server.
fn wrong_s3(section: &str, s3: &S3) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(why) = s3.endpoint.as_deref().and_then(check::wrong_endpoint) {
        found.push(format!("[{section}] endpoint {why}"));
    }
    if s3.access_key_id.is_some() != s3.secret_access_key.is_some() {
        found.push(format!(
            "[{section}] access_key_id and secret_access_key must be given together"
        ));
    }
    found
}

/// Returns what is wrong with the place of uploaded files.
fn wrong_media(config: &Config) -> Vec<String> {
    let media = &config.media;
    let mut found = wrong_s3("media.s3", &config.media_s3);
    let mut bad = |key: &str, why: &str| found.push(format!("[media] {key} {why}"));
    if let Some(Err(why)) = media.bucket().map(check::Bucket::parse) {
        bad("store", &format!("must be \"directory\" or a bucket: {why}"));
    }
    if media.bucket().is_some() && media.max_bytes > LARGEST_OBJECT {
        let why = format!(
            "must be at most {LARGEST_OBJECT}, the size of an object that S3 copies at once: {}",
            media.max_bytes
        );
        bad("max_bytes", &why);
    }
    found
}

/// Returns what is wrong with the shared database and Redis.
fn wrong_cluster(config: &Config) -> Vec<String> {
    let cluster = &config.cluster;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    if config.database.engine == Engine::Cluster {
        if cluster.cassandra.is_empty() {
            bad("cluster", "cassandra", "must contain a node, since [database] engine is cluster");
        }
        if config.backup.every_hours.is_some() {
            bad(
                "backup",
                "every_hours",
                "must be unset, since [database] engine is cluster: a cluster is backed up with \
                 the tools of its database",
            );
        }
    }
    for node in cluster.cassandra.iter().filter(|node| !check::is_node(node)) {
        bad("cluster", "cassandra", &format!("contains {node:?}, which is not HOST or HOST:PORT"));
    }
    if !check::is_keyspace(&cluster.keyspace) {
        bad(
            "cluster",
            "keyspace",
            &format!(
                "must be 1 to 48 lowercase letters, digits and underscores, and begin with a \
                 letter: {:?}",
                cluster.keyspace
            ),
        );
    }
    if cluster.user.is_some() != cluster.password.is_some() {
        bad("cluster", "user", "and password must be given together");
    }
    if cluster.redis_user.is_some() && cluster.redis_password.is_none() {
        bad("cluster", "redis_user", "requires redis_password");
    }
    for (n, url) in cluster.redis.iter().enumerate() {
        if url.contains('@') {
            // Not shown: it is a secret, and nothing would mask it.
            let place = format!("entry {} of {}", n + 1, cluster.redis.len());
            bad(
                "cluster",
                "redis",
                &format!(
                    "{place} must not contain a password; give it in \
                                              redis_password"
                ),
            );
        } else if !check::is_redis(url) {
            bad("cluster", "redis", &format!("contains {url:?}, which is not redis://HOST:PORT"));
        }
    }
    found
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

/// Returns the numbers that are zero and must not be, and the times that are too long.
fn out_of_range(config: &Config) -> Vec<String> {
    let Config {
        server, auth, rooms, media, limits, backup, audit, link_previews, retention, ..
    } = config;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    let positive: [(&str, &str, u64); 23] = [
        ("server", "heartbeat_seconds", server.heartbeat_seconds),
        ("limits", "stall_seconds", limits.stall_seconds),
        ("limits", "keep_alive_seconds", limits.keep_alive_seconds),
        (
            "limits",
            "requests_per_minute_per_address",
            limits.requests_per_minute_per_address.into(),
        ),
        ("auth", "session_days", auth.session_days),
        ("auth", "access_token_minutes", auth.access_token_minutes),
        ("auth", "token_recheck_seconds", auth.token_recheck_seconds),
        ("auth", "password_min_length", auth.password_min_length as u64),
        ("rooms", "max_message_chars", rooms.max_message_chars as u64),
        ("media", "max_bytes", media.max_bytes),
        ("limits", "max_body_bytes", limits.max_body_bytes as u64),
        ("limits", "max_frame_bytes", limits.max_frame_bytes as u64),
        ("limits", "max_connections", limits.max_connections as u64),
        ("limits", "socket_queue", limits.socket_queue as u64),
        ("limits", "socket_queue_bytes", limits.socket_queue_bytes as u64),
        ("backup", "every_hours", backup.every_hours.unwrap_or(1)),
        ("backup", "keep", backup.keep.unwrap_or(1)),
        ("backup", "keep_daily", backup.keep_daily.unwrap_or(1)),
        ("backup", "keep_weekly", backup.keep_weekly.unwrap_or(1)),
        ("backup", "keep_monthly", backup.keep_monthly.unwrap_or(1)),
        ("link_previews", "timeout_seconds", link_previews.timeout_seconds),
        ("link_previews", "max_page_bytes", link_previews.max_page_bytes as u64),
        ("link_previews", "max_picture_bytes", link_previews.max_picture_bytes as u64),
    ];
    for (section, key, _) in positive.iter().filter(|(.., value)| *value == 0) {
        bad(section, key, "must be at least 1");
    }
    let times: [(&str, &str, u64, u64); 13] = [
        ("server", "heartbeat_seconds", server.heartbeat_seconds, 1),
        ("server", "hsts_seconds", server.hsts_seconds, 1),
        ("server", "shutdown_grace_seconds", server.shutdown_grace_seconds, 1),
        ("auth", "session_days", auth.session_days, 24 * 60 * 60),
        ("auth", "access_token_minutes", auth.access_token_minutes, 60),
        ("auth", "token_recheck_seconds", auth.token_recheck_seconds, 1),
        ("rooms", "idle_timeout_seconds", rooms.idle_timeout_seconds, 1),
        ("limits", "stall_seconds", limits.stall_seconds, 1),
        ("limits", "keep_alive_seconds", limits.keep_alive_seconds, 1),
        ("backup", "every_hours", backup.every_hours.unwrap_or(0), 60 * 60),
        ("audit", "days", audit.days, 24 * 60 * 60),
        ("retention", "days", retention.days.into(), 24 * 60 * 60),
        ("link_previews", "timeout_seconds", link_previews.timeout_seconds, 1),
    ];
    for (section, key, value, unit) in times {
        if value > LONGEST / unit {
            bad(section, key, &format!("must be at most {} (a century): {value}", LONGEST / unit));
        }
    }
    found
}

/// Returns what is wrong with the receiver of the log.
fn wrong_shipping(ship: &Ship) -> Vec<String> {
    let mut found = Vec::new();
    let mut bad = |key: &str, why: &str| found.push(format!("[log.ship] {key} {why}"));
    if let Some(endpoint) = &ship.otlp_endpoint {
        if let Some(why) = check::wrong_web_address(endpoint) {
            bad("otlp_endpoint", why);
        } else if endpoint.contains('@') {
            // Not shown: it is a secret, and nothing would mask it.
            bad("otlp_endpoint", "must not contain a password; give it in headers");
        }
    }
    for (n, header) in ship.headers.iter().enumerate() {
        let place = format!("entry {} of {}", n + 1, ship.headers.len());
        match check::header(&header.0) {
            // Not shown: it may be a secret.
            None => bad("headers", &format!("{place} must have the form \"NAME: VALUE\"")),
            Some((name, _)) if OF_THE_SERVER.iter().any(|own| name.eq_ignore_ascii_case(own)) => {
                bad(
                    "headers",
                    &format!("{place} is {name}, which the server sets itself; remove it"),
                );
            }
            Some(_) => {}
        }
    }
    if ship.queue == 0 {
        bad("queue", "must be at least 1");
    }
    found
}

/// Returns what is wrong with push services.
fn wrong_push(push: &Push) -> Vec<String> {
    let mut found = Vec::new();
    let mut bad = |key: &str, why: &str| found.push(format!("[push] {key} {why}"));
    let is_contact = |text: &&String| match text.strip_prefix("mailto:") {
        Some(mailbox) => check::is_mailbox(mailbox) && !mailbox.contains('<'),
        None => text.starts_with("https://") && check::wrong_web_address(text).is_none(),
    };
    if let Some(contact) = push.contact.as_ref().filter(|text| !is_contact(text)) {
        let why = format!(
            "must be such as \"mailto:ops@example.org\" or \"https://example.org/\": {contact:?}"
        );
        bad("contact", &why);
    }
    if push.delay_seconds > MOST_PUSH_DELAY {
        let why = format!("must be at most {MOST_PUSH_DELAY}: {}", push.delay_seconds);
        bad("delay_seconds", &why);
    }
    let is_host = |text: &str| check::is_bare_host(text.strip_prefix("*.").unwrap_or(text));
    for service in push.services.iter().filter(|service| !is_host(service)) {
        let why = format!("contains {service:?}, which is no host name without scheme or port");
        bad("services", &why);
    }
    found
}

/// Returns the problems of alerts, mail and the addresses that may be connected to.
fn wrong_alerts(config: &Config) -> Vec<String> {
    let Config { log_alerts: alerts, mail, egress, .. } = config;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    // Not shown: it is a secret.
    let webhook = alerts.slack_webhook.as_ref();
    if let Some(why) = webhook.and_then(|url| check::wrong_web_address(&url.0)) {
        let why = format!("{why}, such as \"https://hooks.slack.com/services/T000/B000/XXXX\"");
        bad("log.alerts", "slack_webhook", &why);
    }
    if alerts.at_most_per_hour == 0 {
        let why = "must be at least 1; to send no alerts, remove slack_webhook and mail_to";
        bad("log.alerts", "at_most_per_hour", why);
    }
    if !alerts.mail_to.is_empty() && (mail.host.is_none() || mail.from.is_none()) {
        bad("log.alerts", "mail_to", "requires host and from in [mail]");
    }
    for recipient in alerts.mail_to.iter().filter(|text| !check::is_mailbox(text)) {
        bad(
            "log.alerts",
            "mail_to",
            &format!("contains {recipient:?}, which is no e-mail address"),
        );
    }
    if let Some(host) = mail.host.as_deref().filter(|host| !check::is_bare_host(host)) {
        let why = format!("must be a name without port or scheme; use port: {host:?}");
        bad("mail", "host", &why);
    }
    if mail.port == Some(0) {
        bad("mail", "port", "must be from 1 to 65535");
    }
    if let Some(from) = mail.from.as_deref().filter(|text| !check::is_mailbox(text)) {
        bad("mail", "from", &format!("must be an e-mail address: {from:?}"));
    }
    if mail.user.is_some() != mail.password.is_some() {
        bad("mail", "user", "and password must be given together");
    }
    if mail.user.is_some() && mail.security == MailSecurity::None {
        bad("mail", "security", "must not be none with a password, which everybody could read");
    }
    for network in egress.allowed_networks.iter().filter(|text| Network::parse(text).is_none()) {
        let why = format!(
            "contains {network:?}, which is neither an address nor a network such as 10.0.0.0/8"
        );
        bad("egress", "allowed_networks", &why);
    }
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
