//! `chatctl status`: the state of the server; exit code 5 if none is running.

use super::print::Layout;
use super::{Global, execute};
use crate::admin::status::Status;
use crate::admin::{Command, Failure, Kind};

/// Order of the keys, the most important first.
const ORDER: Layout = Layout::Sheet(&[
    "running",
    "store",
    "bus",
    "version",
    "pid",
    "uptime",
    "addresses",
    "users_connected",
    "sockets",
    "live_rooms",
    "memory",
    "log_level",
    "certificate_end",
    "certificate_problem",
    "push",
    "push_sent",
    "push_failed",
    "retention_run",
    "retention_deleted",
    "retention_resumed",
    "retention_problem",
    "data_dir",
    "config_file",
    "database_bytes",
    "wal_bytes",
    "server_id",
    "host",
    "epoch",
]);

pub(super) fn run(global: &Global) -> Result<(), Failure> {
    let mut running = false;
    execute::run_with(global, &Command::Status(Status {}), ORDER, &mut |status| {
        running = status["running"] == true;
    })?;
    if running { Ok(()) } else { Err(Failure::new(Kind::Unreachable, "no server is running")) }
}
