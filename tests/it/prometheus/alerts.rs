//! The alerts: each fires for a planted fault, and ends with it.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rcgen::{CertificateParams, KeyPair};
use rusqlite::Connection;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpStream;

use super::{Prometheus, packaged};
use crate::support::{Client, Disk, Person, Server};

/// Writes a certificate that ends in so many days and its key, and returns the paths.
pub(super) fn certificate(folder: &Path, days: i64) -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - Duration::days(1), now + Duration::days(days));
    let made = params.self_signed(&key).unwrap();
    [("cert.pem", made.pem()), ("key.pem", key.serialize_pem())].map(|(name, text)| {
        // Renamed into place, as the programs that renew certificates do.
        let (path, new) = (folder.join(name), folder.join("new"));
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, Permissions::from_mode(0o600)).unwrap();
        fs::rename(&new, &path).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

/// Where a server with `[metrics] listen` serves them.
pub(super) async fn metrics_of(server: &Server) -> String {
    let line = server.wait_for_log(&["Metrics on http://"]).await;
    line.split_once("http://").unwrap().1.trim_end_matches(['.', '/']).to_owned()
}

/// The packaged alerts with shorter times, and with limits that a test reaches.
fn sooner() -> String {
    let mut rules = packaged("chatctl.rules.yml");
    for (limit, reached) in [
        ("chatctl_disk_free_bytes < 2e9", "chatctl_disk_free_bytes{place=\"data\"} < 1e6"),
        ("chatctl_backup_age_seconds > 2 * 86400", "chatctl_backup_age_seconds > 20"),
        ("[5m])) > 100", "[5m])) > 5"),
    ] {
        assert_eq!(rules.matches(limit).count(), 1, "{limit}");
        rules = rules.replace(limit, reached);
    }
    for time in ["[2m]", "[5m]", "[10m]", "[1h]"] {
        rules = rules.replace(time, "[10s]");
    }
    for wait in ["for: 1m", "for: 2m", "for: 5m", "for: 10m"] {
        rules = rules.replace(wait, "for: 1s");
    }
    rules
}

/// The names of all alerts in the packaged file.
fn names() -> BTreeSet<String> {
    packaged("chatctl.rules.yml")
        .lines()
        .filter_map(|line| Some(line.split_once("- alert: ")?.1.to_owned()))
        .collect()
}

/// Limits the open files of a server, as accepted by `prlimit`.
fn limit(server: &Server, files: &str) {
    let pid = server.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, files]).status().unwrap();
    assert!(set.success());
}

/// Posts until it is dropped.
async fn keeps_posting(person: &Person, room: &str) {
    let path = format!("/api/chatrooms/{room}/messages");
    loop {
        drop(person.post(&path, json!({"content": "x".repeat(3000)})).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fires_for_its_fault_and_ends_with_it() {
    let mut left = names();
    let mut seen = |name: &str| assert!(left.remove(name), "{name}");
    let free = [("LIMITS__ENABLED", "false")];
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let disk = Disk::mount(data.path());
    let mut small = Server::start_in(data, &free).await;
    let (locked, plain) = (Server::start_with(&free).await, Server::start_with(&free).await);
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = certificate(folder.path(), 3);
    let data = tempfile::tempdir().unwrap();
    let in_the_way = data.path().join("backups");
    std::os::unix::fs::symlink("/nowhere/at/all", &in_the_way).unwrap();
    let keys = [("SERVER__TLS_CERT", cert.as_str()), ("SERVER__TLS_KEY", &key)];
    let rest = [("METRICS__LISTEN", "127.0.0.1:0"), ("BACKUP__EVERY_HOURS", "24")];
    let secure = Server::start_in(data, &[keys, rest].concat()).await;
    let metrics = metrics_of(&secure).await;
    let targets = [small.address(), locked.address(), plain.address(), &metrics];
    let prometheus = Prometheus::start(&sooner(), &targets);
    let ann = Person::new(&small, "ann").await;
    let room = ann.room(&[]).await;
    let ben = Person::new(&locked, "ben").await;
    let place = ben.room(&[]).await;
    ann.say(&room, "before").await;
    for alert in names() {
        let fault = matches!(
            alert.as_str(),
            "ChatctlBackupTooOld" | "ChatctlBackupFailed" | "ChatctlCertificateEndsSoon"
        );
        if !fault {
            prometheus.fires(&alert, false).await;
        }
    }

    let on_a_full_disk = async {
        disk.fill();
        let full = ["ChatctlStoreFailing", "ChatctlUnavailable", "ChatctlDiskNearlyFull"];
        let told = async {
            for alert in full {
                prometheus.fires(alert, true).await;
            }
        };
        tokio::select! { () = keeps_posting(&ann, &room) => {}, () = told => {} }
        disk.empty();
        for alert in full {
            prometheus.fires(alert, false).await;
        }
        full
    };
    let renewed = async {
        let ended = ["ChatctlCertificateEndsSoon", "ChatctlBackupTooOld", "ChatctlBackupFailed"];
        for alert in ended {
            prometheus.fires(alert, true).await;
        }
        certificate(folder.path(), 90);
        fs::remove_file(&in_the_way).unwrap();
        for alert in ended {
            prometheus.fires(alert, false).await;
        }
        ended
    };
    let blocked = async {
        let other = Connection::open(locked.data().join("chat.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let many = futures_util::future::join_all((0..100).map(|_| keeps_posting(&ben, &place)));
        tokio::select! {
            _ = many => {}
            () = prometheus.fires("ChatctlQueueGrowing", true) => {}
        }
        other.execute_batch("ROLLBACK").unwrap();
        prometheus.fires("ChatctlQueueGrowing", false).await;
        "ChatctlQueueGrowing"
    };
    let attacked = async {
        let guessing = async {
            let stranger = Client::new(&plain);
            loop {
                let login = json!({"userId": "nobody", "password": "not the one"});
                drop(stranger.post("/api/login", login).await);
            }
        };
        tokio::select! {
            () = guessing => {}
            () = prometheus.fires("ChatctlLoginFailures", true) => {}
        }
        limit(&plain, "--nofile=100:4096");
        let mut held = Vec::new();
        for _ in 0..120 {
            held.push(TcpStream::connect(plain.address()).await.unwrap());
        }
        plain.wait_for_log(&["[WARN]", "A connection could not be accepted"]).await;
        drop(held);
        limit(&plain, "--nofile=4096:4096");
        let both = ["ChatctlConnectionsNotAccepted", "ChatctlLoginFailures"];
        prometheus.fires(both[0], true).await;
        for alert in both {
            prometheus.fires(alert, false).await;
        }
        both
    };
    let (full, renewed, blocked, attacked) =
        tokio::join!(on_a_full_disk, renewed, blocked, attacked);
    full.into_iter().chain(renewed).chain(attacked).for_each(&mut seen);
    seen(blocked);

    let address = small.address().to_owned();
    small.kill9();
    prometheus.fires("ChatctlDown", true).await;
    small.set("SERVER__LISTEN", &address);
    small.restart().await;
    prometheus.fires("ChatctlDown", false).await;
    seen("ChatctlDown");
    assert!(left.is_empty(), "not tried: {left:?}");
}
