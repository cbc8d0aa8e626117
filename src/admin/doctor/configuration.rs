//! Check `config`: whether the values of a loaded configuration work together.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, Group, eaccess, geteuid};

use super::Installation;
use super::report::Report;
use crate::admin::backup::Retention;
use crate::config::{Config, check, show};
use crate::egress::unusable_authorities;

/// Maximum bytes per code point.
const BYTES: usize = 4;
/// Bytes of a frame in addition to the text.
const AROUND: usize = 1024;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let config = &ground.config;
    let (server, auth) = (&config.server, &config.auth);
    for check::Unworkable { section, key, why } in check::network(config) {
        report.fail(
            format!("[{section}] {key} {why}"),
            "Correct it in the configuration; the server does not start with it.",
        );
    }
    directories(ground, report);
    authorities(ground, report);
    if let Some(group) = &server.control_socket_group
        && !matches!(Group::from_name(group), Ok(Some(_)))
    {
        report.fail(
            format!("[server] control_socket_group is {group:?}, and there is no such group"),
            format!("Correct it, or create the group: groupadd --system {group}."),
        );
    }
    if let Some(url) = &server.public_url
        && server.has_tls()
        && url.starts_with("http://")
    {
        report.warn(
            "public_url begins with http://, but the server uses TLS",
            "Change [server] public_url to https://.",
        );
    }
    if auth.session_life() < auth.token_life() {
        report.warn(
            "access tokens are valid longer than sessions",
            "Set [auth] access_token_minutes to less than session_days.",
        );
    }
    if Duration::from_secs(auth.token_recheck_seconds) > auth.token_life() {
        report.warn(
            "open sockets are checked less often than tokens expire",
            "Set [auth] token_recheck_seconds to less than access_token_minutes.",
        );
    }
    limits(ground, report);
    if Retention::of(&config.backup).is_some() && config.backup.every_hours.is_none() {
        report.warn(
            "[backup] keep is set, but automatic backups are off",
            "Set [backup] every_hours as well.",
        );
    }
    if config.backup.to.is_some() && config.backup.every_hours.is_none() {
        report.warn(
            "[backup] to is set, but automatic backups are off",
            "Set [backup] every_hours as well.",
        );
    }
    readable_secret(ground, report);
    if report.is_empty() {
        report.ok(ground.file.as_ref().map_or_else(
            || "no configuration file; defaults and environment are used".to_owned(),
            |file| format!("no problems in {}", file.display()),
        ));
    }
}

/// Files with certificates of authorities, by section and key.
fn authority_files(config: &Config) -> [(&'static str, &'static str, Option<&Path>); 7] {
    [
        // With acme_domains, the check `certificate` reads it, and so does the start.
        (
            "server",
            "acme_ca",
            config.server.acme_ca.as_deref().filter(|_| !config.server.has_acme()),
        ),
        ("cluster", "redis_tls_ca", config.cluster.redis_tls_ca.as_deref()),
        ("oidc", "tls_ca", config.oidc.tls_ca.as_deref()),
        ("media.s3", "tls_ca", config.media_s3.tls_ca.as_deref()),
        ("backup.s3", "tls_ca", config.backup_s3.tls_ca.as_deref()),
        ("log.ship", "tls_ca", config.log_ship.tls_ca.as_deref()),
        ("ldap", "tls_ca", config.ldap.tls_ca.as_deref()),
    ]
}

/// Reports files of authorities that cannot be used: connections would fail, and only later.
fn authorities(ground: &Installation, report: &mut Report) {
    let ours = as_server(ground);
    for (section, key, file) in authority_files(&ground.config) {
        let Some(file) = file else { continue };
        // What only the server may read, others cannot judge.
        if !ours && eaccess(file, AccessFlags::R_OK) == Err(Errno::EACCES) {
            continue;
        }
        if let Some(why) = unusable_authorities(file) {
            report.fail(
                format!("[{section}] {key} cannot be used: {why}"),
                "Set it to a PEM file with the certificate of the authority, which the user of \
                 the server can read.",
            );
        }
    }
}

