//! The state of the server, running or stopped.

use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cluster::is_cluster;
use super::outcome::Failure;
use super::{Call, acme, certificates, items};
use crate::chat::Jump;
use crate::model::Timestamp;

/// Show the state of the server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {}

impl Status {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let parts = &admin.0.parts;
        let running = admin.running();
        let numbers = running.map(|running| running.hub.numbers());
        let pushed = running.map(|_| admin.chat().push_numbers());
        let (store, bus) = admin.chat().health().await;
        let word = |good| if good { "ok" } else { "failing" };
        let config = parts.config.get();
        let embedded = !is_cluster(&config);
        let wal_bytes = embedded.then(|| size(&wal(&parts.database)));
        let others = running.is_some() && !embedded && !config.cluster.redis.is_empty();
        let certificates = move || {
            let server = &config.server;
            let end = certificates::end(server);
            let end = end.map(|end| Timestamp(end.saturating_mul(1000)).seconds());
            (end, acme::problem(server))
        };
        let found = tokio::task::spawn_blocking(certificates).await;
        let (certificate_end, certificate_problem) = found.unwrap_or_default();
        let memo = admin.chat().retention_memo().await.unwrap_or_default();
        let run = memo.run.and_then(|run| Some((run.ended?, run)));
        let status = items::Condition {
            running: running.is_some(),
            version: env!("CARGO_PKG_VERSION"),
            server_id: admin.chat().server_id().to_owned(),
            host: host(),
            epoch: admin.chat().epoch().to_owned(),
            uptime: running.map(|running| running.since.elapsed().as_secs()),
            pid: running.map(|_| std::process::id()),
            addresses: running.map(|running| running.addresses.clone()).unwrap_or_default(),
            users_connected: numbers.map(|(users, _, _)| users),
            sockets: numbers.map(|(_, sockets, _)| sockets),
            live_rooms: numbers.map(|(_, _, live)| live),
            memory: running.and_then(|_| memory()),
            store: word(store),
            bus: others.then(|| word(bus)),
            data_dir: absolute(&parts.config.get().server.data_dir),
            config_file: running.and_then(|running| running.reloader.file().map(absolute)),
            database_bytes: wal_bytes.map(|wal| size(&parts.database) + wal),
            wal_bytes,
            log_level: running.map(|running| running.log.level()),
            certificate_end,
            certificate_problem,
            push: if parts.config.get().push_contact().is_some() { "on" } else { "off" },
            push_sent: pushed.map(|pushed| pushed.sent),
            push_failed: pushed.map(|pushed| pushed.failed),
            retention_run: run.map(|(ended, _)| ended.seconds()),
            retention_deleted: run.map(|(_, run)| run.messages),
            retention_resumed: run.map(|(_, run)| run.resumed),
            retention_problem: memo.held.map(|jump| format!("{jump}. {}", Jump::REMEDY)),
        };
        output.item(status).await
    }
}

/// The canonical path, or the path itself if it cannot be resolved.
pub(super) fn absolute(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Returns the name of this machine.
pub fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.unwrap_or_default()
}

/// The write-ahead log of a database.
fn wal(database: &Path) -> std::path::PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Size of a file; 0 if it does not exist.
fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// Resident memory of this process in bytes.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
