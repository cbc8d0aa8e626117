//! Facts about the machine, as far as Linux provides them.

use std::fs;

use nix::sys::statvfs::statvfs;
use serde_json::{Map, Value, json};

use crate::config::Config;

/// Included lines of `/proc/meminfo`.
const MEMORY: [&str; 4] = ["MemTotal", "MemAvailable", "SwapTotal", "SwapFree"];
/// Included lines of `/proc/self/limits`.
const LIMITS: [&str; 3] = ["Max open files", "Max processes", "Max address space"];

pub(super) fn facts(config: &Config) -> Value {
    let line = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "architecture": std::env::consts::ARCH,
        "system": line("/proc/sys/kernel/ostype"),
        "kernel": line("/proc/sys/kernel/osrelease"),
        "distribution": line("/etc/os-release").and_then(|text| text.lines().find_map(|line| Some(line.strip_prefix("PRETTY_NAME=")?.trim_matches('"').to_owned()))),
        "processors": std::thread::available_parallelism().ok().map(std::num::NonZeroUsize::get),
        "load": line("/proc/loadavg"),
        "memory": lines("/proc/meminfo", &MEMORY, ':'),
        "limits": lines("/proc/self/limits", &LIMITS, ' '),
        "disk": disk(config),
    })
}

/// The lines of a file that begin with these keys.
fn lines(path: &str, wanted: &[&str], between: char) -> Value {
    let text = fs::read_to_string(path).unwrap_or_default();
    let found = wanted.iter().filter_map(|key| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(between))?;
        Some(((*key).to_owned(), json!(line.split_whitespace().collect::<Vec<_>>().join(" "))))
    });
    Value::Object(found.collect::<Map<_, _>>())
}

fn disk(config: &Config) -> Value {
    statvfs(&config.server.data_dir).map_or(Value::Null, |found| {
        let bytes = |blocks: u64| blocks * found.fragment_size();
        json!({"bytes": bytes(found.blocks()), "free_bytes": bytes(found.blocks_available()), "files": found.files(), "free_files": found.files_available()})
    })
}
