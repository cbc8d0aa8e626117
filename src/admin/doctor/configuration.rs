//! The configuration: that it loads has been seen by whoever has it; here, whether its values work
//! together.

use std::time::Duration;

use super::Ground;
use super::report::Report;
use crate::config::check;

/// Largest number of bytes of a code point.
const BYTES: usize = 4;
/// What a frame holds beside the text.
const AROUND: usize = 1024;

pub(super) fn look(ground: &Ground, report: &mut Report) {
    let config = &ground.config;
    let (server, auth, limits) = (&config.server, &config.auth, &config.limits);
    for check::Unworkable { section, key, why } in check::network(config) {
        report.fail(
            format!("[{section}] {key} {why}"),
            "Correct it in the configuration; the server does not start with it.",
        );
    }
    if let (Some(url), Some(_)) = (&server.public_url, &server.tls_cert)
        && url.starts_with("http://")
    {
        report.warn(
            "public_url begins with http://, and the server itself speaks TLS",
            "[server] public_url begins with https:// then.",
        );
    }
    if auth.session_life() < auth.token_life() {
        report.warn(
            "access tokens would live longer than sessions",
            "[auth] access_token_minutes should be less than session_days.",
        );
    }
    if Duration::from_secs(auth.token_recheck_seconds) > auth.token_life() {
        report.warn(
            "open sockets are checked less often than tokens end",
            "[auth] token_recheck_seconds should be less than access_token_minutes.",
        );
    }
    let longest = config.rooms.max_message_chars.saturating_mul(BYTES).saturating_add(AROUND);
    for (key, value) in
        [("max_frame_bytes", limits.max_frame_bytes), ("max_body_bytes", limits.max_body_bytes)]
    {
        if value < longest {
            let found = format!(
                "a message of max_message_chars can have {longest} bytes, and {key} is {value}"
            );
            report
                .warn(found, format!("Raise [limits] {key}, or lower [rooms] max_message_chars."));
        }
    }
    if limits.socket_queue_bytes < longest {
        report.warn(
            "the longest message closes sockets that are only a moment behind",
            "Raise [limits] socket_queue_bytes.",
        );
    }
    if limits.max_connections_per_address > limits.max_connections {
        report.warn(
            "one address may have more connections than there are",
            "[limits] max_connections_per_address should be less than max_connections.",
        );
    }
    if config.backup.keep.is_some() && config.backup.every_hours.is_none() {
        report.warn(
            "keep says how many backups stay, and nothing makes any",
            "Set [backup] every_hours as well.",
        );
    }
    if report.is_empty() {
        report.ok(ground.file.as_ref().map_or_else(
            || "the defaults and the environment hold".to_owned(),
            |file| format!("{} is sound", file.display()),
        ));
    }
}
