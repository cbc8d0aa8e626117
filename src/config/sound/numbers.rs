//! Numbers that must not be zero, and times that are too long.

use crate::config::Config;
use crate::model::MAX_PASSWORD;

/// Maximum duration of a value in seconds: a century. Much longer durations cannot be added to the
/// current time.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;
/// Maximum number of read connections and of threads, each of which has memory of its own.
const MOST: u64 = 1000;

/// Returns the numbers that are zero and must not be, and the times that are too long.
pub(super) fn out_of_range(config: &Config) -> Vec<String> {
    let Config { server, auth, rooms, limits, backup, audit, link_previews, retention, .. } =
        config;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    for (section, key, _) in positive(config).iter().filter(|(.., value)| *value == 0) {
        bad(section, key, "must be at least 1");
    }
    let most: [(&str, &str, u64, u64); 3] = [
        ("database", "readers", config.database.readers.unwrap_or(1).into(), MOST),
        ("auth", "hash_threads", auth.hash_threads as u64, MOST),
        // No password could have as many characters.
        ("auth", "password_min_length", auth.password_min_length as u64, MAX_PASSWORD as u64),
    ];
    for (section, key, value, most) in most.into_iter().filter(|(.., value, most)| value > most) {
        bad(section, key, &format!("must be at most {most}: {value}"));
    }
    let times: [(&str, &str, u64, u64); 14] = [
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
        ("log.alerts", "recovered_after_seconds", config.log_alerts.recovered_after_seconds, 1),
    ];
    for (section, key, value, unit) in times {
        if value > LONGEST / unit {
            bad(section, key, &format!("must be at most {} (a century): {value}", LONGEST / unit));
        }
    }
    found
}

/// The numbers that must not be zero.
fn positive(config: &Config) -> Vec<(&'static str, &'static str, u64)> {
    let Config { server, auth, rooms, media, limits, backup, link_previews, .. } = config;
    vec![
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
        ("database", "readers", config.database.readers.unwrap_or(1).into()),
        ("auth", "hash_threads", auth.hash_threads as u64),
        // Zero would not turn a limit off, but lock everybody out; [limits] enabled turns them off.
        ("limits", "max_connections_per_address", limits.max_connections_per_address as u64),
        ("limits", "max_sockets_per_user", limits.max_sockets_per_user as u64),
        ("limits", "requests_per_minute_per_user", limits.requests_per_minute_per_user.into()),
        ("limits", "commands_per_minute_per_user", limits.commands_per_minute_per_user.into()),
        ("limits", "frames_per_minute_per_socket", limits.frames_per_minute_per_socket.into()),
        (
            "limits",
            "registrations_per_hour_per_address",
            limits.registrations_per_hour_per_address.into(),
        ),
        (
            "limits",
            "login_failures_per_minute_per_account",
            limits.login_failures_per_minute_per_account.into(),
        ),
        (
            "limits",
            "login_failures_per_minute_per_address",
            limits.login_failures_per_minute_per_address.into(),
        ),
    ]
}