/// Whether this process has the permissions of the server, or more.
fn as_server(ground: &Installation) -> bool {
    geteuid().is_root()
        || std::fs::metadata(ground.data()).is_ok_and(|meta| meta.uid() == geteuid().as_raw())
}

/// Reports a secret in a file that other users can read.
fn readable_secret(ground: &Installation, report: &mut Report) {
    let Some(file) = &ground.file else { return };
    let can_read = std::fs::metadata(file).is_ok_and(|meta| meta.mode() & 0o004 != 0);
    let has_secret = || std::fs::read_to_string(file).is_ok_and(|text| show::has_secret(&text));
    if can_read && has_secret() {
        report.warn(
            format!("{} contains a secret, and other users can read it", file.display()),
            "Give it to the group of the server and close it to others (chmod 640), or put the \
             secret into the environment of the server.",
        );
    }
}

/// Reports limits that contradict each other.
fn limits(ground: &Installation, report: &mut Report) {
    let (config, limits) = (&ground.config, &ground.config.limits);
    let longest = config.rooms.max_message_chars.saturating_mul(BYTES).saturating_add(AROUND);
    for (key, value) in
        [("max_frame_bytes", limits.max_frame_bytes), ("max_body_bytes", limits.max_body_bytes)]
    {
        if value < longest {
            let found = format!(
                "a message of max_message_chars can have {longest} bytes, but {key} is {value}"
            );
            report
                .warn(found, format!("Raise [limits] {key}, or lower [rooms] max_message_chars."));
        }
    }
    if limits.socket_queue_bytes < longest {
        report.warn(
            "socket_queue_bytes is smaller than the longest message, which closes slow sockets",
            "Raise [limits] socket_queue_bytes.",
        );
    }
    if limits.max_connections_per_address > limits.max_connections {
        report.warn(
            "max_connections_per_address is greater than max_connections",
            "Set [limits] max_connections_per_address to less than max_connections.",
        );
    }
}

/// Reports directories that cannot be used.
fn directories(ground: &Installation, report: &mut Report) {
    let config = &ground.config;
    let places = [
        ("database", "path", config.database.path.as_path(), 1),
        ("media", "directory", config.media.directory.as_path(), 0),
        ("log", "directory", config.log.directory.as_path(), 0),
        ("backup", "directory", config.backup.directory.as_path(), 0),
    ];
    // The write permission of another user cannot be tested with one's own.
    let ours = as_server(ground);
    for (section, key, value, above) in places {
        let whole = ground.data().join(value);
        let Some(folder) = whole.ancestors().nth(above) else { continue };
        if let Some(why) = unusable(folder, ours) {
            report.fail(
                format!("[{section}] {key} is {:?}: {why}", value.display().to_string()),
                "Use a directory that the server can write.",
            );
        }
    }
}

/// Why the directory cannot be used or created.
fn unusable(folder: &Path, ours: bool) -> Option<String> {
    // Inaccessible directories are reported by the check `permissions`.
    let there = folder.ancestors().find(|place| place.exists())?;
    let shown = there.display();
    if !there.is_dir() {
        return Some(format!("{shown} is not a directory"));
    }
    // Such as /proc and /sys.
    if statvfs(there).is_ok_and(|found| found.blocks() == 0) {
        return Some(format!("{shown} is on a file system that cannot store files"));
    }
    let denied = ours && eaccess(there, AccessFlags::W_OK | AccessFlags::X_OK).is_err();
    denied.then(|| format!("{shown} cannot be written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_an_authority_is_checked() {
        let all = serde_json::to_value(Config::default()).unwrap();
        let sections = all.as_object().unwrap();
        let keys = sections.iter().flat_map(|(section, keys)| {
            keys.as_object().unwrap().keys().map(move |key| (section.as_str(), key.as_str()))
        });
        let mut named: Vec<_> = keys.filter(|(_, key)| key.ends_with("_ca")).collect();
        named.sort_unstable();
        let config = Config::default();
        let mut checked = authority_files(&config).map(|(section, key, _)| (section, key));
        checked.sort_unstable();
        assert_eq!(named, checked);
    }
}
