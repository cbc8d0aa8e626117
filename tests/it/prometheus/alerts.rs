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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Prometheus, packaged};
use crate::support::{Client, Ctl, Disk, Person, Server};

/// Alerts for faults that a server has from its start.
const FROM_THE_START: [&str; 4] = [
    "ChatctlCertificateEndsSoon",
    "ChatctlCertificateNotIssued",
    "ChatctlBackupTooOld",
    "ChatctlBackupFailed",
];
/// Alerts of a server to which nobody listens.
const OF_THE_LONELY: [&str; 3] = ["ChatctlAlertsNotSent", "ChatctlLogNotSent", "ChatctlLogDelayed"];
/// Alerts of several servers, which `several/numbers.rs` tries.
const OF_SEVERAL: &str = "ChatctlBusDisconnected";
/// Names for which no CA answers.
const NO_CA: &str = "[server]\nacme_domains = [\"chat.example\"]\nacme_accept_terms = true\n\
                     acme_directory = \"https://127.0.0.1:1/dir\"\n";

/// Writes a certificate of this age that ends after this time and its key, and returns the paths.
pub(super) fn certificate(folder: &Path, age: Duration, left: Duration) -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - age, now + left);
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
    for wait in ["for: 1m", "for: 2m", "for: 5m", "for: 10m", "for: 1h"] {
        rules = rules.replace(wait, "for: 1s");
    }
    rules
}

/// The names of all alerts in the packaged file.
fn names() -> BTreeSet<String> {
    packaged("chatctl.rules.yml")
        .lines()
        .filter_map(|line| Some(line.split_once("- alert: ")?.1.to_owned()))
        .filter(|name| name != OF_SEVERAL)
        .collect()
}

/// Limits the open files of a server, as accepted by `prlimit`.
fn limit(server: &Server, files: &str) {
    let pid = server.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, files]).status().unwrap();
    assert!(set.success());
}

/// Accepts every request.
async fn accept_everything(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // Not before the request has begun: clients refuse such an answer.
            let mut rest = vec![0; 1 << 16];
            drop(stream.read(&mut rest).await);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            drop(stream.write_all(answer).await);
            while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
        });
    }
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
    let [cert, key] = certificate(folder.path(), Duration::days(87), Duration::days(3));
    let data = tempfile::tempdir().unwrap();
    let in_the_way = data.path().join("backups");
    std::os::unix::fs::symlink("/nowhere/at/all", &in_the_way).unwrap();
    let keys = [("SERVER__TLS_CERT", cert.as_str()), ("SERVER__TLS_KEY", &key)];
    let file = folder.path().join("config.toml");
    fs::write(&file, NO_CA).unwrap();
    let rest = [
        ("METRICS__LISTEN", "127.0.0.1:0"),
        ("BACKUP__EVERY_HOURS", "24"),
        ("CONFIG", file.to_str().unwrap()),
    ];
    let secure = Server::start_in(data, &[&keys[..], &rest].concat()).await;
    let metrics = metrics_of(&secure).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nowhere = format!("http://{nobody}/");
    let lonely = Server::start_with(&[
        ("LOG__ALERTS__SLACK_WEBHOOK", nowhere.as_str()),
        ("LOG__ALERTS__LOGIN_FAILURES_PER_MINUTE", "1"),
        ("LOG__SHIP__OTLP_ENDPOINT", &nowhere),
        ("LOG__SHIP__QUEUE", "1"),
        ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1"),
    ])
    .await;
    let targets = [small.address(), locked.address(), plain.address(), &metrics, lonely.address()];
    let prometheus = Prometheus::start(&sooner(), &targets);
    let ann = Person::new(&small, "ann").await;
    let room = ann.room(&[]).await;
    let ben = Person::new(&locked, "ben").await;
    let place = ben.room(&[]).await;
    ann.say(&room, "before").await;
    for alert in names() {
        if !FROM_THE_START.contains(&alert.as_str()) && !OF_THE_LONELY.contains(&alert.as_str()) {
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
        let ended = FROM_THE_START;
        for alert in ended {
            prometheus.fires(alert, true).await;
        }
        // One of 24 hours is not about to end.
        certificate(folder.path(), Duration::hours(1), Duration::hours(23));
        fs::remove_file(&in_the_way).unwrap();
        fs::write(&file, "").unwrap();
        Ctl::of(&secure).set("CONFIG", file.to_str().unwrap()).run(&["reload"]).ends(0);
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
    let unheard = async {
        let stranger = Client::new(&lonely);
        let talking = async {
            loop {
                let login = json!({"userId": "nobody", "password": "not the one"});
                drop(stranger.post("/api/login", login).await);
            }
        };
        let told = async {
            for alert in OF_THE_LONELY {
                prometheus.fires(alert, true).await;
            }
        };
        tokio::select! { () = talking => {}, () = told => {} }
        let listener = TcpListener::bind(nobody).await.unwrap();
        let heard = tokio::spawn(accept_everything(listener));
        // Otherwise the next attempt may be minutes away.
        let ctl = Ctl::of(&lonely);
        let tested = tokio::task::spawn_blocking(move || {
            ctl.run(&["log", "alert-test"]).ends(0);
        });
        tested.await.unwrap();
        for alert in OF_THE_LONELY {
            prometheus.fires(alert, false).await;
        }
        heard.abort();
        OF_THE_LONELY
    };
    let (full, renewed, blocked, attacked, unheard) =
        tokio::join!(on_a_full_disk, renewed, blocked, attacked, unheard);
    full.into_iter().chain(renewed).chain(attacked).chain(unheard).for_each(&mut seen);
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
