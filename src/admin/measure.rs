//! Gauges of accounts, rooms, files, free space, the search index and the certificate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use metrics::gauge;
use nix::sys::statvfs::statvfs;

use super::certificates;
use crate::config::current::Current;
use crate::config::{Config, Server};
use crate::model::Timestamp;
use crate::store::engine::upkeep::Census;
use crate::store::engine::{Cluster, Embedded, Engine};

/// Interval between measurements of files and free space.
const EVERY: Duration = Duration::from_secs(15);
/// The uploaded files are measured every this many rounds.
const SELDOM: u32 = 20;
/// Accounts and rooms are counted every this many rounds.
const OFTEN: u32 = 4;

/// Measures until it is dropped.
pub async fn keep(current: Current, engine: Engine) {
    let mut times = tokio::time::interval(EVERY);
    times.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0_u32.. {
        times.tick().await;
        match &engine {
            Engine::Embedded(store) => database(store, round).await,
            Engine::Cluster(store) => cluster(store, round).await,
        }
        let config = current.get();
        // A failed measurement keeps the last value.
        drop(tokio::task::spawn_blocking(move || places(&config)).await);
    }
}

async fn database(store: &Embedded, round: u32) {
    // Also set by each commit; a writer that waits for a lock or a disk makes none.
    set("chatctl_store_queue", store.queued() as u64);
    if let Ok(files) = store.sizes().await {
        set("chatctl_database_bytes", files.database);
        set("chatctl_database_wal_bytes", files.log);
        set("chatctl_search_index_bytes", files.search);
        set("chatctl_search_lag_messages", files.search_lag);
    }
    if round.is_multiple_of(SELDOM)
        && let Ok(bytes) = store.media_bytes().await
    {
        set("chatctl_media_bytes", bytes);
    }
    if round.is_multiple_of(OFTEN)
        && let Ok(census) = store.census().await
    {
        counted(&census);
    }
}

/// What the nodes store is measured by their own tools.
async fn cluster(store: &Cluster, round: u32) {
    if let Some(bytes) = store.search_bytes() {
        set("chatctl_search_index_bytes", bytes);
    }
    if let Some(lag) = store.search_lag() {
        set("chatctl_search_lag_messages", lag);
    }
    if round.is_multiple_of(OFTEN)
        && let Ok(Some(census)) = store.census().await
    {
        counted(&census);
    }
}

fn counted(census: &Census) {
    set("chatctl_users", census.users);
    for (visibility, rooms) in [("public", census.public_rooms), ("private", census.private_rooms)]
    {
        gauge!("chatctl_rooms", "visibility" => visibility).set(float(rooms));
    }
}

fn places(config: &Config) {
    let data = &config.server.data_dir;
    // Where uploads arrive, if they are then kept in a bucket.
    let places: [(&str, PathBuf); 3] = [
        ("data", data.clone()),
        ("media", data.join(&config.media.directory)),
        ("backups", data.join(&config.backup.directory)),
    ];
    for (place, path) in places {
        if let Some(free) = free(&path) {
            gauge!("chatctl_disk_free_bytes", "place" => place).set(float(free));
        }
    }
    certificate_end(&config.server);
}

/// Measures when the first TLS certificate expires. Blocks.
pub fn certificate_end(server: &Server) {
    if let Some(end) = certificates::end(server) {
        set("chatctl_certificate_end_timestamp_seconds", end.unsigned_abs());
    }
    if let Some(left) = certificates::least_left(server, Timestamp::now().unix_seconds()) {
        gauge!("chatctl_certificate_left_ratio").set(left);
    }
}

/// Free bytes on the file system of a path, which need not exist yet.
fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists())?;
    let found = statvfs(there).ok()?;
    Some(found.blocks_available() * found.fragment_size())
}

fn set(name: &'static str, value: u64) {
    gauge!(name).set(float(value));
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files need not be exact to the byte")]
fn float(value: u64) -> f64 {
    value as f64
}
