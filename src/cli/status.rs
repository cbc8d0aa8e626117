//! `chatctl status`: how the server is; exit code 5 where none runs.

use super::print::Layout;
use super::{Global, execute};
use crate::admin::{Command, Failure, Kind};

/// What people look for first stands first.
const ORDER: Layout = Layout::Sheet(&[
    "running",
    "store",
    "version",
    "pid",
    "uptime",
    "addresses",
    "users_connected",
    "sockets",
    "live_rooms",
    "memory",
    "log_level",
    "data_dir",
    "database_bytes",
    "wal_bytes",
    "server_id",
    "epoch",
]);

pub(super) fn run(global: &Global) -> Result<(), Failure> {
    let mut running = false;
    execute::run_with(global, &Command::Status {}, ORDER, &mut |status| {
        running = status["running"] == true;
    })?;
    if running { Ok(()) } else { Err(Failure::new(Kind::Unreachable, "no server runs")) }
}
