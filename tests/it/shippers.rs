//! Programs that collect log files: `packaging/logs/` on the log of a real server.
//!
//! rsyslog is run. Of Vector, Alloy and Promtail, the regular expressions are; Vector uses the same
//! library.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use regex::Regex;
use serde_json::json;

use crate::support::{Client, Ctl, Json, Person, Server};

/// The parts of a record.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    level: String,
    user: String,
    room: String,
    message: String,
}

/// A killed child.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn packaged(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/logs").join(name))
        .unwrap()
}

/// A server whose log has names with brackets, a stack trace, and ends with a known record.
async fn used() -> Server {
    let server = Server::start_with(&[
        ("LOG__DIRECTORY", "logs"),
        ("LOG__LEVEL", "debug"),
        ("PLANTED_PANIC", "/api/users/me"),
    ])
    .await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.enter(&room).await.close().await;
    let client = Client::new(&server);
    for name in ["[an]n\\", "김민준", "bracket]", "ann"] {
        let login = json!({"userId": name, "password": "not the one"});
        client.post("/api/login", login).await.is(401);
    }
    client.get("/api/users/me").await.fails(500, "internal");
    client.post("/api/login", json!({"userId": "last", "password": "x"})).await.is(401);
    server.wait_for_log(&["[last]"]).await;
    while !server.log_files().contains("[last]") {
        tokio::task::yield_now().await;
    }
    server
}

/// The records of the log, divided where the documented format says so.
fn divided(log: &str) -> Vec<String> {
    let first = Regex::new(r"^\[\d{4}-").unwrap();
    let mut records: Vec<String> = Vec::new();
    for line in log.lines() {
        if first.is_match(line) {
            records.push(line.to_owned());
        } else {
            let record = records.last_mut().unwrap();
            record.push('\n');
            record.push_str(line);
        }
    }
    records
}

/// Fails unless these are the records that matter, and all are parsed.
fn holds(records: &[Record]) {
    let failed: Vec<&str> = records
        .iter()
        .filter(|record| record.message.starts_with("Authentication failed. "))
        .map(|record| record.user.as_str())
        .collect();
    assert_eq!(failed, ["\\[an\\]n\\\\", "김민준", "bracket\\]", "ann", "last"], "{records:#?}");
    let entered =
        records.iter().find(|record| record.message.starts_with("User entered the room.")).unwrap();
    assert_eq!((entered.user.as_str(), entered.level.as_str()), ("ann", "INFO"));
    assert!(!entered.room.is_empty(), "{entered:?}");
    let panicked =
        records.iter().find(|record| record.level == "ERROR" && record.message.contains('\n'));
    assert!(panicked.is_some_and(|record| record.message.lines().count() > 3), "{records:#?}");
    assert!(records.iter().all(|record| !record.level.is_empty()), "{records:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_sends_each_record_with_its_severity() {
    let server = used().await;
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut config = format!(
        "global(workDirectory={:?} maxMessageSize=\"64k\")\n",
        folder.path().to_str().unwrap()
    );
    config += &packaged("rsyslog.conf");
    for (packaged, here) in [
        ("/var/log/chatctl/", format!("{}/logs/", server.data().display())),
        ("logs.example.com", "127.0.0.1".to_owned()),
        ("port=\"514\"", format!("port=\"{port}\"")),
    ] {
        assert!(config.contains(packaged), "{packaged}");
        config = config.replace(packaged, &here);
    }
    let path = folder.path().join("rsyslog.conf");
    fs::write(&path, config).unwrap();
    let rsyslog = Command::new("rsyslogd")
        .args(["-n", "-i", "NONE", "-f"])
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let rsyslog = Killed(rsyslog);
    let expected = divided(&server.log_files()).len();
    let received = tokio::task::spawn_blocking(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
        BufReader::new(stream).lines().map(Result::unwrap).take(expected).collect::<Vec<String>>()
    });
    let received = received.await.unwrap();
    drop(rsyslog);
    let records: Vec<Record> = received
        .iter()
        .map(|line| {
            let (head, body) = line.split_once(" - - ").unwrap();
            let body: Json = serde_json::from_str(body).unwrap_or_else(|_| panic!("{line}"));
            let text = |key: &str| body[key].as_str().unwrap().to_owned();
            let level = text("level");
            let severity = match level.as_str() {
                "ERROR" => "<27>1 ",
                "WARN" => "<28>1 ",
                "INFO" => "<30>1 ",
                _ => "<31>1 ",
            };
            let process = format!(" chatctl {}", server.pid());
            assert!(head.starts_with(severity) && head.ends_with(&process), "{line}");
            Record { level, user: text("user"), room: text("room"), message: text("message") }
        })
        .collect();
    holds(&records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_regular_expressions_parse_each_record() {
    let server = used().await;
    let log = divided(&server.log_files());
    for (file, before, after) in [
        ("vector.yaml", "parse_regex(.message, r'", "')\n"),
        ("promtail.yaml", "expression: '", "'\n"),
        ("config.alloy", "expression = `", "`\n"),
    ] {
        let text = packaged(file);
        let (_, rest) = text.split_once(before).unwrap();
        let (expression, _) = rest.split_once(after).unwrap();
        let parts = Regex::new(expression).unwrap();
        let records: Vec<Record> = log
            .iter()
            .map(|record| {
                let found = parts.captures(record).unwrap_or_else(|| panic!("{file}: {record}"));
                let text = |name| found.name(name).map_or("", |text| text.as_str()).to_owned();
                assert!(text("time").ends_with('Z'), "{record}");
                assert_eq!(text("pid"), server.pid().to_string(), "{record}");
                Record {
                    level: text("level"),
                    user: text("user"),
                    room: text("room"),
                    message: text("message"),
                }
            })
            .collect();
        holds(&records);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_not_root_can_be_permitted_to_read_the_log() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let logs = folder.path().join("logs");
    let directory = logs.to_str().unwrap();
    let server =
        Server::start_with(&[("LOG__DIRECTORY", directory), ("LOG__ROTATION", "never")]).await;
    server.wait_for_log(&["[INFO]", "started on"]).await;
    let current = logs.join("chatctl.log");
    let can_read = |file: &Path| {
        let ids = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"];
        let read = Command::new("setpriv").args(ids).arg("cat").arg(file).output().unwrap();
        read.status.success()
    };
    assert!(!can_read(&current));
    let documented = include_str!("../../docs/monitoring.md");
    let commands: Vec<&str> =
        documented.lines().filter(|line| line.starts_with("setfacl ")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let command = command.replace("vector", "nobody").replace("/var/log/chatctl", directory);
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success(), "{command}");
    }
    assert!(can_read(&current));
    let moved = logs.join("chatctl.log.1");
    fs::rename(&current, &moved).unwrap();
    Ctl::of(&server).run(&["log", "rotate"]).ends(0);
    assert!(can_read(&current) && can_read(&moved), "also files that were created later");
}
