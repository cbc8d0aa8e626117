//! Servers whose data is in a real Cassandra instead of a file, if `CHATCTL_TEST_ENGINE` is
//! `cluster`: the same tests through the same binary.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::store::cassandra::cassandra;

/// Returns the variables of a server of the cluster, whose keyspace is created here; none if data is
/// in a file.
pub(crate) fn of_a_new_server(data: &Path) -> Vec<(String, String)> {
    static KEYSPACES: AtomicU32 = AtomicU32::new(0);
    if std::env::var_os("CHATCTL_TEST_ENGINE").is_none_or(|engine| engine != "cluster") {
        return Vec::new();
    }
    let keyspace = format!("server_{}", KEYSPACES.fetch_add(1, Ordering::Relaxed));
    let variables = [
        ("CHATCTL_DATABASE__ENGINE", "cluster"),
        ("CHATCTL_CLUSTER__CASSANDRA", &cassandra().address),
        ("CHATCTL_CLUSTER__KEYSPACE", &keyspace),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let init = || {
        Command::new(env!("CARGO_BIN_EXE_chatctl"))
            .args(["cluster", "init", "--data-dir"])
            .arg(data)
            .current_dir(data)
            .envs(variables.clone())
            .output()
            .unwrap()
    };
    let mut made = init();
    // The one node of a busy machine may pause for longer than a connection waits; what is there
    // already is not made again.
    for _ in 0..2 {
        if !made.status.success() && String::from_utf8_lossy(&made.stderr).contains("keepalive") {
            made = init();
        }
    }
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    variables.to_vec()
}
