//! `[limits]`: sizes, counts and rates.

use serde::{Deserialize, Serialize};

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Enable rate limits. Limits of sizes and counts are always enforced.
    pub enabled: bool,
    /// Maximum size of a request body, in bytes.
    pub max_body_bytes: usize,
    /// Maximum size of a WebSocket frame, in bytes.
    pub max_frame_bytes: usize,
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// Maximum number of connections from one address (IPv6: /64 network). Behind a trusted proxy:
    /// WebSockets and pending requests of one client.
    pub max_connections_per_address: usize,
    /// Maximum number of WebSockets of one user.
    pub max_sockets_per_user: usize,
    /// Number of frames queued for one WebSocket from which it is full, and closed if `backlog_bytes`
    /// are used up.
    pub socket_queue: usize,
    /// Size of the frames queued for one WebSocket from which it is full, in bytes.
    pub socket_queue_bytes: usize,
    /// Maximum size of what is queued for full WebSockets in all, in bytes; a message to many is
    /// counted once. 0: full WebSockets are closed at once.
    pub backlog_bytes: usize,
    /// REST requests per minute of one user.
    pub requests_per_minute_per_user: u32,
    /// Slash commands per minute of one user.
    pub commands_per_minute_per_user: u32,
    /// Frames per minute from one WebSocket. Above this rate the socket is read more slowly.
    pub frames_per_minute_per_socket: u32,
    /// Requests without a session per minute from one address (IPv6: /64 network).
    pub requests_per_minute_per_address: u32,
    /// Seconds after which a stalled request body or response is cut. Less than 1 KiB per second
    /// counts as stalled.
    pub stall_seconds: u64,
    /// Seconds after which an idle HTTP connection is closed. It must be longer than the same time
    /// of reverse proxies and load balancers.
    pub keep_alive_seconds: u64,
    /// New accounts per hour from one address.
    pub registrations_per_hour_per_address: u32,
    /// Failed log-ins per minute to one account.
    pub login_failures_per_minute_per_account: u32,
    /// Failed log-ins per minute from one address.
    pub login_failures_per_minute_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            max_body_bytes: 1_048_576,
            max_frame_bytes: 65_536,
            max_connections: 20_000,
            max_connections_per_address: 1_000,
            max_sockets_per_user: 20,
            socket_queue: 1_024,
            socket_queue_bytes: 1_048_576,
            backlog_bytes: 67_108_864,
            requests_per_minute_per_user: 1_200,
            commands_per_minute_per_user: 30,
            frames_per_minute_per_socket: 1_200,
            requests_per_minute_per_address: 6_000,
            stall_seconds: 30,
            keep_alive_seconds: 90,
            registrations_per_hour_per_address: 60,
            login_failures_per_minute_per_account: 10,
            login_failures_per_minute_per_address: 60,
        }
    }
}
