//! The command line with the real binary: exit codes, help texts, and the environment of `serve`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Client, Server};

/// Runs the binary in a directory, with only these variables of ours.
pub(crate) fn chatctl(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHATCTL_"))
    {
        command.env_remove(name);
    }
    command.current_dir(directory).envs(variables.iter().copied()).args(arguments).output().unwrap()
}

pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_arguments_are_usage_errors_that_name_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let table: [(&[&str], &str); 10] = [
        (&["serv"], "'serve'"),
        (&["config", "chek"], "'check'"),
        (&["serve", "--lisen", "x"], "'--listen'"),
        (&["serve", "--listen", "nonsense"], "neither HOST:PORT nor unix:PATH"),
        (&["usr", "list"], "'user'"),
        (&["user", "lst"], "'list'"),
        (&["room", "purge", "x", "--older-than", "soon"], "365d"),
        (&["log", "tail", "--for", "soon"], "10m"),
        (&["user", "list", "-o", "xml"], "table, json, jsonl"),
        (&["serve", "--log-level", "loud"], "error, warn, info, debug or trace"),
    ];
    for (arguments, word) in table {
        let output = chatctl(dir.path(), &[], arguments);
        assert_eq!(code(&output), Some(2), "{arguments:?}");
        assert!(errors(&output).contains(word), "{arguments:?}: {}", errors(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is made");
}

#[test]
fn every_group_has_help_with_two_examples() {
    let dir = tempfile::tempdir().unwrap();
    let nouns = [
        "serve",
        "user",
        "room",
        "db",
        "backup",
        "config",
        "log",
        "status",
        "version",
        "completions",
        "manpages",
    ];
    for arguments in nouns.iter().map(|noun| vec![*noun, "--help"]).chain([vec!["--help"]]) {
        let output = chatctl(dir.path(), &[], &arguments);
        assert_eq!(code(&output), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, examples) = text.split_once("Examples:").unwrap();
        assert_eq!(
            examples.lines().filter(|line| line.starts_with("  chatctl ")).count(),
            2,
            "{arguments:?}"
        );
    }
}

#[test]
fn config_writes_checks_and_shows() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        chatctl(dir.path(), &[("CHATCTL_ROOMS__RECENT_MESSAGES", "7")], arguments)
    };
    assert_eq!(code(&run(&["config", "show"])), Some(3));
    assert_eq!(code(&run(&["config", "init"])), Some(0));
    assert_eq!(code(&run(&["config", "init"])), Some(4));
    assert_eq!(code(&run(&["config", "check"])), Some(0));
    let effective = String::from_utf8(run(&["config", "show", "--effective"]).stdout).unwrap();
    assert!(effective.contains("recent_messages = 7"), "{effective}");
    let example = std::fs::read_to_string(dir.path().join("config.toml")).unwrap();
    assert_eq!(String::from_utf8(run(&["config", "show"]).stdout).unwrap(), example);
    std::fs::write(dir.path().join("config.toml"), "[rooms]\nrecent_mesages = 7\n").unwrap();
    let output = run(&["config", "check"]);
    assert_eq!(code(&output), Some(6));
    assert!(errors(&output).contains("did you mean recent_messages?"), "{}", errors(&output));
    assert_eq!(code(&run(&["config", "check", "--config", "nowhere.toml"])), Some(3));
}

#[tokio::test]
async fn a_second_server_keeps_away_from_the_data_and_from_the_port() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let output =
        chatctl(dir.path(), &[], &["serve", "--data-dir", server.data().to_str().unwrap()]);
    assert_eq!(code(&output), Some(4));
    assert!(errors(&output).contains(&format!("process {}", server.pid())), "{}", errors(&output));
    let output = chatctl(dir.path(), &[], &["serve", "--listen", server.address()]);
    assert_eq!(code(&output), Some(1));
    assert!(errors(&output).contains("cannot listen on"), "{}", errors(&output));
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let server = Server::start().await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in ["chat.db", "chat.db-wal", "lock"] {
        assert_eq!(mode(&server.data().join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&server.data().join("logs")), 0o750);
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("new");
    // The port cannot be used: the directory is created, then the command fails.
    chatctl(
        dir.path(),
        &[],
        &["serve", "--listen", server.address(), "--data-dir", fresh.to_str().unwrap()],
    );
    assert_eq!(mode(&fresh), 0o700);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let file = dir.path().join("data/chat.db");
    std::fs::write(&file, "this is no database, but somebody may need it".repeat(100)).unwrap();
    let before = std::fs::read(&file).unwrap();
    let output = chatctl(dir.path(), &[], &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code(&output), Some(1), "{}", errors(&output));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_unix_socket_answers_and_goes_with_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--listen",
            &format!("unix:{}", path.display()),
            "--data-dir",
        ])
        .arg(dir.path().join("data"))
        .env("CHATCTL_LOG__STDOUT", "false")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert!(lines.any(|line| line.unwrap().starts_with("Data in ")));
    let mut socket = tokio::net::UnixStream::connect(&path).await.unwrap();
    socket
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let killed = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
}

#[tokio::test]
async fn closed_registration_is_closed_in_every_dialect() {
    let server = Server::start_with(&[("AUTH__REGISTRATION", "closed")]).await;
    let client = Client::new(&server);
    client
        .post("/api/users", json!({"userId": "ann", "password": "correct horse"}))
        .await
        .fails(403, "forbidden");
    client
        .post("/v1/register", json!({"login": "ann", "password": "correct horse"}))
        .await
        .fails_v1(422, "registration_closed");
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, wanted) in [
        (&["user", "list", "-o", "json"][..], 3),
        (&["user", "lst", "--output=jsonl"], 2),
        (&["config", "show", "-ojson"], 3),
    ] {
        let output = chatctl(dir.path(), &[], arguments);
        assert_eq!(code(&output), Some(wanted), "{arguments:?}");
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(error["error"].is_string() && error["message"].is_string(), "{error}");
    }
}

#[test]
fn configuration_is_said_in_json_too() {
    let dir = tempfile::tempdir().unwrap();
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&chatctl(dir.path(), &[], arguments).stdout).unwrap()
    };
    assert_eq!(json(&["config", "init", "-o", "json"])["file"], "config.toml");
    assert_eq!(
        json(&["config", "show", "--effective", "-o", "json"])["server"]["heartbeat_seconds"],
        30
    );
    assert_eq!(json(&["config", "show", "-o", "jsonl"])["limits"]["enabled"], true);
    assert_eq!(json(&["config", "check", "-o", "json"])["sound"], true);
}

#[test]
fn shells_and_manual_pages_know_the_whole_tree() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = chatctl(dir.path(), &[], &["completions", shell]);
        assert_eq!(code(&output), Some(0));
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("purge") && script.contains("older-than"), "{shell}");
    }
    // Too long for an argument.
    let script = dir.path().join("completions");
    std::fs::write(&script, chatctl(dir.path(), &[], &["completions", "bash"]).stdout).unwrap();
    let checked = Command::new("bash").arg("-n").arg(&script).status().unwrap();
    assert!(checked.success(), "bash does not understand it");
    assert_eq!(code(&chatctl(dir.path(), &[], &["completions", "tcl"])), Some(2));
    assert_eq!(code(&chatctl(dir.path(), &[], &["manpages", "man"])), Some(0));
    for page in
        ["chatctl.1", "chatctl-user-create.1", "chatctl-room-purge.1", "chatctl-log-level.1"]
    {
        let text = std::fs::read_to_string(dir.path().join("man").join(page)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH OPTIONS"), "{page}");
    }
    assert_eq!(code(&chatctl(dir.path(), &[], &["manpages", "/proc/none"])), Some(3));
}
